/** What every driver promises whose services end when they are told to; each test brings a driver of such a service. */
import assert from 'node:assert/strict';
import type { Driver, Observation } from '../../src/drivers/driver.ts';
import { exited } from './playground.ts';

/** A second start gives the running run, a start during a stop comes after it, and a second stop does nothing. */
export async function keepsOneRun(driver: Driver): Promise<void> {
  const first = await driver.start();
  assert.deepEqual(await driver.start(), first);
  const [stopped, again] = await Promise.all([driver.stop(), driver.start()]);
  assert.ok(stopped.ok && again.ok && first.ok);
  assert.notEqual(again.run.id, first.run.id);
  assert.equal((await driver.stop()).ok, true);
  assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
}

/** The start of a service that ends at once, with 0, is answered first; then its end is told. */
export async function answersFirst(driver: Driver, told: readonly Observation[]): Promise<void> {
  const order: string[] = [];
  driver.onChange((seen) => order.push(seen.state));
  const started = await driver.start().then((result) => {
    order.push('answer');
    return result;
  });
  assert.ok(started.ok);
  const end = await exited(told);
  assert.deepEqual(order, ['answer', 'exited']);
  assert.deepEqual([end.run.id, end.exit.code], [started.run.id, 0]);
}

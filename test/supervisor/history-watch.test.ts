import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { openStore } from '../../src/store/database.ts';
import { createSamples } from '../../src/store/samples.ts';
import { createHistoryWatch } from '../../src/supervisor/history-watch.ts';
import { makeAlerting } from '../world/alerting.ts';

it('a full disk is said once: measurements are dropped, alerts are not, and that it is over is said, too', (test) => {
  const world = { now: Date.UTC(2026, 10, 23), free: 1024 ** 3 };
  const clock = () => world.now;
  const store = openStore(':memory:');
  test.after(() => store.close());
  const freeBytes = () => world.free;
  const samples = createSamples({ store, clock, freeBytes, retentionDays: 30, log: pino({ level: 'silent' }) });
  const { ledger, told } = makeAlerting({ clock });
  const watch = createHistoryWatch(samples, ledger);
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      world.now += 1000;
      samples.add('shop', 'process', [{ name: 'cpu', value: 5, unit: '%' }], world.now);
      samples.tick();
      watch.tick();
    }
    return ledger.open().map(({ key, level, reason }) => `${key} ${level} ${reason.code}`);
  };
  assert.deepEqual(pass(60), []);
  world.free = 50 * 1024 ** 2;
  assert.deepEqual(pass(3600), ['(manager)/history-paused warning history-disk-full']);
  world.free = 1024 ** 3;
  assert.deepEqual(pass(60), []);
  assert.deepEqual(
    told.map(({ change }) => change),
    ['opened', 'resolved'],
  );
  const { points = [] } =
    samples.history.query({
      service: 'shop',
      metric: 'cpu',
      from: world.now - 7200_000,
      to: world.now,
      step: 60_000,
    }) ?? {};
  assert.ok(points.length <= 3, 'a gap is a gap');
});

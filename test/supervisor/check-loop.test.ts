import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import type { Check } from '../../src/checks/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CheckResult } from '../../src/core/health.ts';
import { newService } from '../../src/core/service.ts';
import { createExternalDriver } from '../../src/drivers/external.ts';
import { createCheckLoop } from '../../src/supervisor/check-loop.ts';
import type { Managed, ScheduledCheck } from '../../src/supervisor/managed.ts';

const EVERY = 30_000;
const well: CheckResult = { verdict: 'healthy', reason: null, metrics: [] };

const loaded = loadConfig({
  ...{ path: '/etc/orbit/services.yaml', readFile: () => stringify({ services: { shop: { driver: 'external' } } }) },
  env: { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' },
});
assert.ok(loaded.ok);
const config = loaded.config.services[0] ?? assert.fail('no service');
const driver = createExternalDriver('shop', () => 0);

/** A service that runs with `count` checks; each answers when the test lets it. */
function setUp(count: number, nextAt: (index: number) => number = () => 0) {
  const world = { now: Date.UTC(2026, 10, 23) };
  const asked: { id: string; at: number }[] = [];
  const pending: (() => void)[] = [];
  const checkOf = (id: string): Check => ({
    ...{ id, kind: 'http' },
    run: () =>
      new Promise((resolve) => {
        asked.push({ id, at: world.now });
        pending.push(() => resolve(well));
      }),
    close: async () => undefined,
  });
  const checks = Array.from(
    { length: count },
    (_, index): ScheduledCheck => ({
      ...{ check: checkOf(String(index)), implied: false, restarts: false, judges: true, retries: 3 },
      ...{ every: EVERY, nextAt: world.now + nextAt(index), busy: false },
    }),
  );
  const service: Managed = {
    ...{ config, driver, checks, operation: null, retry: null, commits: Promise.resolve() },
    record: { ...newService('shop', world.now), state: 'running', run: { id: 'run', pid: 1, startedAt: 0 } },
  };
  const loop = createCheckLoop({
    services: new Map([['shop', service]]),
    observeHealth: () => undefined,
    clock: () => world.now,
    log: pino({ level: 'silent' }),
  });
  const answerAll = async () => {
    while (pending.length > 0) {
      for (const answer of pending.splice(0)) answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { world, asked, pending, loop, answerAll, checks };
}

describe('the loop of checks', () => {
  it('asks a thousand that are due at once without waiting for its next turn, no more than 32 at a time', async () => {
    const { asked, pending, loop, answerAll } = setUp(1000);
    loop.tick();
    assert.equal(pending.length, 32);
    await answerAll();
    assert.equal(asked.length, 1000);
    assert.equal(new Set(asked.map(({ id }) => id)).size, 1000);
  });

  it('keeps to the interval although each turn of the clock comes a little late or early', async () => {
    const { world, asked, loop, answerAll } = setUp(1);
    const began = world.now;
    for (let second = 0; second <= 300; second += 1) {
      world.now = began + second * 1000 + (second % 2 === 0 ? 7 : 1);
      loop.tick();
      await answerAll();
    }
    assert.equal(asked.length, 11);
  });

  it('asks the longest overdue first, and leaves out what it missed', async () => {
    const { world, asked, loop, answerAll, checks } = setUp(40, (index) => -index * 1000);
    loop.tick();
    assert.equal(asked[0]?.id, '39');
    await answerAll();
    world.now += 10 * EVERY + 5000;
    loop.tick();
    await answerAll();
    assert.equal(asked.length, 80);
    assert.ok(checks.every(({ nextAt }) => nextAt > world.now && nextAt <= world.now + EVERY));
  });

  it('goes on when the clock was set back by a day', async () => {
    const { world, asked, loop, answerAll } = setUp(1);
    loop.tick();
    await answerAll();
    world.now -= 24 * 3600_000;
    loop.tick();
    await answerAll();
    assert.equal(asked.length, 2);
    world.now += EVERY;
    loop.tick();
    await answerAll();
    assert.equal(asked.length, 3);
  });
});

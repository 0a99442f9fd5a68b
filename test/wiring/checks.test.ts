import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import type { Check } from '../../src/checks/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CheckResult } from '../../src/core/health.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { concerns } from '../../src/supervisor/managed.ts';
import { scheduleChecks } from '../../src/wiring/checks.ts';

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };

async function scheduled(settings: Readonly<Record<string, unknown>>, driver: Pick<Driver, 'measure'> = {}) {
  const loaded = loadConfig({
    ...{ path: '/etc/orbit/services.yaml', env },
    readFile: () => stringify({ services: { bot: settings } }),
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const [service] = loaded.config.services;
  assert.ok(service);
  const made = (id: string, kind: string): Check => ({
    ...{ id, kind },
    run: async () => ({ verdict: 'healthy', reason: null, metrics: [] }),
    close: async () => undefined,
  });
  const create = {
    check: async ({ id, type }: { readonly id: string; readonly type: string }) => made(id, type),
    metric: async ({ name }: { readonly name: string }) => made(name, 'metric'),
  };
  return scheduleChecks(
    service,
    driver,
    10_000,
    create,
    () => 0,
    () => 0,
  );
}

describe('the checks of a service', () => {
  it('ask of its process without being told to, where there is one; a unit without a process lacks nothing', async () => {
    const [process, own] = await scheduled({
      ...{ driver: 'systemd', unit: 'postgresql.service' },
      checks: [{ type: 'tcp', host: '127.0.0.1', port: 5432 }],
    });
    assert.ok(process && own);
    assert.deepEqual([process.check.kind, process.implied, process.every], ['process', true, 10_000]);
    assert.deepEqual([concerns(process, null), concerns(process, 42)], [false, true]);
    assert.deepEqual([own.check.kind, concerns(own, null)], ['tcp', true]);
  });

  it('take a unit without a process for well while it is active, where nothing else is asked about it', async () => {
    const [alone, ...more] = await scheduled({ driver: 'systemd', unit: 'wg-quick@wg0.service' });
    assert.ok(alone);
    assert.deepEqual([more, concerns(alone, null)], [[], true]);
    const context = { pid: null, now: 0, signal: AbortSignal.timeout(1000) };
    assert.deepEqual(await alone.check.run(context), { verdict: 'healthy', reason: null, metrics: [] });
  });

  it('ask of a process that was asked for, whatever there is', async () => {
    const [process] = await scheduled({ driver: 'systemd', unit: 'a.service', checks: [{ type: 'process' }] });
    assert.ok(process);
    assert.equal(concerns(process, null), true);
  });

  it('ask the driver where that measures better than a look at a process, with no process needed', async () => {
    const frozen: CheckResult = { verdict: 'unhealthy', reason: { code: 'container-paused' }, metrics: [] };
    const driver = { measure: async () => frozen };
    for (const checks of [[], [{ type: 'process' }]]) {
      const [process, ...more] = await scheduled({ driver: 'docker', container: 'panel', checks }, driver);
      assert.ok(process);
      const { check, restarts } = process;
      assert.deepEqual([check.id, restarts, concerns(process, null), more.length], ['process', true, true, 0]);
      const signal = new AbortController().signal;
      assert.equal(await check.run({ pid: null, now: 0, signal }), frozen);
    }
  });

  it('believe a log at once, which has a window of its own, and others after some failures in a row', async () => {
    const checks = await scheduled({
      ...{ driver: 'external', health_check_retries: 4 },
      checks: [
        { type: 'log', path: '/var/log/a', pattern: 'x' },
        { type: 'tcp', host: 'a', port: 1 },
      ],
    });
    assert.deepEqual(
      checks.map(({ retries, restarts }) => [retries, restarts]),
      [
        [1, false],
        [4, true],
      ],
    );
  });

  it('let no number of one’s own say anything about its health', async () => {
    const checks = await scheduled({
      ...{ driver: 'external', checks: [{ type: 'tcp', host: 'a', port: 1 }] },
      metrics: [{ name: 'queue', from: 'command', command: ['cat', 'queue'] }],
    });
    assert.deepEqual(
      checks.map(({ check: { id }, judges, restarts }) => [id, judges, restarts]),
      [
        ['tcp', true, true],
        ['queue', false, false],
      ],
    );
  });
});

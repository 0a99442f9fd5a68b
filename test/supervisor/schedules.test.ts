import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import type { Mute } from '../../src/core/mute.ts';
import type { Reason } from '../../src/core/reason.ts';
import { newService, type ServiceRecord } from '../../src/core/service.ts';
import type { Actor, Verb } from '../../src/core/snapshot.ts';
import { createExternalDriver } from '../../src/drivers/external.ts';
import { sayReason } from '../../src/i18n.ts';
import { createAudit } from '../../src/store/audit.ts';
import { openStore } from '../../src/store/database.ts';
import type { Managed } from '../../src/supervisor/managed.ts';
import { createSchedules } from '../../src/supervisor/schedules.ts';

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };

interface Wishes {
  readonly timezone?: string;
  readonly from: string;
  readonly schedule: readonly Readonly<Record<string, string>>[];
  readonly record?: Partial<ServiceRecord>;
  readonly needed?: Partial<ServiceRecord>;
  readonly mutes?: readonly Mute[];
  /** How each action goes wrong. */
  readonly fails?: string;
}

/** A service with a schedule and one that it needs, on a clock of the test's own. */
function world({ timezone = 'UTC', from, schedule, record = {}, needed = {}, mutes = [], fails }: Wishes) {
  const command = ['sleep', '1'];
  const services = {
    bot: { driver: 'process', command, schedule, depends_on: ['db'] },
    db: { driver: 'process', command, title: 'The database' },
  };
  const loaded = loadConfig({
    ...{ path: '/etc/orbit/services.yaml', env },
    readFile: () => stringify({ services, monitoring: { timezone } }),
  });
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.warnings, []);
  let now = Date.parse(from);
  const records = { bot: record, db: needed };
  const managed = new Map(
    loaded.config.services.map((config): [string, Managed] => {
      const known = { ...newService(config.name, now), state: 'running' as const };
      return [
        config.name,
        {
          ...{
            config,
            driver: createExternalDriver(config.name, () => now),
            checks: [],
            operation: null,
            retry: null,
          },
          ...{
            commits: Promise.resolve(),
            record: { ...known, ...(config.name === 'bot' ? records.bot : records.db) },
          },
        },
      ];
    }),
  );
  const acted: { at: string; service: string; verb: Verb; by: Actor }[] = [];
  const told: Reason[] = [];
  const audit = createAudit(openStore(':memory:'));
  const schedules = createSchedules({
    ...{ services: managed, timezone, audit, mutes: () => mutes, clock: () => now, log: pino({ level: 'silent' }) },
    tell: (what) => void told.push(what),
    async act(service, verb, by) {
      acted.push({ at: new Date(now).toISOString(), service, verb, by });
      return fails === undefined ? { ok: true, took: 0, note: null } : { ok: false, took: 0, reason: { code: fails } };
    },
  });
  const setTo = (at: string) => {
    now = Date.parse(at);
  };
  /** Lets the clock run, in steps of a second or of `step` ms. */
  const until = (end: string, step = 1000) => {
    for (; now < Date.parse(end); now += step) schedules.tick();
    schedules.tick();
  };
  return { acted, told, audit, until, setTo, times: () => acted.map(({ at }) => at) };
}

const daily = (cron: string) => [{ cron, action: 'restart' }];

describe('actions by the clock', () => {
  it('are done at the time of the configured zone, once, by the manager', () => {
    const { until, acted } = world({
      ...{ timezone: 'Europe/Moscow', from: '2026-11-23T00:00:00Z', schedule: daily('0 5 * * *') },
    });
    until('2026-11-24T00:00:00Z');
    const by = { kind: 'manager', id: 'schedule', name: '0 5 * * *' };
    assert.deepEqual(acted, [{ at: '2026-11-23T02:00:00.000Z', service: 'bot', verb: 'restart', by }]);
  });

  it('the hour that the clocks leave out is made up right after it', () => {
    const wishes = { timezone: 'Europe/Berlin', from: '2026-03-28T12:00:00Z' };
    const { until, times } = world({ ...wishes, schedule: daily('30 2 * * *') });
    until('2026-03-30T12:00:00Z');
    assert.deepEqual(times(), ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
  });

  it('the hour that comes twice has it once', () => {
    const wishes = { timezone: 'Europe/Berlin', from: '2026-10-24T12:00:00Z' };
    const { until, times } = world({ ...wishes, schedule: daily('30 2 * * *') });
    until('2026-10-26T12:00:00Z');
    assert.deepEqual(times(), ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  it('before and after the change the wall clock counts', () => {
    for (const [from, first, second] of [
      ['2026-03-28T12:00:00Z', '2026-03-29T03:00:00.000Z', '2026-03-30T03:00:00.000Z'],
      ['2026-10-24T12:00:00Z', '2026-10-25T04:00:00.000Z', '2026-10-26T04:00:00.000Z'],
    ] as const) {
      const { until, times } = world({ timezone: 'Europe/Berlin', from, schedule: daily('0 5 * * *') });
      until(second);
      assert.deepEqual(times(), [first, second]);
    }
  });

  it('what is meant for every hour goes by the time that passes', () => {
    for (const [from, to] of [
      ['2026-03-28T22:30:00Z', '2026-03-29T04:30:00Z'],
      ['2026-10-24T22:30:00Z', '2026-10-25T04:30:00Z'],
    ] as const) {
      const { until, times } = world({ timezone: 'Europe/Berlin', from, schedule: daily('15 * * * *') });
      until(to);
      assert.equal(times().length, 6);
    }
  });

  it('half an hour of change is one too', () => {
    const wishes = { timezone: 'Australia/Lord_Howe', from: '2026-10-03T12:00:00Z' };
    const { until, times } = world({ ...wishes, schedule: daily('15 2 * * *') });
    until('2026-10-04T12:00:00Z');
    assert.deepEqual(times(), ['2026-10-03T15:30:00.000Z']);
  });

  it('a tick that came late loses none and doubles none', () => {
    const { until, times } = world({ from: '2026-11-23T04:59:00.300Z', schedule: daily('0 5 * * *') });
    until('2026-11-23T05:02:00Z', 7300);
    assert.equal(times().length, 1);
  });

  it('a machine that slept for hours does not make up for all of them', () => {
    const { until, times } = world({ from: '2026-11-23T04:00:00Z', schedule: daily('0 5 * * *') });
    until('2026-11-23T12:00:00Z', 4 * 3600_000);
    assert.deepEqual(times(), []);
  });

  it('a clock that is set back a little does nothing twice; one that was wrong by far does not stop them', () => {
    const { until, times, setTo } = world({ from: '2026-11-23T04:59:00Z', schedule: daily('0 5 * * *') });
    until('2026-11-23T05:00:20Z');
    setTo('2026-11-23T04:59:50Z');
    until('2026-11-23T05:01:00Z');
    assert.deepEqual(times(), ['2026-11-23T05:00:00.000Z']);
    setTo('2026-11-22T04:59:00Z');
    until('2026-11-22T05:01:00Z');
    assert.equal(times()[1], '2026-11-22T05:00:00.000Z');
  });

  it('a restart leaves alone what somebody has stopped, and says so; a start starts it', () => {
    const schedule = [
      { cron: '0 5 * * *', action: 'restart' },
      { cron: '0 6 * * *', action: 'start' },
    ];
    const wishes = { from: '2026-11-23T04:00:00Z', schedule };
    const { until, acted, audit } = world({ ...wishes, record: { state: 'stopped', wanted: 'down' } });
    until('2026-11-23T07:00:00Z');
    assert.deepEqual(
      acted.map(({ verb }) => verb),
      ['start'],
    );
    const [entry] = audit.last(5);
    assert.deepEqual(
      { action: entry?.action, service: entry?.service, refused: entry?.refused },
      { action: 'restart', service: 'bot', refused: { code: 'skipped-stopped' } },
    );
  });

  it('skips while what it needs is not well, only where that was asked for', () => {
    const schedule = [
      { cron: '0 5 * * *', action: 'restart', skip_if: 'unhealthy_dependency' },
      { cron: '0 6 * * *', action: 'restart' },
    ];
    const needed = { state: 'backing-off' } as const;
    const { until, times, audit } = world({ from: '2026-11-23T04:00:00Z', schedule, needed });
    until('2026-11-23T07:00:00Z');
    assert.deepEqual(times(), ['2026-11-23T06:00:00.000Z']);
    assert.deepEqual(audit.last(5)[0]?.refused, { code: 'skipped-dependency', args: { name: 'The database' } });
  });

  it('what did not work is told where nothing else tells it: not of what is down, nor of what somebody is at', async () => {
    for (const [fails, record, expected] of [
      ['command-not-found', {}, 1],
      ['command-not-found', { state: 'failed' }, 0],
      ['busy-restart', {}, 0],
    ] as const) {
      const wishes = { from: '2026-11-23T04:00:00Z', schedule: daily('0 5 * * *') };
      const { until, told } = world({ ...wishes, record, fails });
      until('2026-11-23T06:00:00Z');
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(told.length, expected, fails);
      if (expected === 0) continue;
      assert.match(
        sayReason('en', told[0] ?? { code: '' }),
        /^The planned restart of bot \(0 5 \* \* \*\) was not done/,
      );
    }
  });

  it('skips in maintenance', () => {
    const span = { from: Date.parse('2026-11-23T00:00:00Z'), until: Date.parse('2026-11-24T00:00:00Z') };
    const mute: Mute = { id: 1, kind: 'maintenance', scope: { covers: 'all' }, by: 'Vera', ...span };
    const { until, times, audit } = world({
      ...{ from: '2026-11-23T04:00:00Z', schedule: daily('0 5 * * *'), mutes: [mute] },
    });
    until('2026-11-23T06:00:00Z');
    assert.deepEqual(times(), []);
    assert.equal(audit.last(5)[0]?.refused?.code, 'skipped-maintenance');
  });
});

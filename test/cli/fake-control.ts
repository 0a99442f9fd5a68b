import type { History } from '../../src/core/history.ts';
import { changeIncident, type Incident } from '../../src/core/incident.ts';
import { reason } from '../../src/core/reason.ts';
import type { Reload } from '../../src/core/reload.ts';
import type { ActionResult, Actor, Control, Needs, ServiceView, Snapshot, Verb } from '../../src/core/snapshot.ts';
import type { HostTop } from '../../src/core/top.ts';
import { serviceView, telegramView } from '../world/views.ts';

/** A moment that tests call now. */
export const now = Date.UTC(2026, 10, 23, 3, 0, 0);

export function service(name: string, differences: Partial<ServiceView> = {}): ServiceView {
  const well = serviceView(name, now);
  const metrics = [{ name: 'latency', value: 12.5, unit: 'ms' }] as const;
  return {
    ...well,
    ...{ since: now - 60_000, healthSince: now - 60_000, exitsInWindow: 0, restarts: 0 },
    checks: well.checks.map((check) => ({ ...check, id: 'http', successes: 3, metrics })),
    pid: 4711,
    startedAt: now - 3 * 3_600_000 - 25 * 60_000,
    lastExit: { code: null, signal: 'SIGKILL', at: now - 60_000 },
    can: ['stop', 'restart'],
    ...differences,
  };
}

const opened = changeIncident(
  null,
  'shop_bot',
  {
    type: 'problem',
    kind: 'down',
    level: 'error',
    reason: reason('control-busy'),
    attempt: reason('control-busy'),
    lines: ['Traceback'],
  },
  () => 1,
  now,
);
if (opened === null) throw new Error('a problem opens an incident');
export const incident: Incident = opened.incident;

const vera = { verb: 'restart', by: { kind: 'telegram', id: '7', name: 'Vera' } } as const;

export function snapshot(differences: Partial<Snapshot> = {}): Snapshot {
  return {
    host: 'vps1',
    version: '1.2.3',
    at: now,
    startedAt: now - 90_000,
    overall: 'healthy',
    services: [
      service('shop_bot', {
        state: 'backing-off',
        since: now - 12_000,
        health: 'unhealthy',
        pid: null,
        startedAt: null,
        retryAt: now + 8_000,
        restarts: 4,
        reason: reason('control-busy'),
        operation: { ...vera, since: now - 12_000, deadline: now + 88_000 },
      }),
      service('redis'),
    ],
    incidents: [incident],
    mutes: [],
    telegram: { ...telegramView, since: now, lastDelivered: now },
    ...differences,
  };
}

/** One process that burns CPU, one that holds memory. */
export const fakeTop: HostTop['measure'] = async () => ({
  ok: true,
  value: {
    ...{ at: now, cores: 2, measured: 90, processes: 91 },
    byCpu: [{ pid: 4711, name: 'python3', cpu: 98.5, memory: 52_428_800, memoryOfHost: 2.5, service: 'shop_bot' }],
    byMemory: [{ pid: 815, name: 'java', cpu: 0, memory: 1_073_741_824, memoryOfHost: 50, service: null }],
  },
});

/** A file in which nothing has changed. */
export const fakeReload: Reload = {
  look: () => ({ ok: true, plan: { id: 1, services: [], sections: [], warnings: [] } }),
  apply: async () => ({ ok: true, outcomes: [] }),
};

export interface FakeControl extends Control {
  readonly asked: { readonly service: string; readonly verb: Verb; readonly by: Actor }[];
}

/** Redis has a latency that grows by 1 ms in each of the last sixty minutes, with a hole. */
export const fakeHistory: History = {
  series: (wanted) => [series].filter(({ service: name }) => wanted === undefined || name === wanted),
  query: ({ service: name, to }) => {
    const points = Array.from({ length: 60 }, (_, n) => ({ at: to - (60 - n) * 60_000, ...flat(n) }));
    if (name !== series.service) return null;
    return { series, step: 60_000, points: points.filter((_, n) => n < 20 || n >= 30) };
  },
  marks: () => ({ starts: [], incidents: [] }),
  bytes: () => 3 * 1024 * 1024,
};

const series = { service: 'redis', check: 'redis', metric: 'latency', unit: 'ms' } as const;
const flat = (value: number) => ({ min: value, avg: value, max: value, last: value, count: 1 });

/** Does as told: `act` answers what is given here, or what the function makes of it. */
export function fakeControl(
  options: {
    readonly act?: (needs: Needs) => Promise<ActionResult>;
    readonly logs?: readonly string[];
    readonly snapshot?: () => Snapshot;
  } = {},
): FakeControl {
  const asked: { service: string; verb: Verb; by: Actor }[] = [];
  const act = options.act ?? (async () => ({ ok: true, took: 1_250, note: null }));
  return {
    asked,
    snapshot: options.snapshot ?? snapshot,
    act(name, verb, by, needs = 'ask') {
      asked.push({ service: name, verb, by });
      return act(needs);
    },
    logs: async (_service, lines) => (options.logs ?? ['one', 'two', 'three']).slice(-lines),
    async actAll(verb, by) {
      asked.push({ service: '*', verb, by });
      return new Map([
        ['redis', { ok: true, took: 5, note: null }],
        ['shop_bot', { ok: false, took: 20, reason: reason('control-failed') }],
      ]);
    },
  };
}

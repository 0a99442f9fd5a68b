import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DigestParts, digestOf } from '../../src/core/digest.ts';
import type { Incident } from '../../src/core/incident.ts';
import { availabilityOf, standingOf } from '../../src/core/standing.ts';
import { serviceView } from '../world/views.ts';
import { anIncident } from './an-incident.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const all = { share: 1, unknown: 0 };
const always = { service: 'bot', day: all, week: all, month: all };

const parts: DigestParts = {
  ...{ from: 0, to: DAY, services: [serviceView('bot', 0)], incidents: [], starts: [], slow: [] },
  ...{ availability: [always], mutes: [], disks: [] },
};

const broken = (from: number, to: number | null, more: Partial<Incident> = {}): Incident => {
  return { ...anIncident, openedAt: from, resolvedAt: to, resolution: to === null ? null : 'recovered', ...more };
};

describe('the digest', () => {
  it('is fine when nothing broke, nothing is muted, nothing fills up and somebody looked', () => {
    assert.deepEqual([digestOf(parts).fine, digestOf(parts).level], [true, 'info']);
    const disk = { service: 'host', path: '/', usedPercent: 40, fullIn: null };
    assert.equal(digestOf({ ...parts, disks: [disk] }).fine, true);
    const not: readonly Partial<DigestParts>[] = [
      { incidents: [broken(1000, 2000)] },
      { mutes: [{ id: 1, kind: 'mute', scope: { covers: 'all' }, from: 0, until: 2 * DAY, by: 'Vera' }] },
      { disks: [{ ...disk, usedPercent: 91 }] },
      { disks: [{ ...disk, fullIn: 3 * DAY }] },
      { availability: [{ ...always, day: { share: 0.9, unknown: 10 * MINUTE } }] },
      { services: [serviceView('bot', 0, { state: 'failed' })] },
    ];
    for (const more of not) assert.equal(digestOf({ ...parts, ...more }).fine, false, JSON.stringify(more));
  });

  it('sums up what broke: how often, for how long within the day, and what is still open comes first', () => {
    const { broke, level } = digestOf({
      ...parts,
      incidents: [
        broken(-MINUTE, MINUTE),
        broken(10 * MINUTE, 12 * MINUTE, { id: 2 }),
        broken(DAY - 5 * MINUTE, null, { id: 3, service: 'redis', key: 'redis/down' }),
        broken(-DAY, -MINUTE, { id: 4, service: 'old' }),
        broken(DAY + 1, null, { id: 5, service: 'later' }),
        broken(MINUTE, 2 * MINUTE, { id: 6, service: 'told', level: 'info' }),
      ],
    });
    assert.deepEqual(
      broke.map(({ service, times, lasted, open }) => ({ service, times, lasted, open })),
      [
        { service: 'redis', times: 1, lasted: 5 * MINUTE, open: true },
        { service: 'bot', times: 2, lasted: 3 * MINUTE, open: false },
      ],
    );
    assert.equal(level, 'error');
  });

  it('counts once what was wrong in two ways at once, and flapping not as one long outage', () => {
    const { broke } = digestOf({
      ...parts,
      incidents: [
        broken(0, 4 * MINUTE, { kind: 'unhealthy', resolution: 'superseded' }),
        broken(3 * MINUTE, 6 * MINUTE, { id: 2, level: 'critical' }),
        broken(0, 600 * MINUTE, { id: 3, kind: 'flapping', level: 'warning' }),
      ],
    });
    assert.deepEqual(broke, [
      { service: 'bot', subject: null, level: 'critical', times: 1, lasted: 6 * MINUTE, open: false },
    ]);
  });

  it('keeps the parts of a panel apart', () => {
    const subject = (key: string) => ({ key, title: `Node ${key}`, advice: null });
    const { broke } = digestOf({
      ...parts,
      incidents: ['1', '2'].map((key, id) => {
        return broken(0, MINUTE, { id, service: 'panel:main', kind: 'panel', subject: subject(key) });
      }),
    });
    assert.deepEqual(
      broke.map((each) => each.subject),
      ['Node 1', 'Node 2'],
    );
  });
});

describe('availability', () => {
  const none = { up: 0, down: 0, unknown: 0, off: 0, maintenance: 0, unwatched: 0 };

  it('counts what is not known, and what nobody watched, as not up, and says how much that was', () => {
    assert.deepEqual(availabilityOf({ ...none, up: 80, down: 10, unknown: 4, unwatched: 6 }), {
      share: 0.8,
      unknown: 10,
    });
  });

  it('leaves out planned work and what was stopped on purpose', () => {
    assert.deepEqual(availabilityOf({ ...none, up: 50, maintenance: 30, off: 20 }), { share: 1, unknown: 0 });
    assert.deepEqual(availabilityOf({ ...none, off: 100 }), { share: null, unknown: 0 });
  });

  it('takes only what is proven well for up', () => {
    const stands = (more: Parameters<typeof serviceView>[2]) => standingOf(serviceView('bot', 0, more), [], 5);
    assert.equal(stands({ state: 'running', health: 'healthy' }), 'up');
    assert.equal(stands({ state: 'running', health: 'degraded' }), 'up');
    assert.equal(stands({ state: 'running', health: 'unhealthy' }), 'down');
    assert.equal(stands({ state: 'running', health: 'unknown' }), 'unknown');
    assert.equal(stands({ state: 'unknown' }), 'unknown');
    assert.equal(stands({ state: 'backing-off' }), 'down');
    assert.equal(stands({ state: 'starting' }), 'down');
    assert.equal(stands({ state: 'stopped', wanted: 'up' }), 'down');
    assert.equal(stands({ state: 'stopped', wanted: 'down' }), 'off');
    const window = { id: 1, kind: 'maintenance', scope: { covers: 'all' }, from: 0, until: 10, by: 'Vera' } as const;
    assert.equal(standingOf(serviceView('bot', 0, { state: 'failed' }), [window], 5), 'maintenance');
    assert.equal(standingOf(serviceView('bot', 0, { state: 'failed' }), [window], 10), 'down');
  });
});

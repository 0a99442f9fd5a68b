import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { Span } from '../../src/core/digest.ts';
import type { Health } from '../../src/core/health.ts';
import { newService, type ServiceRecord } from '../../src/core/service.ts';
import type { ServiceView } from '../../src/core/snapshot.ts';
import { openStore } from '../../src/store/database.ts';
import { createMuteTable } from '../../src/store/mutes.ts';
import { createSamples } from '../../src/store/samples.ts';
import { createSettings } from '../../src/store/settings.ts';
import { createStretchTable } from '../../src/store/stretches.ts';
import { createDigest } from '../../src/supervisor/digest.ts';
import { createDigestClock } from '../../src/supervisor/digest-clock.ts';
import { createStandings } from '../../src/supervisor/standings.ts';
import { serviceView } from '../world/views.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const log = pino({ level: 'silent' });

/** One service whose state the test sets, watched second by second. */
function watched() {
  const time = { now: Date.UTC(2026, 10, 23) };
  const clock = () => time.now;
  const store = openStore(':memory:');
  const views: ServiceView[] = [];
  const services = new Map<string, { record: ServiceRecord }>();
  const mutes = createMuteTable(store, clock);
  const make = () =>
    createStandings({ ...{ table: createStretchTable(store), services, mutes: mutes.active }, clock, log });
  const world = {
    ...{ time, make, store, clock, views, services, mutes },
    standings: make(),
    be({ state, health }: Pick<ServiceRecord, 'state'> & { readonly health?: Health }) {
      const view = serviceView('bot', time.now, { state, ...(health !== undefined && { health }) });
      views.splice(0, views.length, view);
      const record = newService('bot', time.now);
      services.set('bot', { record: { ...record, state, health: { ...record.health, health: view.health } } });
    },
    pass(ms: number, step = 1000) {
      for (let gone = 0; gone < ms; gone += step) {
        time.now += step;
        world.standings.tick();
      }
    },
  };
  return world;
}

const up = { state: 'running', health: 'healthy' } as const;
const down = { state: 'backing-off' } as const;

describe('how services stand', () => {
  it('is kept to the second', () => {
    const w = watched();
    const start = w.time.now;
    w.be(up);
    w.standings.tick();
    w.pass(10 * MINUTE);
    w.be(down);
    w.pass(30_000);
    w.be(up);
    w.pass(10 * MINUTE);
    const { up: well, down: ill, unwatched } = w.standings.tally('bot', start, w.time.now);
    assert.equal(well + ill, 20 * MINUTE + 30_000);
    assert.ok(Math.abs(ill - 30_000) <= 1000, `${ill}`);
    assert.equal(unwatched, 0);
  });

  it('counts the time without a manager as not watched, a killed one to within a minute', () => {
    const w = watched();
    const start = w.time.now;
    w.be(up);
    w.standings.tick();
    w.pass(HOUR);
    // Killed: nothing is written any more. The next one comes after ten minutes.
    w.time.now += 10 * MINUTE;
    w.standings = w.make();
    w.standings.tick();
    w.pass(HOUR);
    const tally = w.standings.tally('bot', start, w.time.now);
    assert.ok(tally.unwatched >= 10 * MINUTE && tally.unwatched <= 11 * MINUTE, `${tally.unwatched}`);
    assert.equal(tally.up + tally.unwatched, 2 * HOUR + 10 * MINUTE);
  });

  it('knows nothing of a time in which the machine slept', () => {
    const w = watched();
    const start = w.time.now;
    w.be(up);
    w.standings.tick();
    w.pass(MINUTE);
    w.time.now += HOUR;
    w.standings.tick();
    w.pass(MINUTE);
    const { up: well, unwatched } = w.standings.tally('bot', start, w.time.now);
    assert.deepEqual([well, unwatched], [2 * MINUTE, HOUR]);
  });

  it('does not hold the time before it was first seen against a service', () => {
    const w = watched();
    w.be(up);
    w.standings.tick();
    w.pass(HOUR);
    const tally = w.standings.tally('bot', w.time.now - 30 * DAY, w.time.now);
    assert.deepEqual([tally.up, tally.unwatched], [HOUR, 0]);
  });

  it('follows maintenance that begins and ends while the service itself stays what it was', () => {
    const w = watched();
    const start = w.time.now;
    w.be(up);
    w.standings.tick();
    const planned = { from: start + 2 * MINUTE, until: start + 5 * MINUTE };
    w.mutes.add({ kind: 'maintenance', scope: { covers: 'all' }, by: 'Ada', ...planned });
    w.pass(10 * MINUTE);
    const { up: well, maintenance } = w.standings.tally('bot', start, w.time.now);
    assert.deepEqual([well, maintenance], [7 * MINUTE, 3 * MINUTE]);
    const broken = w.mutes.add({
      kind: 'maintenance',
      scope: { covers: 'all' },
      by: 'Ada',
      from: 0,
      until: start + DAY,
    });
    w.pass(MINUTE);
    w.mutes.remove(broken.id);
    w.pass(MINUTE);
    const after = w.standings.tally('bot', start + 10 * MINUTE, w.time.now);
    assert.deepEqual([after.up, after.maintenance], [MINUTE, MINUTE]);
  });

  it('ends with a service that is not in the configuration any more', () => {
    const w = watched();
    const start = w.time.now;
    w.be(up);
    w.standings.tick();
    w.pass(MINUTE);
    w.services.clear();
    w.pass(10 * MINUTE);
    const { up: well, unwatched } = w.standings.tally('bot', start, w.time.now);
    assert.deepEqual([well, unwatched], [MINUTE, 10 * MINUTE]);
  });
});

describe('a digest out of the stores', () => {
  it('tells of starts, speed, disks and availability of the span', () => {
    const w = watched();
    const samples = createSamples({ store: w.store, clock: w.clock, log, retentionDays: 30, freeBytes: () => null });
    const from = w.time.now;
    w.be(up);
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      if (minute === 600) w.be(down);
      if (minute === 660) w.be(up);
      for (let second = 0; second < 60; second += 10) {
        w.time.now += 10_000;
        w.standings.tick();
      }
      samples.add('bot', 'http', [{ name: 'latency', value: minute < 1200 ? 100 : 700, unit: 'ms' }], w.time.now);
      samples.add('bot', 'host', [{ name: 'disk:/', value: 50 + minute / 60, unit: '%' }], w.time.now);
      if (minute === 660) samples.started('bot', w.time.now);
      samples.tick();
    }
    const { report } = createDigest({
      ...{ services: () => w.views, mutes: () => [], incidentsSince: () => [] },
      ...{ tally: w.standings.tally, history: samples.history },
    });
    const digest = report({ from, to: w.time.now });
    assert.deepEqual(digest.starts, [{ service: 'bot', times: 1 }]);
    assert.deepEqual(
      digest.slow.map(({ service, usual, most }) => [service, Math.round(usual), most]),
      [['bot', 200, 700]],
    );
    const [disk] = digest.disks;
    assert.ok(disk);
    assert.equal(Math.round(disk.usedPercent), 74);
    assert.ok(Math.abs((disk.fullIn ?? 0) - 26 * HOUR) < 2 * HOUR, `${disk.fullIn}`);
    const share = digest.availability[0]?.day.share ?? 0;
    assert.ok(Math.abs(share - 23 / 24) < 0.001, `${share}`);
    assert.equal(digest.fine, false);
  });
});

describe('the clock of the digest', () => {
  function planned(from: string, cron = '0 9 * * *', timezone = 'Europe/Berlin') {
    const time = { now: Date.parse(from) };
    const store = openStore(':memory:');
    const spans: Span[] = [];
    const make = () =>
      createDigestClock({
        ...{ cron: () => cron, timezone, settings: createSettings(store), clock: () => time.now, log },
        tell: (span) => void spans.push(span),
        together: (work) => store.transaction(work),
      });
    let digests = make();
    return {
      time,
      told: () => spans.map(({ from, to }) => [from, to].map((at) => new Date(at).toISOString().slice(0, 16))),
      restart: () => {
        digests = make();
      },
      until(end: string) {
        for (; time.now <= Date.parse(end); time.now += 20_000) digests.tick();
      },
    };
  }

  it('tells at its time in the configured zone, each day once, what was since the last one', () => {
    const w = planned('2026-11-23T12:00:00Z');
    w.until('2026-11-25T12:00:00Z');
    assert.deepEqual(w.told(), [
      ['2026-11-23T12:00', '2026-11-24T08:00'],
      ['2026-11-24T08:00', '2026-11-25T08:00'],
    ]);
  });

  it('tells it once over a restart, and later when no manager was there at the time', () => {
    const w = planned('2026-11-23T12:00:00Z');
    w.until('2026-11-24T08:00:30Z');
    w.restart();
    w.until('2026-11-25T07:59:00Z');
    assert.equal(w.told().length, 1);
    w.time.now = Date.parse('2026-11-25T11:30:00Z');
    w.restart();
    w.until('2026-11-25T12:00:00Z');
    assert.deepEqual(w.told()[1], ['2026-11-24T08:00', '2026-11-25T08:00']);
    assert.equal(w.told().length, 2);
    // Half a day late nobody wants it; the next one tells of all of it.
    w.time.now = Date.parse('2026-11-26T20:00:00Z');
    w.restart();
    w.until('2026-11-27T09:00:00Z');
    assert.deepEqual(w.told()[2], ['2026-11-25T08:00', '2026-11-27T08:00']);
  });

  it('tells it once on both days on which the clocks change', () => {
    const leap = planned('2026-03-28T12:00:00Z', '30 2 * * *');
    leap.until('2026-03-29T12:00:00Z');
    assert.equal(leap.told().length, 1);
    const back = planned('2026-10-24T12:00:00Z', '30 2 * * *');
    back.until('2026-10-25T12:00:00Z');
    assert.equal(back.told().length, 1);
  });

  it('tells nothing when it is off', () => {
    const w = planned('2026-11-23T12:00:00Z', '');
    w.until('2026-11-25T12:00:00Z');
    assert.deepEqual(w.told(), []);
  });
});

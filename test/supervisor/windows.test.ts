import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { openStore } from '../../src/store/database.ts';
import { createSettings } from '../../src/store/settings.ts';
import { createWindows } from '../../src/supervisor/windows.ts';
import { makeAlerting } from '../world/alerting.ts';

const HOUR = 3600_000;
const vera = { kind: 'telegram', id: '7', name: 'Vera' } as const;

interface Wishes {
  readonly from: string;
  readonly timezone?: string;
  readonly cron?: string;
  readonly length?: number;
  readonly services?: readonly string[];
}

/** One planned window, and a clock that the test turns. */
function world({ from, timezone = 'UTC', cron = '0 4 * * 0', length = HOUR, services = ['db'] }: Wishes) {
  const time = { now: Date.parse(from) };
  const clock = () => time.now;
  const store = openStore(':memory:');
  const window = { cron, for: length, services };
  const make = () => {
    const { alerting } = makeAlerting({ clock, store, serviceExists: (name) => name !== 'gone' });
    const settings = createSettings(store);
    const windows = createWindows({
      ...{ windows: () => [window], plan: alerting.plan, settings, timezone, clock },
      log: pino({ level: 'silent' }),
    });
    const seen = () => alerting.mutes().map(({ kind, scope, from, until }) => ({ kind, scope, from, until }));
    return { alerting, windows, seen };
  };
  let manager = make();
  const spans: string[] = [];
  /** Lets the clock run, and notes when maintenance was on, to the minute. */
  const until = (end: string) => {
    let on = manager.seen().length > 0;
    for (; time.now < Date.parse(end); time.now += 60_000) {
      manager.windows.tick();
      manager.alerting.tick();
      const now = manager.seen().length > 0;
      if (now !== on) spans.push(`${now ? 'on' : 'off'} ${new Date(time.now).toISOString().slice(0, 16)}`);
      on = now;
    }
  };
  return {
    ...{ time, spans, until },
    manager: () => manager,
    restart: () => {
      manager = make();
      manager.windows.tick();
    },
  };
}

describe('maintenance planned by the clock', () => {
  it('is on at its time in the configured zone, for its length, and is seen with its end', () => {
    const w = world({ from: '2026-11-21T00:00:00Z', timezone: 'Europe/Moscow' });
    w.until('2026-11-22T01:30:00Z');
    const from = Date.parse('2026-11-22T01:00:00Z');
    assert.deepEqual(w.manager().seen(), [
      { kind: 'maintenance', scope: { covers: 'service', service: 'db' }, from, until: from + HOUR },
    ]);
    assert.equal(w.manager().alerting.mutes()[0]?.by, '⏰ 0 4 * * 0');
    w.until('2026-11-30T00:00:00Z');
    assert.deepEqual(w.spans, [
      'on 2026-11-22T01:00',
      'off 2026-11-22T02:00',
      'on 2026-11-29T01:00',
      'off 2026-11-29T02:00',
    ]);
  });

  it('is on once on both days on which the clocks change, and as long as ever', () => {
    const leap = world({ from: '2026-03-28T12:00:00Z', timezone: 'Europe/Berlin', cron: '30 2 * * *' });
    leap.until('2026-03-29T12:00:00Z');
    assert.deepEqual(leap.spans, ['on 2026-03-29T01:00', 'off 2026-03-29T02:00']);
    const back = world({ from: '2026-10-24T12:00:00Z', timezone: 'Europe/Berlin', cron: '30 2 * * *' });
    back.until('2026-10-25T12:00:00Z');
    assert.deepEqual(back.spans, ['on 2026-10-25T00:30', 'off 2026-10-25T01:30']);
  });

  it('goes on under a manager that starts in the middle of it, to the same end', () => {
    const w = world({ from: '2026-11-22T03:00:00Z' });
    w.until('2026-11-22T04:20:00Z');
    w.restart();
    assert.equal(w.manager().seen()[0]?.until, Date.parse('2026-11-22T05:00:00Z'));
    assert.equal(w.manager().seen().length, 1);
  });

  it('is taken up by a manager that was not there when it began', () => {
    const w = world({ from: '2026-11-22T04:40:00Z' });
    w.restart();
    assert.deepEqual(
      w
        .manager()
        .seen()
        .map(({ from, until }) => [from, until]),
      [[Date.parse('2026-11-22T04:00:00Z'), Date.parse('2026-11-22T05:00:00Z')]],
    );
    const late = world({ from: '2026-11-22T05:00:00Z' });
    late.restart();
    assert.deepEqual(late.manager().seen(), []);
  });

  it('that somebody ended early stays ended, also over a restart', () => {
    const w = world({ from: '2026-11-22T03:50:00Z' });
    w.until('2026-11-22T04:10:00Z');
    const [window] = w.manager().alerting.mutes();
    assert.ok(window);
    assert.deepEqual(w.manager().alerting.unmute([window.id], vera), { ok: true });
    w.until('2026-11-22T04:20:00Z');
    assert.deepEqual(w.manager().seen(), []);
    w.restart();
    assert.deepEqual(w.manager().seen(), []);
  });

  it('does not cut short what somebody set to last longer, and takes the place of what ends sooner', () => {
    const w = world({ from: '2026-11-22T03:50:00Z' });
    const db = { covers: 'service', service: 'db' } as const;
    w.manager().alerting.mute('maintenance', [db], Date.parse('2026-11-22T08:00:00Z'), vera);
    w.until('2026-11-22T04:10:00Z');
    assert.deepEqual(
      w
        .manager()
        .alerting.mutes()
        .map(({ by }) => by),
      ['Vera'],
    );
    const short = world({ from: '2026-11-22T03:50:00Z' });
    short.manager().alerting.mute('maintenance', [db], Date.parse('2026-11-22T04:05:00Z'), vera);
    short.until('2026-11-22T04:10:00Z');
    assert.equal(short.manager().seen()[0]?.until, Date.parse('2026-11-22T05:00:00Z'));
  });

  it('covers everything where no services are named, and leaves out what is not configured any more', () => {
    const all = world({ from: '2026-11-22T04:10:00Z', services: [] });
    all.restart();
    assert.deepEqual(all.manager().seen()[0]?.scope, { covers: 'all' });
    const some = world({ from: '2026-11-22T04:10:00Z', services: ['gone', 'db'] });
    some.restart();
    assert.deepEqual(
      some
        .manager()
        .seen()
        .map(({ scope }) => scope),
      [{ covers: 'service', service: 'db' }],
    );
  });
});

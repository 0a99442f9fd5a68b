import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { incidentsOfHealth, incidentsOfSignal } from '../../src/core/consequence.ts';
import { unaskedHealth } from '../../src/core/health.ts';
import {
  acknowledge,
  changeIncident,
  type Incident,
  type IncidentInput,
  MAX_ATTEMPTS,
  remind,
} from '../../src/core/incident.ts';
import type { Signal } from '../../src/core/transition.ts';

/** Feeds inputs to one service's incidents and returns the names of what happened. */
function story() {
  const open = new Map<string, Incident>();
  const happened: string[] = [];
  let id = 0;
  let now = 0;
  return {
    open,
    happened,
    feed(inputs: readonly IncidentInput[]) {
      now += 1000;
      for (const input of inputs) {
        const key = `bot/${input.kind}`;
        const change = changeIncident(open.get(key) ?? null, 'bot', input, () => ++id, now);
        if (change === null) continue;
        happened.push(`${change.change} ${input.kind} ${change.incident.level}`);
        if (change.incident.resolvedAt === null) open.set(key, change.incident);
        else open.delete(key);
      }
    },
  };
}

const exited: Signal = { signal: 'exited', exit: { code: 1, signal: null, at: 0 }, followUp: 'restart', delay: 10_000 };
const gaveUp: Signal = { signal: 'gave-up', exits: 6, within: 240_000, exit: { code: 1, signal: null, at: 0 } };

describe('incidents', () => {
  it('one crash loop is one incident that gets worse once', () => {
    const bot = story();
    for (let i = 0; i < 5; i += 1) bot.feed(incidentsOfSignal(exited, ['line']));
    bot.feed(incidentsOfSignal(gaveUp, ['last']));
    assert.deepEqual(bot.happened, [
      'opened down error',
      'updated down error',
      'updated down error',
      'updated down error',
      'updated down error',
      'worse down critical',
    ]);
    const incident = bot.open.get('bot/down');
    assert.deepEqual(incident?.reason, { code: 'crash-loop-code', args: { exits: 6, minutes: 4, code: '1' } });
    assert.deepEqual(incident?.lines, ['last']);
  });

  it('beszel#1519: nothing is resolved that was not open', () => {
    const bot = story();
    bot.feed(incidentsOfSignal({ signal: 'settled' }, []));
    assert.deepEqual(bot.happened, []);
  });

  it('resolves when the service has settled, and opens anew afterwards', () => {
    const bot = story();
    bot.feed(incidentsOfSignal(exited, []));
    bot.feed(incidentsOfSignal({ signal: 'settled' }, []));
    bot.feed(incidentsOfSignal(exited, []));
    assert.deepEqual(bot.happened, ['opened down error', 'resolved down error', 'opened down error']);
  });

  it('an exit takes the place of failed health', () => {
    const bot = story();
    const health = { ...unaskedHealth(0), health: 'unhealthy', reason: { code: 'http-timeout' } } as const;
    bot.feed(incidentsOfHealth('healthy', health, []));
    bot.feed(incidentsOfSignal(exited, []));
    assert.deepEqual(bot.happened, ['opened unhealthy error', 'opened down error', 'resolved unhealthy error']);
  });

  it('unknown health neither opens nor ends anything', () => {
    assert.deepEqual(incidentsOfHealth('unhealthy', unaskedHealth(0), []), []);
  });

  it('keeps what was tried within bounds', () => {
    const bot = story();
    for (let i = 0; i < 50; i += 1) bot.feed(incidentsOfSignal(exited, []));
    assert.equal(bot.open.get('bot/down')?.attempts.length, MAX_ATTEMPTS);
  });
});

describe('reminders', () => {
  const rules = { repeat_every: 3_600_000, escalate_after: 900_000 };
  const bot = story();
  bot.feed(incidentsOfSignal(gaveUp, []));
  const critical = bot.open.get('bot/down');
  assert.ok(critical);

  it('hands a critical one on that nobody took, once', () => {
    const change = remind(critical, rules, critical.openedAt + 900_000);
    assert.equal(change?.change, 'escalated');
    assert.ok(change);
    assert.equal(remind(change.incident, rules, critical.openedAt + 1_000_000), null);
  });

  it('hands it on once more, to the other channels, as long again after the next admins', () => {
    const later = { ...rules, channels: 'after-admins' } as const;
    const first = remind(critical, later, critical.openedAt + 900_000);
    assert.equal(first?.incident.handedOverAt, undefined);
    assert.ok(first);
    assert.equal(remind(first.incident, later, critical.openedAt + 1_799_000), null);
    const second = remind(first.incident, later, critical.openedAt + 1_800_000);
    assert.deepEqual([second?.change, second?.incident.handedOverAt], ['escalated', critical.openedAt + 1_800_000]);
    assert.ok(second);
    assert.equal(remind(second.incident, later, critical.openedAt + 2_700_000), null);
    const both = remind(critical, rules, critical.openedAt + 900_000);
    assert.equal(both?.incident.handedOverAt, critical.openedAt + 900_000, 'without such admins at once');
  });

  it('counts from when it got critical, not from when somebody took on what it was before', () => {
    const worse = { ...critical, worseAt: critical.openedAt + 3_000_000, saidAt: critical.openedAt + 3_000_000 };
    assert.equal(remind(worse, rules, worse.worseAt + 899_000), null);
    assert.equal(remind(worse, rules, worse.worseAt + 900_000)?.change, 'escalated');
  });

  it('says it again after repeat_every, from the last time on', () => {
    const handed = { ...critical, escalatedAt: 1 };
    const again = remind(handed, rules, critical.openedAt + 3_600_000);
    assert.equal(again?.change, 'repeat');
    assert.ok(again);
    assert.equal(remind(again.incident, rules, critical.openedAt + 3_700_000), null);
  });

  it('does not say the same again sooner than min_interval, and what flaps ever more seldom', () => {
    const often = { repeat_every: 60_000, escalate_after: 0, min_interval: 300_000 };
    assert.equal(remind(critical, often, critical.openedAt + 299_000), null);
    assert.equal(remind(critical, often, critical.openedAt + 300_000)?.change, 'repeat');
    const times: number[] = [];
    let flapping: Incident = { ...critical, kind: 'flapping', level: 'warning', openedAt: 0, saidAt: 0 };
    for (let hour = 1; hour <= 24; hour += 1) {
      const change = remind(flapping, { repeat_every: 3_600_000, escalate_after: 0 }, hour * 3_600_000);
      if (change === null) continue;
      times.push(hour);
      flapping = change.incident;
    }
    assert.deepEqual(times, [1, 2, 4, 8, 16]);
  });

  it('Pulse#921: is quiet once somebody has taken it on', () => {
    const taken = acknowledge(critical, 'Vera', 10)?.incident;
    assert.ok(taken);
    assert.equal(taken.acknowledgedBy, 'Vera');
    assert.equal(remind(taken, rules, critical.openedAt + 100 * 3_600_000), null);
    assert.equal(acknowledge(taken, 'Oleg', 11), null);
  });

  it('forgets who took it on when it gets worse', () => {
    const other = story();
    other.feed(incidentsOfSignal(exited, []));
    const open = other.open.get('bot/down');
    assert.ok(open);
    other.open.set('bot/down', { ...open, acknowledgedBy: 'Vera', acknowledgedAt: 1 });
    other.feed(incidentsOfSignal(gaveUp, []));
    assert.equal(other.open.get('bot/down')?.acknowledgedAt, null);
  });

  it('are off at 0', () => {
    assert.equal(remind(critical, { repeat_every: 0, escalate_after: 0 }, 1e15), null);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GateView, gate } from '../../src/core/gate.ts';
import type { Incident } from '../../src/core/incident.ts';
import type { Mute } from '../../src/core/mute.ts';
import { anIncident as incident } from './an-incident.ts';

const over: Incident = { ...incident, resolvedAt: 10, resolution: 'recovered' };

/** Noon in UTC; quiet hours below span midnight. */
const NOON = Date.UTC(2026, 10, 23, 12);
const NIGHT = Date.UTC(2026, 10, 23, 23, 30);
const MORNING = Date.UTC(2026, 10, 24, 8);

function view(more: Partial<GateView> = {}): GateView {
  return {
    now: NOON,
    timezone: 'UTC',
    mutes: [],
    level: 'info',
    quiet: null,
    shown: false,
    held: false,
    flapping: false,
    caused: false,
    ...more,
  };
}

const mute: Mute = {
  id: 1,
  kind: 'mute',
  scope: { covers: 'service', service: 'bot' },
  from: 0,
  until: NOON + 1000,
  by: 'Vera',
};
const send = { verdict: 'send', silent: false };

describe('the gate', () => {
  it('lets an opening through, and what got worse', () => {
    assert.deepEqual(gate(['opened'], incident, view()), send);
    assert.deepEqual(gate(['worse'], incident, view({ shown: true })), send);
  });

  it('edits quietly for everything in between, and only where it is shown', () => {
    assert.deepEqual(gate(['updated'], incident, view({ shown: true })), { verdict: 'edit' });
    assert.deepEqual(gate(['updated'], incident, view()), { verdict: 'drop', why: 'not-shown' });
  });

  it('holds an opening while muted, until the mute ends', () => {
    assert.deepEqual(gate(['opened'], incident, view({ mutes: [mute] })), {
      verdict: 'hold',
      until: NOON + 1000,
      why: 'muted',
    });
  });

  it('says maintenance when it is maintenance', () => {
    const works: Mute = { ...mute, kind: 'maintenance', scope: { covers: 'all' } };
    assert.equal(gate(['opened'], incident, view({ mutes: [works] })).verdict, 'hold');
  });

  it('a mute of another service, or one that has ended, means nothing', () => {
    const other: Mute = { ...mute, scope: { covers: 'service', service: 'redis' } };
    assert.deepEqual(gate(['opened'], incident, view({ mutes: [other] })), send);
    assert.deepEqual(gate(['opened'], incident, view({ mutes: [{ ...mute, until: NOON }] })), send);
  });

  it('brings to its end what was told, muted or not: quietly then', () => {
    assert.deepEqual(gate(['resolved'], over, view({ shown: true, mutes: [mute] })), { verdict: 'edit' });
    assert.deepEqual(gate(['resolved'], over, view({ shown: true })), send);
  });

  it('says nothing of what was held and is over', () => {
    assert.deepEqual(gate(['opened', 'resolved'], over, view({ held: true })), {
      verdict: 'drop',
      why: 'over-before-told',
    });
  });

  it('tells in one message what could not be delivered while it lasted', () => {
    assert.deepEqual(gate(['opened', 'resolved'], over, view()), send);
  });

  it('beszel#1519: no "back" where "down" was never said', () => {
    assert.deepEqual(gate(['resolved'], over, view()), { verdict: 'drop', why: 'not-shown' });
  });

  it('holds by night until the morning, except what is critical', () => {
    const quiet = { from: 23 * 60, to: 8 * 60 };
    assert.deepEqual(gate(['opened'], incident, view({ quiet, now: NIGHT })), {
      verdict: 'hold',
      until: MORNING,
      why: 'quiet-hours',
    });
    assert.deepEqual(gate(['opened'], { ...incident, level: 'critical' }, view({ quiet, now: NIGHT })), send);
    assert.deepEqual(gate(['opened'], incident, view({ quiet })), send);
  });

  it('a recovery by night makes no sound', () => {
    const quiet = { from: 23 * 60, to: 8 * 60 };
    const verdict = gate(['resolved'], over, view({ shown: true, quiet, now: NIGHT }));
    assert.deepEqual(verdict, { verdict: 'send', silent: true });
  });

  it('Pulse#921: a reminder of what somebody took on is dropped, on every path', () => {
    const taken = { ...incident, acknowledgedBy: 'Vera', acknowledgedAt: 5 };
    for (const kind of ['repeat', 'escalated'] as const) {
      assert.deepEqual(gate([kind], taken, view()), { verdict: 'drop', why: 'acknowledged' });
      assert.deepEqual(gate([kind], taken, view({ shown: true })), { verdict: 'edit' });
    }
  });

  it('respects from which level up somebody wants to hear', () => {
    assert.deepEqual(gate(['opened'], incident, view({ level: 'critical' })), { verdict: 'drop', why: 'below-level' });
  });

  it('holds effects of a cause, and single alerts of what flaps, but not the news of the flapping', () => {
    assert.equal(gate(['opened'], incident, view({ caused: true })).verdict, 'hold');
    assert.equal(gate(['opened'], incident, view({ flapping: true })).verdict, 'hold');
    assert.deepEqual(gate(['opened'], { ...incident, kind: 'flapping' }, view({ flapping: true })), send);
    assert.deepEqual(gate(['resolved'], over, view({ shown: true, flapping: true })), { verdict: 'edit' });
  });

  it('is silent for info, and for what the operator did himself', () => {
    assert.deepEqual(gate(['opened'], { ...incident, level: 'info' }, view()), { verdict: 'send', silent: true });
    assert.deepEqual(gate(['resolved'], { ...over, resolution: 'stopped-by-operator' }, view({ shown: true })), {
      verdict: 'edit',
    });
  });
});

import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Actor } from '../../src/core/snapshot.ts';
import { openStore, type SqlStore } from '../../src/store/database.ts';
import { type AlertingWorld, makeAlerting } from '../world/alerting.ts';

const vera: Actor = { kind: 'telegram', id: '7', name: 'Vera' };
const oleg: Actor = { kind: 'cli', id: 'oleg', name: 'oleg' };
const minute = 60_000;
const shop = { covers: 'service', service: 'shop' } as const;

describe('alerts seen, taken on and silenced by people', () => {
  let now = 1_000_000;
  let world: AlertingWorld;
  const told = (): string[] => world.told.splice(0).map(({ change, incident }) => `${change} ${incident.service}`);

  beforeEach(() => {
    now = 1_000_000;
    world = makeAlerting({ clock: () => now, serviceExists: (name) => name !== 'gone' });
  });

  it('takes on once, says who has it already, and tells every copy', () => {
    const { alerting } = world;
    world.problem('shop');
    world.problem('redis');
    told();
    assert.deepEqual(alerting.acknowledge([1], vera), { ok: true });
    assert.deepEqual(told(), ['updated shop']);
    assert.deepEqual([alerting.get(1)?.acknowledgedBy, alerting.get(1)?.acknowledgedAt], ['Vera', now]);
    const again = alerting.acknowledge([1], oleg);
    assert.deepEqual(again, { ok: false, reason: { code: 'already-acknowledged', args: { by: 'Vera' } } });
    assert.deepEqual(alerting.acknowledge([1, 2], oleg), { ok: true }, 'what can be done is done');
    assert.equal(alerting.get(1)?.acknowledgedBy, 'Vera');
    assert.equal(alerting.get(2)?.acknowledgedBy, 'oleg');
    world.over('shop');
    assert.deepEqual(alerting.acknowledge([1], oleg), { ok: false, reason: { code: 'incident-over' } });
    const unknown = alerting.acknowledge([9], oleg);
    assert.deepEqual(unknown, { ok: false, reason: { code: 'unknown-incident', args: { id: '9' } } });
  });

  it('takes what is said of one incident in one breath for one change of it, and loses nothing of it', () => {
    const problem = { type: 'problem', kind: 'down', attempt: null, lines: [], reason: { code: 'exit-code' } } as const;
    world.ledger.commit('shop', [
      { ...problem, level: 'error', attempt: { code: 'own-policy' } },
      { ...problem, level: 'critical', reason: { code: 'crash-loop' }, attempt: { code: 'container-oom' } },
      { type: 'attempt', kind: 'down', attempt: { code: 'stopped-trying' } },
    ]);
    const [incident, ...more] = world.ledger.open();
    assert.deepEqual([incident?.level, incident?.reason.code, more], ['critical', 'crash-loop', []]);
    const attempts = incident?.attempts.map(({ what }) => what.code);
    assert.deepEqual(attempts, ['own-policy', 'container-oom', 'stopped-trying']);
    assert.deepEqual(told(), ['opened shop']);
    assert.equal(world.alerting.get(2), null, 'no second one that nobody would ever end');
    world.ledger.commit('shop', [
      { ...problem, level: 'critical' },
      { type: 'over', kind: 'down', resolution: 'recovered' },
    ]);
    assert.deepEqual(world.ledger.open(), []);
  });

  it('brings what is shown up to date when a mute begins and when somebody ends it, without a reminder', () => {
    const { alerting } = world;
    world.problem('shop');
    world.problem('redis');
    told();
    assert.deepEqual(alerting.mute('mute', [shop], now + minute, vera), { ok: true });
    assert.deepEqual(told(), ['updated shop']);
    assert.deepEqual(alerting.unmute(shop, oleg), { ok: true });
    assert.deepEqual(told(), ['updated shop']);
    assert.deepEqual(alerting.unmute(shop, oleg), { ok: false, reason: { code: 'not-muted' } });
    assert.equal(world.reconsidered, 2, 'what the gate holds is asked again');
  });

  it('lets the latest wish count: one mute for each scope and kind', () => {
    const { alerting } = world;
    alerting.mute('mute', [shop], now + 60 * minute, vera);
    alerting.mute('mute', [shop], now + minute, oleg);
    alerting.mute('maintenance', [shop], now + minute, oleg);
    alerting.mute('mute', [{ covers: 'all' }], now + 2 * minute, oleg);
    assert.deepEqual(
      alerting.mutes().map(({ kind, scope, until, by }) => [kind, scope.covers, until - now, by]),
      [
        ['mute', 'service', minute, 'oleg'],
        ['maintenance', 'service', minute, 'oleg'],
        ['mute', 'all', 2 * minute, 'oleg'],
      ],
    );
    alerting.unmute(shop, vera);
    assert.deepEqual(
      alerting.mutes().map(({ scope }) => scope.covers),
      ['all'],
    );
  });

  it('refuses what makes no sense, all or nothing', () => {
    const { alerting } = world;
    const codes = [
      alerting.mute('mute', [shop, { covers: 'service', service: 'gone' }], now + minute, vera),
      alerting.mute('mute', [shop], now, vera),
      alerting.mute('maintenance', [shop], now + 8 * 24 * 60 * minute, vera),
      alerting.unmute([7], vera),
    ].map((result) => (result.ok ? 'ok' : result.reason.code));
    assert.deepEqual(codes, ['unknown-service', 'mute-in-the-past', 'mute-too-long', 'mute-over']);
    assert.deepEqual(alerting.mutes(), []);
    assert.deepEqual(
      alerting.audit(10).map(({ action, refused }) => [action, refused?.code]),
      [
        ['unmute', 'mute-over'],
        ['maintenance', 'mute-too-long'],
        ['mute', 'mute-in-the-past'],
        ['mute', 'unknown-service'],
      ],
    );
  });

  it('speaks up when a mute ends by itself: what nobody has taken on is said again, once', () => {
    const { alerting } = world;
    world.problem('shop');
    world.problem('redis');
    world.problem('panel');
    alerting.acknowledge([2], vera);
    alerting.mute('mute', [{ covers: 'all' }], now + minute, vera);
    alerting.mute('mute', [{ covers: 'service', service: 'panel' }], now + 5 * minute, vera);
    told();
    now += minute - 1;
    alerting.tick();
    assert.deepEqual(told(), []);
    now += 1;
    alerting.tick();
    assert.deepEqual(told(), ['repeat shop', 'updated redis', 'updated panel']);
    assert.equal(alerting.get(1)?.saidAt, now);
    alerting.tick();
    assert.deepEqual(told(), []);
  });

  it('sees to a mute that ended while no manager was there, and counts from its end', () => {
    const { alerting } = world;
    world.problem('shop');
    alerting.mute('mute', [shop], now + minute, vera);
    told();
    now += 30 * minute;
    alerting.tick();
    assert.deepEqual(told(), ['repeat shop']);
    assert.equal(alerting.get(1)?.saidAt, now - 29 * minute);
  });

  it('says nothing again that was said since the mute ended', () => {
    const { alerting } = world;
    world.problem('shop');
    alerting.mute('mute', [shop], now + minute, vera);
    now += minute + 500;
    world.problem('shop', { level: 'critical' });
    told();
    alerting.tick();
    assert.deepEqual(told(), ['updated shop']);
  });

  it('tells what the disk had no room for as soon as there is room again, once', () => {
    const store = openStore(':memory:');
    let full = true;
    const transaction: SqlStore['transaction'] = (work) =>
      store.transaction(() => {
        if (full) throw new Error('database or disk is full');
        return work();
      });
    const world = makeAlerting({ clock: () => 1000, store: { ...store, transaction } });
    world.problem('shop');
    world.problem('redis');
    world.over('redis');
    assert.equal(world.told.length, 0);
    assert.deepEqual(
      world.alerting.open().map(({ service }) => service),
      ['shop'],
    );
    world.ledger.tick();
    full = false;
    world.ledger.tick();
    world.ledger.tick();
    assert.deepEqual(
      world.told.map(({ change, incident }) => `${incident.service} ${change}`),
      ['shop opened', 'redis opened', 'redis resolved'],
    );
    assert.equal(world.alerting.past(null, 5)[0]?.service, 'redis', 'they are on the disk');
  });

  it('sees to the end of a mute again where the disk had no room for that', () => {
    const store = openStore(':memory:');
    let full = false;
    const transaction: SqlStore['transaction'] = (work) =>
      store.transaction(() => {
        const done = work();
        if (full) throw new Error('database or disk is full');
        return done;
      });
    const { alerting, told, problem } = makeAlerting({ clock: () => now, store: { ...store, transaction } });
    problem('shop');
    alerting.mute('mute', [shop], now + minute, vera);
    now += minute;
    full = true;
    assert.throws(() => alerting.tick(), /full/);
    full = false;
    told.splice(0);
    alerting.tick();
    assert.equal(told[0]?.change, 'repeat');
    told.splice(0);
    alerting.tick();
    assert.deepEqual(told, []);
  });

  it('keeps the audit: who, what, to what, and how it went', () => {
    const { alerting } = world;
    world.problem('shop');
    alerting.acknowledge([1], vera);
    alerting.mute('mute', [shop], now + minute, oleg);
    assert.deepEqual(
      alerting.audit(1).map(({ at, by, action, service, refused }) => [at, by, action, service, refused]),
      [[now, oleg, 'mute', 'shop', null]],
    );
    assert.deepEqual(
      alerting.audit(5, 1).map(({ by, action }) => [by, action]),
      [[vera, 'ack']],
    );
  });

  it('gives the past page by page, also when many ended in the same millisecond', () => {
    const { alerting } = world;
    for (let n = 0; n < 7; n++) world.problem(`s${n}`);
    for (let n = 0; n < 7; n++) world.over(`s${n}`);
    const pages = [0, 3, 6].map((skip) => alerting.past(null, 3, skip).map(({ id }) => id));
    assert.deepEqual(pages, [[7, 6, 5], [4, 3, 2], [1]]);
  });
});

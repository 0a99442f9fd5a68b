import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldLink, type LinkRecord, newLink } from '../../src/core/link.ts';
import { createLinkWatch } from '../../src/supervisor/link-watch.ts';
import { type AlertingWorld, makeAlerting } from '../world/alerting.ts';

/** A watch over anchors that answer as the test says, on its clock. */
function stage(start = 1_000_000, older: { alerting: AlertingWorld; record: LinkRecord } | null = null) {
  const world = { now: start, answers: true, needed: true, rounds: 0 };
  const clock = () => world.now;
  const alerting = older?.alerting ?? makeAlerting({ clock: () => world.now });
  let record = newLink(older?.record.answeredAt ?? null);
  const link = {
    async isDown() {
      world.rounds += 1;
      record = foldLink(record, world.answers, world.now);
      return false;
    },
    view: () => record,
  };
  const { ledger } = alerting;
  const anchors = ['1.1.1.1:443', '8.8.8.8:443'];
  const watch = createLinkWatch({ link, ledger, clock, anchors, needed: () => world.needed });
  return {
    ...{ world, alerting, record: () => record },
    later(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        world.now += 1000;
        watch.tick();
      }
      return ledger.open().map(({ key, level }) => `${key} ${level}`);
    },
  };
}

describe('the watch over the own link', () => {
  it('opens one incident when no anchor answers twice, and ends it when one does', () => {
    const host = stage();
    assert.deepEqual(host.later(1), []);
    host.world.answers = false;
    assert.deepEqual(host.later(606), ['(manager)/link-down error']);
    host.later(3600);
    assert.equal(host.alerting.told.filter(({ change }) => change === 'opened').length, 1);
    host.world.answers = true;
    assert.deepEqual(host.later(6), []);
  });

  it('asks seldom while all is well, and soon while it is not', () => {
    const host = stage();
    host.later(3600);
    assert.ok(host.world.rounds <= 6, `${host.world.rounds}`);
    host.world.answers = false;
    host.later(1200);
    host.world.rounds = 0;
    host.later(60);
    assert.equal(host.world.rounds, 12);
  });

  it('asks nobody where nothing beyond this host is asked', () => {
    const host = stage();
    host.world.needed = false;
    host.later(3600);
    assert.equal(host.world.rounds, 0);
  });

  it('leaves what an earlier manager opened until an anchor has answered this one', () => {
    const first = stage();
    first.later(1);
    first.world.answers = false;
    first.later(700);
    const second = stage(first.world.now, { alerting: first.alerting, record: first.record() });
    second.world.answers = false;
    assert.deepEqual(second.later(60), ['(manager)/link-down error']);
    second.world.answers = true;
    assert.deepEqual(second.later(10), []);
  });
});

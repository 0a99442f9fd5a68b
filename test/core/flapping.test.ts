import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FlapRecord, type FlapStep, flap, replay, staysAfter, steady } from '../../src/core/flapping.ts';

const MINUTE = 60_000;

/** A change every `gap` ms, `times` times; then every second of `quiet` ms. */
function run(gap: number, times: number, quiet = 0, from: FlapRecord = steady, start = 1_000_000) {
  const seen: { readonly at: number; readonly flapping: FlapStep['flapping'] }[] = [];
  let record = from;
  let now = start;
  const step = (changed: boolean) => {
    const taken = flap(record, changed, now);
    record = taken.record;
    if (taken.flapping === 'begins' || taken.flapping === 'ends')
      seen.push({ at: now - start, flapping: taken.flapping });
  };
  for (let i = 0; i < times; i += 1) {
    if (i > 0) {
      for (let second = 1000; second < gap; second += 1000) {
        now += 1000;
        step(false);
      }
      now += 1000;
    }
    step(true);
  }
  for (let second = 0; second < quiet; second += 1000) {
    now += 1000;
    step(false);
  }
  return { seen, record, now };
}

describe('flapping', () => {
  it('is five changes within five minutes, and ends after five minutes of quiet', () => {
    assert.deepEqual(run(60_000, 5, 10 * MINUTE).seen, [
      { at: 4 * MINUTE, flapping: 'begins' },
      { at: 9 * MINUTE, flapping: 'ends' },
    ]);
    assert.deepEqual(run(60_000, 4, 10 * MINUTE).seen, []);
  });

  it('is slow, too: six within the hour, and then takes half an hour of quiet', () => {
    assert.deepEqual(run(150_000, 24, 60 * MINUTE).seen, [
      { at: 5 * 150_000, flapping: 'begins' },
      { at: 23 * 150_000 + 30 * MINUTE, flapping: 'ends' },
    ]);
    assert.deepEqual(run(13 * MINUTE, 7, 0).seen, []);
  });

  it('is slower, too: eight within four hours, and then takes two hours of quiet', () => {
    assert.deepEqual(run(20 * MINUTE, 12, 180 * MINUTE).seen, [
      { at: 7 * 20 * MINUTE, flapping: 'begins' },
      { at: 11 * 20 * MINUTE + 120 * MINUTE, flapping: 'ends' },
    ]);
    assert.deepEqual(run(35 * MINUTE, 30).seen, []);
  });

  it('that comes back within the hour has to be quiet for longer', () => {
    const first = run(30_000, 5, 6 * MINUTE);
    assert.equal(first.record.since, null);
    const again = run(0, 1, 60 * MINUTE, first.record, first.now);
    assert.deepEqual(again.seen, [
      { at: 0, flapping: 'begins' },
      { at: 30 * MINUTE, flapping: 'ends' },
    ]);
  });

  it('counts its changes', () => {
    assert.equal(run(150_000, 6).record.total, 6);
    assert.equal(run(150_000, 100).record.total, 100);
  });

  it('takes a state for one that stays by the pace of the changes: five minutes at least, thirty at most', () => {
    assert.equal(staysAfter(run(20_000, 6).record), 5 * MINUTE);
    assert.equal(staysAfter(run(10 * MINUTE, 6).record), 20 * MINUTE);
    assert.equal(staysAfter(run(25 * MINUTE, 9).record), 30 * MINUTE);
  });

  it('is taken up where the last manager left it', () => {
    const changes = Array.from({ length: 20 }, (_, i) => i * 150_000);
    const now = 20 * 150_000;
    const record = replay(changes, 750_000, now);
    assert.equal(record.since, 750_000);
    assert.equal(record.total, 20);
    assert.equal(flap(record, false, now).flapping, 'goes-on');
    assert.equal(flap(record, false, now + 28 * MINUTE).flapping, 'ends');
    // All of it was long ago: what was open ends at the first look.
    const old = replay([], 0, 10 * 3600_000);
    assert.equal(flap(old, false, 10 * 3600_000).flapping, 'ends');
    // Nothing was told: what is remembered counts, but flaps no more than it was said to.
    assert.equal(replay(changes.slice(0, 5), null, now).since, null);
  });
});

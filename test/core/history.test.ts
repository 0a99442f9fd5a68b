import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Bucket,
  MOST_POINTS,
  rollUp,
  runsOf,
  stepFor,
  stepIn,
  summarize,
  tierFor,
  tiersOf,
} from '../../src/core/history.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const one = (at: number, value: number): Bucket => ({ at, min: value, avg: value, max: value, last: value, count: 1 });

describe('rolling up', () => {
  it('keeps the extremes, weighs the average, takes the last in time', () => {
    const minute = rollUp([one(0, 2), one(10 * SECOND, 10), one(50 * SECOND, 3), one(MINUTE, 7)], MINUTE);
    assert.deepEqual(minute, [{ at: 0, min: 2, avg: 5, max: 10, last: 3, count: 3 }, one(MINUTE, 7)]);
    const all = rollUp(minute, HOUR);
    assert.deepEqual(all, [{ at: 0, min: 2, avg: 5.5, max: 10, last: 7, count: 4 }]);
  });

  it('gives nothing where nothing was', () => {
    assert.deepEqual(
      rollUp([one(0, 1), one(3 * MINUTE, 1)], MINUTE).map(({ at }) => at),
      [0, 3 * MINUTE],
    );
    assert.equal(summarize([]), null);
  });

  it('sums up a range as its parts do', () => {
    assert.deepEqual(summarize([one(0, 1), { at: 1, min: 0, avg: 4, max: 9, last: 5, count: 2 }]), {
      ...{ at: 0, min: 0, avg: 3, max: 9, last: 5, count: 3 },
    });
  });
});

describe('tiers', () => {
  it('keep raw for a day, minutes for three, all for as long as is asked', () => {
    assert.deepEqual(
      tiersOf(30).map(({ step, keep }) => [step, keep]),
      [
        [10 * SECOND, DAY],
        [MINUTE, 3 * DAY],
        [10 * MINUTE, 30 * DAY],
      ],
    );
    assert.deepEqual(
      tiersOf(1).map(({ keep }) => keep),
      [DAY, DAY, DAY],
    );
  });

  it('are chosen by step, and by who still has the beginning', () => {
    const tiers = tiersOf(30);
    const now = 100 * DAY;
    assert.equal(tierFor(tiers, now - HOUR, 10 * SECOND, now), 0);
    assert.equal(tierFor(tiers, now - DAY, 2 * MINUTE, now), 1);
    assert.equal(tierFor(tiers, now - 7 * DAY, 20 * MINUTE, now), 2);
    // Finer than what is still there.
    assert.equal(tierFor(tiers, now - 2 * DAY, 10 * SECOND, now), 1);
    assert.equal(tierFor(tiers, now - 20 * DAY, MINUTE, now), 2);
    // Older than everything.
    assert.equal(tierFor(tiers, now - 90 * DAY, DAY, now), 2);
    // A step that minutes do not divide is read raw.
    assert.equal(tierFor(tiers, now - HOUR, 90 * SECOND, now), 0);
  });

  it('give steps that fit a picture, and no more points than an answer may hold', () => {
    assert.deepEqual(
      [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY].map((span) => stepFor(span)),
      [10 * SECOND, 30 * SECOND, 2 * MINUTE, 20 * MINUTE, HOUR],
    );
    assert.equal(stepFor(HOUR, 15 * SECOND), 20 * SECOND);
    assert.equal(stepFor(HOUR, 1), 10 * SECOND);
    for (const span of [30 * DAY, 3650 * DAY]) assert.ok(span / stepFor(span, 10 * SECOND) <= MOST_POINTS);
    assert.equal(stepIn({ step: 10 * MINUTE, keep: 0 }, 90 * SECOND), 10 * MINUTE);
  });
});

describe('holes', () => {
  it('cut the line; a lost sample does not', () => {
    const points = [0, 10, 20, 40, 50, 120, 130].map((s) => one(s * SECOND, 1));
    assert.deepEqual(
      runsOf(points, 10 * SECOND).map((run) => run.length),
      [5, 2],
    );
  });

  it('are measured by what is usual for the series', () => {
    const points = [0, 300, 600, 900, 2400, 2700].map((s) => one(s * SECOND, 1));
    assert.deepEqual(
      runsOf(points, 10 * SECOND).map((run) => run.length),
      [4, 2],
    );
    assert.deepEqual(runsOf([], 10), []);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Level, timeUntil } from '../../src/core/forecast.ts';

const minute = 60_000;
const hour = 60 * minute;

/** One level each minute. */
const levels = (count: number, value: (n: number) => number): Level[] =>
  Array.from({ length: count }, (_, n) => ({ at: 1_700_000_000_000 + n * minute, value: value(n) }));

test('a disk that gains 1 GB a minute is full when the rest is used up', () => {
  const left = timeUntil(
    200,
    levels(21, (n) => n),
  );
  assert.ok(left !== null);
  assert.equal(Math.round(left / minute), 180, 'in about 3 h');
});

test('a little noise does not hide the line', () => {
  const left = timeUntil(
    200,
    levels(31, (n) => n + (n % 2 === 0 ? 1 : -1)),
  );
  assert.ok(left !== null && Math.abs(left / hour - 169 / 60) < 0.1);
});

for (const [title, value] of [
  ['one that stands still', () => 50],
  ['one that shrinks', (n: number) => 100 - n],
  ['one that goes up and down', (n: number) => (n % 10) * 5 + n * 0.1],
] as const) {
  test(`no forecast for ${title}`, () => assert.equal(timeUntil(200, levels(31, value)), null));
}

test('no forecast from too few points or too short a time', () => {
  assert.equal(
    timeUntil(
      200,
      levels(4, (n) => n),
    ),
    null,
  );
  assert.equal(
    timeUntil(
      200,
      levels(10, (n) => n),
    ),
    null,
    'nine minutes',
  );
  assert.equal(timeUntil(200, []), null);
});

test('what is already over the limit is reached now', () => {
  assert.equal(
    timeUntil(
      5,
      levels(21, (n) => n),
    ),
    0,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTimeSpan } from '../../src/core/time-span.ts';

const minute = 60_000;

test('lengths of time as people type them', () => {
  const read = ['30m', '2h', '1d', '90s', '1h30m', '30 min', '2 Ч', '30мин', '1д2ч'].map(readTimeSpan);
  const expected = [30, 120, 1440, 1.5, 90, 30, 120, 30, 1560].map((minutes) => minutes * minute);
  assert.deepEqual(read, expected);
});

test('anything else is not guessed at', () => {
  for (const text of ['', '30', 'm', '0m', '-5m', '1w', 'soon', '30m!', '1.5h', '99999999d', '30m constructor'])
    assert.equal(readTimeSpan(text), null, text);
});

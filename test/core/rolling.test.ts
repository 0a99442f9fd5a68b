import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, roll, slowMedian } from '../../src/core/rolling.ts';

test('the median of none, odd and even numbers of samples', () => {
  assert.equal(median([]), null);
  assert.equal(median([7]), 7);
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 100, 3, 5]), 4);
  assert.equal(median([10, 9, 100]), 10, 'numbers are not sorted as text');
});

test('a window keeps the newest', () => {
  let window: readonly number[] = [];
  for (let n = 1; n <= 7; n++) window = roll(window, n);
  assert.deepEqual(window, [3, 4, 5, 6, 7]);
});

test('one slow sample is not slowness, three of five are', () => {
  assert.equal(slowMedian([5, 5, 900, 5, 5], 100), null);
  assert.equal(slowMedian([900, 5, 900, 5, 900], 100), 900);
});

test('too few samples say nothing', () => {
  assert.equal(slowMedian([900, 900], 100), null);
  assert.equal(slowMedian([900, 900, 900], 100), 900);
});

test('exactly at the limit is not over it', () => assert.equal(slowMedian([100, 100, 100], 100), null));

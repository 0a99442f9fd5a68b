import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growth, percentOf, ratePerSecond } from '../../src/core/counter.ts';

test('a counter is read as a step from the last reading', () => {
  assert.equal(growth(10, 15), 5);
  assert.equal(growth(10, 10), 0);
});

test('the first reading is a baseline', () => {
  assert.equal(growth(null, 15), null);
  assert.equal(growth(undefined, 15), null);
});

test('a counter that went back was reset: a new baseline, no step', () => {
  assert.equal(growth(1_000_000, 3), null);
  assert.equal(ratePerSecond(1_000_000, 3, 1000), null);
});

test('a rate is per second, and needs time to pass', () => {
  assert.equal(ratePerSecond(100, 400, 30_000), 10);
  assert.equal(ratePerSecond(100, 400, 0), null);
});

test('a share of nothing is nothing', () => {
  assert.equal(percentOf(1, 4), 25);
  assert.equal(percentOf(1, 0), 0);
});

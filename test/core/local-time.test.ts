import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayOf, endOfHours, minuteOfDay, nextTimeOfDay } from '../../src/core/local-time.ts';

const BERLIN = 'Europe/Berlin';
const at = (iso: string) => Date.parse(iso);
const iso = (epoch: number | null) => (epoch === null ? null : new Date(epoch).toISOString());

describe('local time', () => {
  it('reads the clock of a zone', () => {
    assert.equal(minuteOfDay(at('2026-11-23T21:30:00Z'), 'Europe/Moscow'), 30);
    assert.equal(dayOf(at('2026-11-23T21:30:00Z'), 'Europe/Moscow'), '2026-11-24');
  });

  it('finds the next time of day, never this moment itself', () => {
    assert.equal(iso(nextTimeOfDay(at('2026-11-23T06:59:00Z'), 480, BERLIN)), '2026-11-23T07:00:00.000Z');
    assert.equal(iso(nextTimeOfDay(at('2026-11-23T07:00:00Z'), 480, BERLIN)), '2026-11-24T07:00:00.000Z');
  });

  it('beszel#1827: quiet hours end at the same time of day on both clock-change days', () => {
    const hours = { from: 23 * 60, to: 8 * 60 };
    // 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
    assert.equal(iso(endOfHours(hours, at('2026-03-28T22:30:00Z'), BERLIN)), '2026-03-29T06:00:00.000Z');
    assert.equal(iso(endOfHours(hours, at('2026-10-24T21:30:00Z'), BERLIN)), '2026-10-25T07:00:00.000Z');
  });

  it('a time that the day skips is the first one after the gap', () => {
    const next = nextTimeOfDay(at('2026-03-28T23:00:00Z'), 150, BERLIN);
    assert.ok(next >= at('2026-03-29T01:00:00Z') && next <= at('2026-03-29T01:30:00Z'), iso(next) ?? '');
  });

  it('knows hours within a day and over midnight', () => {
    const lunch = { from: 12 * 60, to: 13 * 60 };
    assert.equal(iso(endOfHours(lunch, at('2026-11-23T12:10:00Z'), 'UTC')), '2026-11-23T13:00:00.000Z');
    assert.equal(endOfHours(lunch, at('2026-11-23T13:00:00Z'), 'UTC'), null);
    assert.equal(endOfHours({ from: 1380, to: 480 }, at('2026-11-23T12:00:00Z'), 'UTC'), null);
  });
});

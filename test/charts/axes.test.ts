import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sayStretch, timeTicks } from '../../src/charts/time-axis.ts';
import { valueAxis } from '../../src/charts/value-axis.ts';
import type { MetricUnit } from '../../src/core/health.ts';
import { sayMetric, sayMetricShort } from '../../src/measures.ts';

const HOUR = 3600_000;
const labels = (from: number, to: number, timezone: string, locale = 'en-GB') =>
  timeTicks(from, to, timezone, locale).map(({ label }) => label);

describe('the axis of time', () => {
  it('has round times of the clocks there, with the day at midnight', () => {
    const noon = Date.UTC(2026, 10, 23, 12, 3);
    assert.deepEqual(labels(noon - 24 * HOUR, noon, 'Europe/Moscow'), [
      ...['16:00', '20:00', '23 Nov', '04:00', '08:00', '12:00'],
    ]);
    assert.deepEqual(labels(noon - HOUR, noon, 'Asia/Kathmandu'), [
      ...['16:50', '17:00', '17:10', '17:20', '17:30', '17:40'],
    ]);
  });

  it('has days where there are many, today among them, in both languages', () => {
    const noon = Date.UTC(2026, 10, 23, 12);
    assert.deepEqual(labels(noon - 7 * 24 * HOUR, noon, 'UTC', 'ru-RU').at(-1), '23 нояб.');
    assert.deepEqual(labels(noon - 7 * 24 * HOUR, noon, 'UTC'), ['17 Nov', '19 Nov', '21 Nov', '23 Nov']);
    const month = labels(noon - 30 * 24 * HOUR, noon, 'UTC');
    assert.equal(month.length, 5, month.join());
    assert.equal(month.at(-1), '23 Nov');
  });

  it('stays right on the days on which the clocks are changed', () => {
    // Berlin: 25 October 2026 has 25 hours, 29 March 23.
    for (const day of [Date.UTC(2026, 9, 25, 22), Date.UTC(2026, 2, 29, 21)]) {
      const found = timeTicks(day - 24 * HOUR, day, 'Europe/Berlin', 'en-GB');
      for (const { at, label } of found) {
        const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' }).format(at);
        assert.ok(label === clock || clock === '00:00', `${label} ${clock}`);
      }
    }
    // Midnight does not exist on this day in Beirut.
    const gap = Date.UTC(2026, 2, 29, 12);
    assert.deepEqual(labels(gap - 48 * HOUR, gap + 5 * 24 * HOUR, 'Asia/Beirut'), [
      '28 Mar',
      '30 Mar',
      '1 Apr',
      '3 Apr',
    ]);
  });

  it('says which stretch it is', () => {
    const noon = Date.UTC(2026, 10, 23, 12);
    assert.match(sayStretch(noon - HOUR, noon, 'UTC', 'en-GB'), /23 Nov.*11:00.*12:00/);
    assert.match(sayStretch(noon - 168 * HOUR, noon, 'UTC', 'ru-RU'), /16.*23 нояб/);
  });
});

describe('numbers where room is scarce', () => {
  it('are short from a hundred thousand on, and the same below', () => {
    const short = (language: 'en' | 'ru', value: number, unit: MetricUnit) =>
      sayMetricShort(language, { name: '', value, unit }).replaceAll('\u00a0', ' ');
    assert.equal(short('en', 123_615_358_702, 'count'), '123.6B');
    assert.equal(short('ru', 1_234_567, 'per_s'), '1,2 млн/с');
    assert.equal(short('en', 99_999, 'count'), '99,999');
    assert.equal(short('en', -20.4, 'ms'), '−20 ms');
    assert.equal(short('en', 0.42, 'ms'), '0.4 ms');
    assert.equal(short('en', -0.01, 'ms'), '0 ms');
  });
});

describe('the axis of values', () => {
  const axis = (low: number, high: number, unit: MetricUnit, panels = 1) => {
    const { min, max, ticks } = valueAxis(low, high, unit, panels, (metric) => sayMetric('en', metric));
    return { min, max, said: ticks.map(({ label }) => label) };
  };

  it('begins at zero and ends above the highest, in round steps of the unit', () => {
    assert.deepEqual(axis(3, 78, '%', 2).said, ['0', '50 %', '100 %']);
    assert.deepEqual(axis(0, 145 * 2 ** 20, 'bytes').said, ['0', '50 MB', '100 MB', '150 MB']);
    assert.deepEqual(axis(0, 3.1 * 2 ** 30, 'bytes').said, ['0', '1 GB', '2 GB', '3 GB', '4 GB']);
    assert.deepEqual(axis(0, 1800, 'ms').said, ['0', '500 ms', '1 s', '1.5 s', '2 s']);
    assert.deepEqual(axis(0, 7000, 's').said, ['0', '30 min', '1 h', '1 h 30 min', '2 h']);
  });

  it('says each step as it is: no two labels alike, none rounded to something else', () => {
    assert.deepEqual(axis(-70, 30, 'ms').said, ['−75 ms', '−50 ms', '−25 ms', '0', '25 ms', '50 ms']);
    assert.deepEqual(axis(0, 0, 'ms').said, ['0', '0.5 ms', '1 ms']);
    assert.deepEqual(axis(0, 8, 'count').said, ['0', '2', '4', '6', '8']);
    assert.deepEqual(axis(0, 9e8, 'bytes').said, ['0', '256 MB', '512 MB', '768 MB', '1 GB']);
    for (const unit of ['%', 'bytes', 'ms', 's', 'count', 'per_s', 'bytes_per_s'] as const)
      for (const high of [0, 0.4, 1, 3, 9.99, 47, 99, 512, 1023, 5000, 86_400, 1e6, 3e9]) {
        const { said } = axis(0, high, unit);
        assert.equal(new Set(said).size, said.length, `${unit} ${high}: ${said.join()}`);
      }
  });

  it('holds every number, whatever comes', () => {
    for (const unit of ['%', 'bytes', 'ms', 's', 'count', 'per_s', 'bytes_per_s'] as const)
      for (const high of [0, 1e-9, 0.4, 1, 9.99, 99, 100, 1023, 86_400, 1e7, 5e12, 1e18])
        for (const low of [0, -high / 3]) {
          const { min, max, said } = axis(low, high, unit);
          assert.ok(min <= low && max >= high && max > min, `${unit} ${low} ${high}`);
          assert.ok(said.length >= 2 && said.length <= 9, `${unit} ${high}: ${said.join()}`);
        }
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricUnit } from '../../src/core/health.ts';
import { sayDuration, sayMetric, sayTime, shorten } from '../../src/telegram/say.ts';

/** Russian numbers are grouped and units are set off by no-break spaces: the same to a reader. */
const spaces = (text: string) => text.replace(/\u00a0|\u202f/g, ' ');

const s = 1000;
const min = 60 * s;
const h = 60 * min;
const d = 24 * h;

const durations: readonly (readonly [number, string, string])[] = [
  [-5, '0 ms', '0 мс'],
  [0, '0 ms', '0 мс'],
  [230, '230 ms', '230 мс'],
  [999.6, '1 s', '1 с'],
  [1234, '1.2 s', '1,2 с'],
  [9999, '9.9 s', '9,9 с'],
  [59_999, '59 s', '59 с'],
  [min, '1 min', '1 мин'],
  [4 * min + 12 * s, '4 min 12 s', '4 мин 12 с'],
  [3 * h, '3 h', '3 ч'],
  [3 * h + 5 * min + 59 * s, '3 h 5 min', '3 ч 5 мин'],
  [2 * d + 3 * h, '2 d 3 h', '2 д 3 ч'],
  [1500 * d, '1,500 d', '1 500 д'],
];

for (const [ms, en, ru] of durations) {
  test(`${ms} ms is said as ${en}`, () => {
    assert.equal(spaces(sayDuration('en', ms)), en);
    assert.equal(spaces(sayDuration('ru', ms)), ru);
  });
}

const noon = Date.UTC(2026, 10, 23, 12, 0, 5);

test('a moment is said as the clock in the zone shows it', () => {
  assert.equal(sayTime('en', noon, noon, 'Europe/Moscow'), '15:00:05');
  assert.equal(sayTime('ru', noon, noon, 'Europe/Moscow'), '15:00:05');
});

test('a moment of another day there carries its date', () => {
  assert.equal(sayTime('en', noon - 13 * h, noon, 'UTC'), '22 Nov 2026, 23:00:05');
  assert.match(spaces(sayTime('ru', noon - 13 * h, noon, 'UTC')), /^22 нояб\. 2026 г\., 23:00:05$/);
  assert.equal(sayTime('en', noon - 13 * h, noon, 'Europe/Moscow'), '02:00:05', 'already today in Moscow');
});

test('numbers of checks carry their units', () => {
  const say = (value: number, unit: MetricUnit) => spaces(sayMetric('en', { name: 'x', value, unit }));
  assert.equal(say(12.345, '%'), '12.3 %');
  assert.equal(say(512, 'bytes'), '512 B');
  assert.equal(say(1536 * 1024, 'bytes'), '1.5 MB');
  assert.equal(say(250, 'ms'), '250 ms');
  assert.equal(say(90, 's'), '1 min 30 s');
  assert.equal(say(1412, 'count'), '1,412');
  assert.equal(say(12.34, 'per_s'), '12.3/s');
  assert.equal(say(1536 * 1024, 'bytes_per_s'), '1.5 MB/s');
  assert.equal(spaces(sayMetric('ru', { name: 'x', value: 12.34, unit: '%' })), '12,3 %');
});

test('a long text is shortened without cutting a character in two', () => {
  assert.equal(shorten('🔥🔥🔥', 3), '🔥🔥🔥');
  assert.equal(shorten('🔥🔥🔥🔥', 3), '🔥🔥…');
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import {
  cron,
  deadline,
  decimal,
  duration,
  flag,
  integer,
  interval,
  oneOf,
  oneOfCapitals,
  pattern,
  percentage,
  quietHours,
  rate,
  size,
  statuses,
  text,
  timeZone,
  webAddress,
} from '../../src/config/values.ts';

const day = 86_400_000;

/** What is understood and as what; and what is not. */
const table: readonly (readonly [string, z.ZodType, readonly (readonly [unknown, unknown])[], readonly unknown[]])[] = [
  [
    'duration',
    duration,
    [
      [0, 0],
      [30, 30_000],
      [0.5, 500],
      ['30', 30_000],
      ['500ms', 500],
      ['10s', 10_000],
      ['1.5m', 90_000],
      ['1h', 3_600_000],
      ['7d', 7 * day],
      ['24d', 24 * day],
    ],
    [
      '',
      'soon',
      '10 s',
      '1w',
      '-1s',
      -1,
      '25d',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      null,
      undefined,
      [],
      {},
      true,
      '1s1m',
    ],
  ],
  ['interval', interval, [['1s', 1000]], ['999ms', 0]],
  ['deadline', deadline, [['1ms', 1]], ['0s', 0, '0.1ms']],
  [
    'size',
    size,
    [
      [1024, 1024],
      ['512mb', 512 * 2 ** 20],
      ['512M', 512 * 2 ** 20],
      ['1.5 GiB', 1.5 * 2 ** 30],
      ['10kb', 10_240],
      ['7b', 7],
    ],
    [0, '0mb', 'mb', '-1mb', '1xb', '9999999tb', null],
  ],
  [
    'percentage',
    percentage,
    [
      ['90%', 90],
      [90, 90],
      ['0.5 %', 0.5],
      [100, 100],
    ],
    ['101%', -1, '%', null, '1e1'],
  ],
  [
    'rate',
    rate,
    [
      ['5/1m', { count: 5, per: 60_000 }],
      ['1 / 30s', { count: 1, per: 30_000 }],
    ],
    ['5', '5/0s', '/1m', '5/m', 5],
  ],
  [
    'integer',
    integer(0, 10),
    [
      [0, 0],
      ['10', 10],
    ],
    [-1, 11, 1.5, '1.5', '', null, '0x5'],
  ],
  [
    'decimal',
    decimal,
    [
      [-1.5, -1.5],
      ['2', 2],
    ],
    ['', 'a', Number.NaN, null],
  ],
  [
    'flag',
    flag,
    [
      [true, true],
      ['false', false],
    ],
    ['yes', 1, 0, null, ''],
  ],
  ['text', text, [['Бот продаж', 'Бот продаж']], ['', '  ', 'a\nb', 'a\0', 5, null]],
  [
    'one of',
    oneOf('a', 'b-c'),
    [
      ['a', 'a'],
      ['B-C', 'b-c'],
    ],
    ['', 'd', null],
  ],
  ['one of capitals', oneOfCapitals('SIGTERM'), [['sigterm', 'SIGTERM']], ['TERM', 15]],
  [
    'web address',
    webAddress,
    [['https://a.example/b?c', 'https://a.example/b?c']],
    ['a.example', 'ftp://a', 'http://u:p@a', 'http://u@a', 'http://', 5],
  ],
  [
    'pattern',
    pattern,
    [
      ['ok|ready', 'ok|ready'],
      ['a'.repeat(200), 'a'.repeat(200)],
    ],
    ['(', '', 'a'.repeat(201), null],
  ],
  [
    'cron',
    cron,
    [
      ['0 9 * * *', '0 9 * * *'],
      ['', ''],
    ],
    ['9', '61 * * * *', 'daily', null],
  ],
  [
    'time zone',
    timeZone,
    [
      ['Europe/Moscow', 'Europe/Moscow'],
      ['UTC', 'UTC'],
    ],
    ['Moscow', '+03:00', '', null],
  ],
  [
    'quiet hours',
    quietHours,
    [['23:00-08:30', { from: 1380, to: 510 }]],
    ['23:00', '24:00-08:00', '8:00-9:00', '08:00-08:00', null],
  ],
  [
    'statuses',
    statuses,
    [
      [200, [{ from: 200, to: 200 }]],
      ['200-399', [{ from: 200, to: 399 }]],
      [
        [204, '300-302'],
        [
          { from: 204, to: 204 },
          { from: 300, to: 302 },
        ],
      ],
    ],
    [99, 600, '299-200', [], [200, 'x'], null, '2xx'],
  ],
];

for (const [name, schema, right, wrong] of table) {
  describe(`a ${name}`, () => {
    it('is understood', () => {
      for (const [given, value] of right) assert.deepEqual(schema.safeParse(given).data, value, JSON.stringify(given));
    });

    it('is refused when it is none', () => {
      for (const given of wrong) assert.equal(schema.safeParse(given).success, false, JSON.stringify(given));
    });
  });
}

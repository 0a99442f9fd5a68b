import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chartSpec, gridSpec, type Measured, type Voice } from '../../src/charts/spec.ts';
import type { MetricUnit } from '../../src/core/health.ts';
import { t } from '../../src/i18n.ts';
import { sayMetric } from '../../src/measures.ts';

const MINUTE = 60_000;
const noon = Date.UTC(2026, 10, 23, 12);
const frame = { theme: 'dark', title: 'Shop', from: noon - 60 * MINUTE, to: noon, timezone: 'UTC' } as const;
const none = { starts: [], incidents: [] };
const english: Voice = {
  locale: 'en-GB',
  say: (metric) => sayMetric('en', metric),
  word: (key, args) => t('en', key, args),
};

function measured(label: string, unit: MetricUnit, values: readonly (number | null)[]): Measured {
  const points = values.flatMap((value, index) =>
    value === null
      ? []
      : [{ at: frame.from + index * MINUTE, min: value - 1, avg: value, max: value + 1, last: value, count: 6 }],
  );
  return { label, brief: label, unit, step: MINUTE, points };
}

describe('a chart', () => {
  it('has a panel for each unit, and each line in its own with its figures', () => {
    const drawing = chartSpec(
      frame,
      [measured('CPU', '%', [1, 2, 3]), measured('Wait', '%', [5, 5, 5]), measured('Memory', 'bytes', [2048, 2048])],
      none,
      english,
    );
    assert.equal(drawing.panels.length, 2);
    assert.deepEqual(
      drawing.lines.map(({ label, panel, colour, figures }) => [label, panel, colour, figures]),
      [
        ['CPU', 0, 0, ['3 %', '0 %', '2 %', '4 %']],
        ['Wait', 0, 1, ['5 %', '4 %', '5 %', '6 %']],
        ['Memory', 1, 2, ['2 KB', '2 KB', '2 KB', '2 KB']],
      ],
    );
    assert.ok((drawing.panels[0]?.max ?? 0) >= 6);
    assert.deepEqual(drawing.heads, ['last', 'min', 'avg', 'max']);
  });

  it('breaks the line where nothing was measured', () => {
    const { lines } = chartSpec(frame, [measured('CPU', '%', [1, 1, 1, null, null, null, 1, 1])], none, english);
    assert.deepEqual([...(lines[0]?.avg ?? [])], [1, 1, 1, Number.NaN, 1, 1]);
    const x = [...(lines[0]?.x ?? [])];
    assert.deepEqual(
      x,
      x.toSorted((a, b) => a - b),
    );
  });

  it('marks starts and incidents within its time, an open one until now', () => {
    const marks = {
      starts: [noon - 90 * MINUTE, noon - 30 * MINUTE],
      incidents: [
        { from: noon - 90 * MINUTE, to: noon - 50 * MINUTE, level: 'critical' },
        { from: noon - 10 * MINUTE, to: null, level: 'warning' },
      ],
    } as const;
    const drawing = chartSpec(frame, [measured('CPU', '%', [1])], marks, english);
    assert.deepEqual(drawing.starts, [noon - 30 * MINUTE]);
    assert.deepEqual(drawing.shades, [
      { from: noon - 10 * MINUTE, to: noon, bad: false },
      { from: frame.from, to: noon - 50 * MINUTE, bad: true },
    ]);
    assert.equal(drawing.startsLabel, '1 start');
    assert.deepEqual([drawing.badLabel, drawing.fairLabel], ['1 incident', '1 warning']);
    const empty = chartSpec(frame, [], none, english);
    assert.deepEqual([empty.startsLabel, empty.badLabel, empty.fairLabel], ['', '', '']);
  });

  it('shades what overlaps once, and counts it as often as it was', () => {
    const [first, second] = [noon - 30 * MINUTE, noon - 20 * MINUTE];
    const incidents = [
      { from: second, to: noon - 5 * MINUTE, level: 'critical' },
      { from: first, to: noon - 15 * MINUTE, level: 'error' },
    ] as const;
    const drawing = chartSpec(frame, [measured('CPU', '%', [1])], { starts: [], incidents }, english);
    assert.deepEqual(drawing.shades, [{ from: first, to: noon - 5 * MINUTE, bad: true }]);
    assert.equal(drawing.badLabel, '2 incidents');
  });

  it('says how many lines it has no room for', () => {
    assert.match(chartSpec(frame, [measured('CPU', '%', [1])], none, english, 3).footer, /^3 more, /);
    assert.doesNotMatch(chartSpec(frame, [measured('CPU', '%', [1])], none, english).footer, /more/);
  });
});

describe('the dashboard', () => {
  it('has a cell for each service, and counts those on other pages', () => {
    const row = { title: 'Shop', health: 'good', measured: [measured('CPU', '%', [1, null, null, null, 2])] } as const;
    const grid = gridSpec(frame, Array(12).fill(row), english, 2);
    assert.deepEqual([grid.cells.length, grid.columns, grid.rows], [12, 3, 4]);
    assert.match(grid.footer, /^2 more/);
    assert.equal(grid.cells[0]?.sparks[0]?.value, '2 %');
    const few = gridSpec(frame, [row, { ...row, measured: [measured('CPU', '%', [])] }], english);
    assert.deepEqual([few.columns, few.rows, few.cells[1]?.sparks], [2, 1, []]);
  });
});

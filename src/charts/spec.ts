import type { Metric, MetricUnit } from '../core/health.ts';
import { type Bucket, type Marks, runsOf, summarize } from '../core/history.ts';
import type { Theme } from '../core/picture.ts';
import type { Cell, ChartDrawing, GridDrawing, Line, Panel } from './drawing.ts';
import { sayStretch, timeTicks } from './time-axis.ts';
import { valueAxis } from './value-axis.ts';

/** How a picture speaks: `say` a number with its unit, `word` a Fluent message. */
export interface Voice {
  /** BCP 47. */
  readonly locale: string;
  readonly say: (metric: Metric) => string;
  readonly word: (key: string, args?: Readonly<Record<string, string | number>>) => string;
}

export interface Frame {
  readonly theme: Theme;
  readonly title: string;
  /** Epoch ms; `to` is now. */
  readonly from: number;
  readonly to: number;
  /** IANA name. */
  readonly timezone: string;
}

/** What was measured, with the name it is to be drawn under. */
export interface Measured {
  readonly label: string;
  readonly unit: MetricUnit;
  readonly step: number;
  readonly points: readonly Bucket[];
}

/** More lines than this nobody tells apart. */
export const MOST_LINES = 6;
/** Services on one dashboard. */
export const MOST_CELLS = 12;

/** A chart: one panel for each unit, at most three; the rest is left out. */
export function chartSpec(frame: Frame, measured: readonly Measured[], marks: Marks, voice: Voice): ChartDrawing {
  const { theme, title, from, to, timezone } = frame;
  const shown = measured.slice(0, MOST_LINES);
  const units = [...new Set(shown.map(({ unit }) => unit))].slice(0, 3);
  const lines = shown.flatMap((each, colour): Line[] => {
    const panel = units.indexOf(each.unit);
    return panel < 0 ? [] : [lineOf(each, colour, panel, voice)];
  });
  const shades = marks.incidents.map((span) => ({
    from: Math.max(from, span.from),
    to: Math.min(to, span.to ?? to),
    bad: span.level === 'error' || span.level === 'critical',
  }));
  const starts = marks.starts.filter((at) => at >= from && at <= to);
  return {
    ...{ kind: 'chart', theme, title, from, to, lines, starts, shades },
    heads: ['last', 'min', 'avg', 'max'].map((figure) => voice.word(`chart-${figure}`)),
    ticks: timeTicks(from, to, timezone, voice.locale),
    panels: units.map((unit) => panelOf(unit, shown, units.length, voice)),
    startsLabel: starts.length === 0 ? '' : voice.word('chart-starts', { starts: starts.length }),
    shadesLabel: shades.length === 0 ? '' : voice.word('chart-incidents', { incidents: shades.length }),
    footer: `${sayStretch(from, to, timezone, voice.locale)}, ${timezone}`,
  };
}

function panelOf(unit: MetricUnit, measured: readonly Measured[], panels: number, voice: Voice): Panel {
  const points = measured.filter((each) => each.unit === unit).flatMap((each) => each.points);
  const all = summarize(points);
  return valueAxis(all?.min ?? 0, all?.max ?? 0, unit, panels, voice.say);
}

function lineOf({ label, unit, step, points }: Measured, colour: number, panel: number, voice: Voice): Line {
  const all = summarize(points);
  const { x, take } = withHoles(points, step);
  const figure = (value: number) => voice.say({ name: '', value, unit });
  return {
    ...{ label, colour, panel, x },
    ...{ avg: take(({ avg }) => avg), min: take(({ min }) => min), max: take(({ max }) => max) },
    figures: all === null ? [] : [all.last, all.min, all.avg, all.max].map(figure),
  };
}

/** A NaN between runs, so that no line bridges a hole. */
function withHoles(points: readonly Bucket[], step: number) {
  const cut = runsOf(points, step).flatMap((run, index): readonly (Bucket | null)[] =>
    index === 0 ? run : [null, ...run],
  );
  const x = Float64Array.from(cut, (point, index) => point?.at ?? (cut[index - 1]?.at ?? 0) + 1);
  return {
    x,
    take: (of: (point: Bucket) => number) => Float64Array.from(cut, (point) => (point ? of(point) : Number.NaN)),
  };
}

/** One service of the dashboard. */
export interface Row {
  readonly title: string;
  readonly health: Cell['health'];
  readonly measured: readonly Measured[];
}

/** Every service in small, in the order given; what does not fit is counted. */
export function gridSpec(frame: Frame, rows: readonly Row[], voice: Voice): GridDrawing {
  const { theme, title, from, to, timezone } = frame;
  const shown = rows.slice(0, MOST_CELLS);
  const columns = shown.length <= 4 ? Math.min(2, Math.max(1, shown.length)) : shown.length <= 8 ? 2 : 3;
  const more = rows.length - shown.length;
  const stretch = `${sayStretch(from, to, timezone, voice.locale)}, ${timezone}`;
  return {
    ...{ kind: 'grid', theme, title, from, to, columns },
    rows: Math.max(1, Math.ceil(shown.length / columns)),
    footer: more > 0 ? `${voice.word('chart-more', { more })}, ${stretch}` : stretch,
    nothing: voice.word('chart-nothing'),
    cells: shown.map((row) => ({
      ...{ title: row.title, health: row.health },
      sparks: row.measured.flatMap((each) => sparkOf(each, voice)),
    })),
  };
}

function sparkOf({ label, unit, step, points }: Measured, voice: Voice): Cell['sparks'] {
  const all = summarize(points);
  if (all === null) return [];
  const { x, take } = withHoles(points, step);
  const y = take(({ avg }) => avg);
  const highest = points.reduce((most, { avg }) => Math.max(most, avg), 0);
  return [
    { label, value: voice.say({ name: '', value: all.last, unit }), x, y, min: Math.min(0, all.min), max: highest },
  ];
}

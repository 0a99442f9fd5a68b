import type { Metric, MetricUnit } from '../core/health.ts';
import { type Bucket, type IncidentSpan, type Marks, runsOf, summarize } from '../core/history.ts';
import { MOST_CELLS, type Theme } from '../core/picture.ts';
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
  /** The label in a few letters. */
  readonly brief: string;
  readonly unit: MetricUnit;
  readonly step: number;
  readonly points: readonly Bucket[];
}

/** More lines than this nobody tells apart. */
export const MOST_LINES = 6;

/** A chart: one panel for each unit, at most three. `more`: lines that there is no room for; said. */
export function chartSpec(
  frame: Frame,
  measured: readonly Measured[],
  marks: Marks,
  voice: Voice,
  more = 0,
): ChartDrawing {
  const { theme, title, from, to, timezone } = frame;
  const shown = measured.slice(0, MOST_LINES);
  const units = [...new Set(shown.map(({ unit }) => unit))].slice(0, 3);
  const lines = shown.flatMap((each, colour): Line[] => {
    const panel = units.indexOf(each.unit);
    return panel < 0 ? [] : [lineOf(each, colour, panel, voice)];
  });
  const [bad, fair] = [marks.incidents.filter(isBad), marks.incidents.filter((span) => !isBad(span))];
  const shades = [
    ...together(fair, from, to).map((span) => ({ ...span, bad: false })),
    ...together(bad, from, to).map((span) => ({ ...span, bad: true })),
  ];
  const starts = marks.starts.filter((at) => at >= from && at <= to);
  return {
    ...{ kind: 'chart', theme, title, from, to, lines, starts, shades },
    heads: ['last', 'min', 'avg', 'max'].map((figure) => voice.word(`chart-${figure}`)),
    ticks: timeTicks(from, to, timezone, voice.locale),
    panels: units.map((unit) => panelOf(unit, shown, units.length, voice)),
    startsLabel: starts.length === 0 ? '' : voice.word('chart-starts', { starts: starts.length }),
    badLabel: bad.length === 0 ? '' : voice.word('chart-incidents', { incidents: bad.length }),
    fairLabel: fair.length === 0 ? '' : voice.word('chart-warnings', { warnings: fair.length }),
    footer: footerOf(frame, more, voice),
    shorterFooters: more > 0 ? [voice.word('chart-more', { more })] : [stretchOf(frame, voice)],
  };
}

function stretchOf({ from, to, timezone }: Frame, voice: Voice): string {
  return sayStretch(from, to, timezone, voice.locale);
}

function footerOf(frame: Frame, more: number, voice: Voice): string {
  const stretch = `${stretchOf(frame, voice)}, ${frame.timezone}`;
  return more > 0 ? `${voice.word('chart-more', { more })}, ${stretch}` : stretch;
}

function isBad({ level }: IncidentSpan): boolean {
  return level === 'error' || level === 'critical';
}

/** What overlaps as one: shade upon shade would look like something worse. */
function together(spans: readonly IncidentSpan[], from: number, to: number) {
  const all: { from: number; to: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const [begin, end] = [Math.max(from, span.from), Math.min(to, span.to ?? to)];
    const before = all.at(-1);
    if (before !== undefined && begin <= before.to) before.to = Math.max(before.to, end);
    else all.push({ from: begin, to: end });
  }
  return all;
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

/** Services in small, in the order given. `more`: how many are on other pages; said. */
export function gridSpec(frame: Frame, rows: readonly Row[], voice: Voice, more = 0): GridDrawing {
  const { theme, title, from, to } = frame;
  const shown = rows.slice(0, MOST_CELLS);
  const columns = shown.length <= 4 ? Math.min(2, Math.max(1, shown.length)) : shown.length <= 8 ? 2 : 3;
  return {
    ...{ kind: 'grid', theme, title, from, to, columns },
    rows: Math.max(1, Math.ceil(shown.length / columns)),
    footer: footerOf(frame, more, voice),
    nothing: voice.word('chart-nothing'),
    cells: shown.map((row) => ({
      ...{ title: row.title, health: row.health },
      sparks: row.measured.flatMap((each) => sparkOf(each, voice)),
    })),
  };
}

function sparkOf({ label, brief, unit, step, points }: Measured, voice: Voice): Cell['sparks'] {
  const all = summarize(points);
  if (all === null) return [];
  const { x, take } = withHoles(points, step);
  const y = take(({ avg }) => avg);
  const highest = points.reduce((most, { avg }) => Math.max(most, avg), 0);
  const value = voice.say({ name: '', value: all.last, unit });
  return [{ label, brief, value, x, y, min: Math.min(0, all.min), max: highest }];
}

import type { MetricUnit } from './health.ts';
import type { Level } from './incident.ts';

/** What a number did between `at` (epoch ms) and `at` + the step it was asked for. */
export interface Bucket {
  readonly at: number;
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly last: number;
  /** How many samples it stands for; never 0: where nothing was measured there is no bucket. */
  readonly count: number;
}

/** One number of one check of one service. */
export interface Series {
  readonly service: string;
  readonly check: string;
  readonly metric: string;
  readonly unit: MetricUnit;
}

export interface HistoryQuestion {
  readonly service: string;
  readonly metric: string;
  /** Which check's, where several of a service have such a number; not set: the process's, else the first by name. */
  readonly check?: string;
  /** Epoch ms; `to` excluded. */
  readonly from: number;
  readonly to: number;
  /** Ms; not set: what gives a picture's worth of points. At most {@link MOST_POINTS} come of it. */
  readonly step?: number;
}

export interface HistoryAnswer {
  readonly series: Series;
  /** Ms. Coarser than asked for where the finer numbers are not kept so long, or too many points would come of it. */
  readonly step: number;
  /** Oldest first. */
  readonly points: readonly Bucket[];
}

/** An incident on the axis of time; `to` null: still open. */
export interface IncidentSpan {
  readonly from: number;
  readonly to: number | null;
  readonly level: Level;
}

/** What happened to a service meanwhile. */
export interface Marks {
  /** When it was started, by whomever. */
  readonly starts: readonly number[];
  readonly incidents: readonly IncidentSpan[];
}

/** What was measured, for charts, HTTP and CLI. */
export interface History {
  /** By service, check, metric. `service` not set: of all. */
  series(service?: string): readonly Series[];
  /** Null: there is no such series. */
  query(question: HistoryQuestion): HistoryAnswer | null;
  marks(service: string, from: number, to: number): Marks;
  /** Bytes that the data file takes, all in all. */
  bytes(): number;
}

/** What a service is shown with where nobody chose: the first two of these that it has, else whatever it has. */
const favourites = ['cpu', 'memory', 'latency', 'load_per_core', 'ops', 'connections'];

export function usualSeries(all: readonly Series[]): readonly Series[] {
  const rank = ({ metric }: Series) => favourites.indexOf(metric) + 1 || favourites.length + 1;
  const names = all.filter((each, index) => all.findIndex(({ metric }) => metric === each.metric) === index);
  return names.toSorted((a, b) => rank(a) - rank(b)).slice(0, 2);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How finely something is kept, and for how long; ms. */
export interface Tier {
  readonly step: number;
  readonly keep: number;
}

/** Raw samples are filed in slots of this length, and come in no finer steps. */
export const RAW_STEP = 10 * SECOND;

/** Finest first: as measured for a day, by the minute for three, by ten minutes for all the time that is asked for. */
export function tiersOf(retentionDays: number): readonly [raw: Tier, minutes: Tier, tenMinutes: Tier] {
  const all = retentionDays * DAY;
  return [
    { step: RAW_STEP, keep: Math.min(DAY, all) },
    { step: MINUTE, keep: Math.min(3 * DAY, all) },
    { step: 10 * MINUTE, keep: all },
  ];
}

/** More points than this say nothing more on 1600 pixels. */
const PICTURE_POINTS = 720;
/** What one answer holds at most. */
export const MOST_POINTS = 5000;

const steps = [
  ...[RAW_STEP, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 6 * HOUR, DAY],
];

/** The step (ms) for a span: the one that is asked for, if it gives no more than {@link MOST_POINTS}, else a round one. */
export function stepFor(span: number, wanted?: number): number {
  if (wanted !== undefined && span / wanted <= MOST_POINTS) return Math.max(1, Math.ceil(wanted / RAW_STEP)) * RAW_STEP;
  const most = wanted === undefined ? PICTURE_POINTS : MOST_POINTS;
  return steps.find((step) => span / step <= most) ?? Math.ceil(span / most / DAY) * DAY;
}

/**
 * Where to read: the coarsest tier that is no coarser than the step and still has the beginning; if none has, the one
 * that reaches back furthest. An index into `tiers`.
 */
export function tierFor(tiers: readonly Tier[], from: number, step: number, now: number): number {
  const has = (tier: Tier) => now - tier.keep <= from;
  const fit = tiers.findLastIndex((tier) => tier.step <= step && step % tier.step === 0 && has(tier));
  if (fit >= 0) return fit;
  const coarser = tiers.findIndex(has);
  return coarser >= 0 ? coarser : tiers.length - 1;
}

/** The step that a tier can give: never finer than its own, and a whole number of those. */
export function stepIn(tier: Tier, step: number): number {
  return Math.ceil(step / tier.step) * tier.step;
}

/** Puts together what falls into the same step; `parts` in order of time. */
export function rollUp(parts: readonly Bucket[], step: number): readonly Bucket[] {
  const all: Bucket[] = [];
  for (const part of parts) {
    const at = Math.floor(part.at / step) * step;
    const known = all.at(-1);
    if (known?.at === at) all[all.length - 1] = merge(known, part);
    else all.push({ ...part, at });
  }
  return all;
}

function merge(a: Bucket, b: Bucket): Bucket {
  const count = a.count + b.count;
  return {
    at: a.at,
    min: Math.min(a.min, b.min),
    avg: a.avg + ((b.avg - a.avg) * b.count) / count,
    max: Math.max(a.max, b.max),
    last: b.last,
    count,
  };
}

/** The four figures of a whole range; null: nothing was measured. */
export function summarize(points: readonly Bucket[]): Omit<Bucket, 'at'> | null {
  const [first, ...rest] = points;
  return first === undefined ? null : rest.reduce(merge, first);
}

/** A hole is what is wider than this many usual distances: one late or lost sample is none. */
const HOLE = 2.5;

/**
 * Cuts a series where nothing was measured, so that no line bridges an outage. The usual distance is the series' own:
 * what is asked every five minutes has no holes at a step of ten seconds.
 */
export function runsOf(points: readonly Bucket[], step: number): readonly (readonly Bucket[])[] {
  const distances = points.slice(1).map((point, index) => point.at - (points[index]?.at ?? point.at));
  const usual = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? step;
  const hole = HOLE * Math.max(step, usual);
  const runs: Bucket[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point.at - before > hole) runs.push([]);
    runs.at(-1)?.push(point);
    before = point.at;
  }
  return runs;
}

import type { Reason } from './reason.ts';

/** `unknown` means "could not ask" or "not asked yet"; it is never shown or counted as healthy. */
export type Health = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

/** What charts and texts know how to say. */
export const metricUnits = ['%', 'bytes', 'ms', 's', 'count', 'per_s', 'bytes_per_s'] as const;
export type MetricUnit = (typeof metricUnits)[number];

/** One number that a check read. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: MetricUnit;
}

/** What one question, asked once, gave. */
export interface CheckResult {
  readonly verdict: Health;
  /** Needed for every verdict but `healthy`. */
  readonly reason: Reason | null;
  readonly metrics: readonly Metric[];
}

/** What is remembered of one check of one service. */
export interface CheckRecord {
  readonly id: string;
  /** After thresholds. */
  readonly health: Health;
  /** The last single verdict and its reason, before thresholds. */
  readonly verdict: Health;
  readonly reason: Reason | null;
  /** Unhealthy answers in a row. */
  readonly failures: number;
  /** Answers in a row that were not unhealthy. */
  readonly successes: number;
  /** When `health` became what it is, epoch ms; null: not asked yet. */
  readonly healthSince: number | null;
  /** Since when it could not be asked, epoch ms; null: it could, last time. */
  readonly unknownSince: number | null;
  /** Epoch ms of the last answer; null: not asked yet. */
  readonly at: number | null;
  readonly metrics: readonly Metric[];
}

/** One of several things that a check found not to be as it should be. */
export interface Finding {
  readonly verdict: Exclude<Health, 'healthy'>;
  readonly reason: Reason;
}

export interface HealthRecord {
  readonly health: Health;
  readonly since: number;
  /** The reason of the worst check. */
  readonly reason: Reason | null;
  readonly checks: readonly CheckRecord[];
}

/** Answers in a row that bring a check back from unhealthy. */
export const SUCCESSES_TO_RECOVER = 2;

const worstFirst: readonly Health[] = ['unhealthy', 'degraded', 'unknown', 'healthy'];

/** Orders by how bad it is, worst first; for `Array.sort`. */
export function compareHealth(a: Health, b: Health): number {
  return worstFirst.indexOf(a) - worstFirst.indexOf(b);
}

/** The worst of several; of none: unknown, since nothing was proven. */
export function worstHealth(all: readonly Health[]): Health {
  return all.length === 0 ? 'unknown' : all.reduce((worst, one) => (compareHealth(one, worst) < 0 ? one : worst));
}

/** Before anything was asked (also after every start: an old answer says nothing about a new process). */
export function unaskedHealth(now: number): HealthRecord {
  return { health: 'unknown', since: now, reason: null, checks: [] };
}

function unaskedCheck(id: string): CheckRecord {
  return {
    id,
    health: 'unknown',
    verdict: 'unknown',
    reason: null,
    failures: 0,
    successes: 0,
    healthSince: null,
    unknownSince: null,
    at: null,
    metrics: [],
  };
}

/**
 * Folds one answer into one check's record: `retries` unhealthy answers in a row before unhealthy, two others in a row
 * before healthy again. An "unknown" answer neither counts for nor against: could not ask is not a failure.
 */
export function foldCheck(before: CheckRecord, result: CheckResult, retries: number, now: number): CheckRecord {
  const failures = result.verdict === 'unhealthy' ? before.failures + 1 : 0;
  const answered = result.verdict === 'healthy' || result.verdict === 'degraded';
  const successes = answered ? before.successes + 1 : result.verdict === 'unhealthy' ? 0 : before.successes;
  const health = thresholded(before.health, result.verdict, failures, successes, retries);
  return {
    id: before.id,
    health,
    verdict: result.verdict,
    reason: result.reason,
    failures,
    successes,
    healthSince: health === before.health ? (before.healthSince ?? now) : now,
    unknownSince: result.verdict === 'unknown' ? (before.unknownSince ?? now) : null,
    at: now,
    metrics: keepEqual(before.metrics, result.metrics),
  };
}

/**
 * The new numbers, in the objects of the old where they are the same: most are, and the garbage collector has not to
 * take those of hundreds of services for lasting every few seconds.
 */
function keepEqual(before: readonly Metric[], metrics: readonly Metric[]): readonly Metric[] {
  return metrics.map((metric, index) => {
    const old = before[index];
    return old !== undefined && old.value === metric.value && old.name === metric.name && old.unit === metric.unit
      ? old
      : metric;
  });
}

function thresholded(before: Health, verdict: Health, failures: number, successes: number, retries: number): Health {
  if (verdict === 'unhealthy') return failures >= retries ? 'unhealthy' : before;
  if (verdict === 'unknown') return before === 'unhealthy' ? before : 'unknown';
  if (before === 'unhealthy' && successes < SUCCESSES_TO_RECOVER) return before;
  return verdict;
}

const nobody: ReadonlySet<string> = new Set();

/**
 * Folds one check's answer into a service's health. `ids` are the checks configured now, in order; those in `aside` are
 * kept and shown, but say nothing about the service's health.
 */
export function foldHealth(
  before: HealthRecord,
  ids: readonly string[],
  id: string,
  result: CheckResult,
  retries: number,
  now: number,
  aside: ReadonlySet<string> = nobody,
): HealthRecord {
  const checks = ids.map((each) => {
    const record = before.checks.find((check) => check.id === each) ?? unaskedCheck(each);
    return each === id ? foldCheck(record, result, retries, now) : record;
  });
  let worst: CheckRecord | undefined;
  for (const check of checks) {
    if (aside.has(check.id)) continue;
    // The first of those that are equally bad.
    if (worst === undefined || compareHealth(check.health, worst.health) < 0) worst = check;
  }
  const health = worst?.health ?? 'unknown';
  return {
    health,
    since: health === before.health ? before.since : now,
    reason: health === 'healthy' ? null : (worst?.reason ?? null),
    checks,
  };
}

import type { Reason } from './reason.ts';

/** `unknown` means "could not ask" or "not asked yet"; it is never shown or counted as healthy. */
export type Health = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

/** One number that a check read. `unit` is one of the words charts and texts know: %, bytes, ms, s, count. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: '%' | 'bytes' | 'ms' | 's' | 'count';
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
  readonly failures: number;
  readonly successes: number;
  /** Epoch ms of the last answer; null: not asked yet. */
  readonly at: number | null;
  readonly metrics: readonly Metric[];
}

export interface HealthRecord {
  readonly health: Health;
  readonly since: number;
  /** The reason of the worst check. */
  readonly reason: Reason | null;
  readonly checks: readonly CheckRecord[];
}

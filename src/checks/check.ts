import type { CheckResult } from '../core/health.ts';

/** What a check may know about the service it asks about. */
export interface CheckContext {
  /** The service's own process, when it runs and the driver knows it. */
  readonly pid: number | null;
  /** Epoch ms; the clock that came in from outside. */
  readonly now: number;
  /** Aborts at the check's deadline (`health_check_timeout`). */
  readonly signal: AbortSignal;
}

/** One question asked on a schedule. Expected failures are verdicts; a rejection is a bug and is shown as unknown. */
export interface Check {
  /** Unique within its service; its kind unless two of a kind are configured. */
  readonly id: string;
  readonly kind: string;
  /** One that waits for nothing answers at once. */
  run(context: CheckContext): Promise<CheckResult> | CheckResult;
  close(): Promise<void>;
}

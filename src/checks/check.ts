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
  /** At once where nobody is waited for: a promise for each of hundreds of processes costs more than asking it. */
  run(context: CheckContext): CheckResult | Promise<CheckResult>;
  close(): Promise<void>;
}

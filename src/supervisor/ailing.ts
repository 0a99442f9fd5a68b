import type { CheckResult } from '../core/health.ts';
import { type Reason, reason } from '../core/reason.ts';
import { type Managed, startable } from './managed.ts';

export interface AilingOptions {
  /** Whether a restart is not the manager's to do now, or would not come up: maintenance, a need that is down. */
  readonly held: (service: Managed) => boolean;
  /** Whether something that it needs ails: then a restart for its own health could not help. */
  readonly isCaused: (service: Managed) => boolean;
  /** Told at most once in each life for each cause, unless it got well in between. */
  readonly ails: (service: Managed, why: Reason) => void;
}

/** Samples in a row over `max_memory` before it is restarted: one peak is no leak. */
const SAMPLES_OVER_MEMORY = 3;

/** What speaks for a restart in one life of a service: bad answers in a row, by cause. */
interface Proof {
  readonly run: string | null;
  readonly inRow: Map<string, number>;
}

/**
 * Whether what runs is worth a restart: what a restart destroys needs more proof than an alert does. What was answered
 * while a restart was held speaks for none: whatever held it may have been the cause, and is given time to be over.
 */
export function createAiling({ held, isCaused, ails }: AilingOptions) {
  const proofs = new WeakMap<Managed, Proof>();

  function inRow(service: Managed, cause: string, bad: boolean): number {
    const run = service.record.run?.id ?? null;
    const known = proofs.get(service);
    const proof = known?.run === run ? known : { run, inRow: new Map<string, number>() };
    proofs.set(service, proof);
    const count = bad && !isHeld(service) ? (proof.inRow.get(cause) ?? 0) + 1 : 0;
    proof.inRow.set(cause, count);
    return count;
  }

  function isHeld(service: Managed): boolean {
    return service.operation !== null || !startable(service.config) || held(service);
  }

  return {
    /** `enough`: failures in a row of this check that are worth a restart; null: none are. */
    judge(service: Managed, id: string, { verdict, reason: why }: CheckResult, enough: number | null): void {
      if (enough === null) return;
      const speaks = verdict === 'unhealthy' && !isCaused(service);
      if (inRow(service, id, speaks) === enough && why !== null) ails(service, why);
    },
    judgeMemory(service: Managed, { metrics }: CheckResult): void {
      const { max_memory } = service.config;
      if (max_memory === null) return;
      const memory = metrics.find(({ name }) => name === 'memory')?.value;
      if (memory === undefined) return;
      if (inRow(service, 'max_memory', memory > max_memory) !== SAMPLES_OVER_MEMORY) return;
      ails(service, reason('over-memory', { used: megabytes(memory), limit: megabytes(max_memory) }));
    },
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

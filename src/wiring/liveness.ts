import type { Liveness } from '../core/liveness.ts';
import { type Readiness, readinessOf } from '../core/readiness.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Scheduler } from '../supervisor/scheduler.ts';

/** A loop that has not turned for so long is dead; `/healthz` says so. */
const LOOP_SILENCE_MS = 15_000;

export interface LivenessOptions {
  readonly version: string;
  readonly startedAt: number;
  readonly scheduler: Pick<Scheduler, 'lastTurn'>;
  readonly outbox: Pick<Outbox, 'lastTurn' | 'view' | 'oldestWaiting'>;
  readonly telegram: () => Liveness['telegram'];
  readonly clock: () => number;
}

/** What `/healthz` and `/readyz` say: whether the manager's own loops turn, and whether alerts get out. */
export function createLiveness({ version, startedAt, scheduler, outbox, telegram, clock }: LivenessOptions) {
  function liveness(): Liveness {
    const loops: readonly (readonly [string, number])[] = [
      ['scheduler', clock() - scheduler.lastTurn()],
      ['outbox', clock() - outbox.lastTurn()],
    ];
    const stalled = loops.flatMap(([loop, silentFor]) => (silentFor > LOOP_SILENCE_MS ? [{ loop, silentFor }] : []));
    return { ok: stalled.length === 0, version, startedAt, stalled, telegram: telegram() };
  }

  function readiness(): Readiness {
    const { dropped, dead } = outbox.view();
    return readinessOf(liveness(), { waitsSince: outbox.oldestWaiting(), dropped, dead }, clock());
  }

  return { liveness, readiness };
}

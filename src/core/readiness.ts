import type { Liveness } from './liveness.ts';

/** Whether the manager does its work: it supervises, and what it has to say gets out. What `/readyz` answers from. */
export interface Readiness {
  readonly ready: boolean;
  /** In words for a log of a probe; empty when ready. */
  readonly reasons: readonly string[];
  /** Ms that the oldest notice waits; null: none waits. */
  readonly oldestWaiting: number | null;
  readonly dropped: number;
  readonly dead: number;
}

/** A notice that waits longer (ms) is not delivered as it should be. */
export const WAITS_TOO_LONG_MS = 300_000;

/** `waitsSince`: epoch ms. */
export function readinessOf(
  liveness: Liveness,
  outbox: { readonly waitsSince: number | null; readonly dropped: number; readonly dead: number },
  now: number,
): Readiness {
  const { waitsSince, dropped, dead } = outbox;
  const oldestWaiting = waitsSince === null ? null : Math.max(0, now - waitsSince);
  const late = oldestWaiting !== null && oldestWaiting >= WAITS_TOO_LONG_MS;
  const reasons = [
    ...liveness.stalled.map(({ loop, silentFor }) => `${loop} silent for ${Math.round(silentFor / 1000)} s`),
    ...(late ? [`a notice has waited for ${Math.round(oldestWaiting / 1000)} s`] : []),
  ];
  return { ready: reasons.length === 0, reasons, oldestWaiting, dropped, dead };
}

/**
 * How far a counter went on from `before` to `now`. null: there was nothing to compare with, or it went back, which
 * means that it was reset: the new value is a new baseline, never a huge or negative step.
 */
export function growth(before: number | null | undefined, now: number): number | null {
  return before === null || before === undefined || now < before ? null : now - before;
}

/** {@link growth} per second over `ms`; null also when no time has passed. */
export function ratePerSecond(before: number | null | undefined, now: number, ms: number): number | null {
  const step = growth(before, now);
  return step === null || ms <= 0 ? null : (step * 1000) / ms;
}

/** `part` of `whole` as 0 to 100; of nothing: 0. */
export function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : (100 * part) / whole;
}

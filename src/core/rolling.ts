/** Samples looked at before something is called slow: one bad moment of five is not slowness. */
export const ROLLING_SIZE = 5;
/** Fewer say nothing yet. */
const LEAST_SAMPLES = 3;

/** The middle of `values` (of an even number: the mean of the two in the middle); null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

/** `window` with `value` behind, the oldest dropped beyond `size`. */
export function roll<T>(window: readonly T[], value: T, size = ROLLING_SIZE): readonly T[] {
  return [...window, value].slice(-size);
}

/** The median of `window` when it is above `limit`, else null; also null while there are too few samples to tell. */
export function slowMedian(window: readonly number[], limit: number): number | null {
  const middle = window.length < LEAST_SAMPLES ? null : median(window);
  return middle !== null && middle > limit ? middle : null;
}

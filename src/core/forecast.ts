/** A level (a disk's used bytes) at a moment (epoch ms). */
export interface Level {
  readonly at: number;
  readonly value: number;
}

/** A line through fewer points, or a shorter time, says little about hours to come. */
const LEAST_POINTS = 5;
const LEAST_SPAN_MS = 10 * 60_000;
/** How much of the movement the line has to explain (R²): a level that goes up and down has no forecast. */
const LEAST_FIT = 0.8;

/**
 * Milliseconds from the newest of `levels` until the least-squares line through all of them reaches `limit`. null when
 * it does not rise, when the points do not lie along a line, or when there is too little to tell.
 */
export function timeUntil(limit: number, levels: readonly Level[]): number | null {
  const first = levels[0];
  const last = levels.at(-1);
  if (!first || !last || levels.length < LEAST_POINTS || last.at - first.at < LEAST_SPAN_MS) return null;

  const meanAt = mean(levels.map((level) => level.at - first.at));
  const meanValue = mean(levels.map((level) => level.value));
  let together = 0;
  let alongTime = 0;
  let alongValue = 0;
  for (const { at, value } of levels) {
    const x = at - first.at - meanAt;
    const y = value - meanValue;
    together += x * y;
    alongTime += x * x;
    alongValue += y * y;
  }
  if (together <= 0 || (together * together) / (alongTime * alongValue) < LEAST_FIT) return null;
  return Math.max(0, (limit - last.value) / (together / alongTime));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

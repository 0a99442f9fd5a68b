import type { MetricUnit } from './health.ts';

/** Where a number of one's own can come from. */
export const metricSources = ['http-json', 'command', 'sql-count', 'prometheus'] as const;

/** The unit of a number, or of its growth per second. */
export function unitOf(unit: MetricUnit | null, rate: boolean): MetricUnit {
  if (!rate) return unit ?? 'count';
  if (unit === null || unit === 'count') return 'per_s';
  return unit === 'bytes' ? 'bytes_per_s' : unit;
}

import type { CheckResult, Metric } from '../core/health.ts';
import type { Reason } from '../core/reason.ts';
import { slowMedian } from '../core/rolling.ts';

/**
 * The verdict on a question that was answered as it should be: healthy, or degraded when the median of the last answers
 * (ms) is above `limit`. `why` gets both, rounded.
 */
export function answered(
  latencies: readonly number[],
  limit: number | null,
  why: (ms: number, limit: number) => Reason,
  metrics: readonly Metric[],
): CheckResult {
  const slow = limit === null ? null : slowMedian(latencies, limit);
  if (slow === null || limit === null) return { verdict: 'healthy', reason: null, metrics };
  return { verdict: 'degraded', reason: why(Math.round(slow), limit), metrics };
}

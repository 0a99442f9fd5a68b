import { type CheckResult, compareHealth, type Finding, type Metric } from '../core/health.ts';
import type { Reason } from '../core/reason.ts';

export function degraded(why: Reason): Finding {
  return { verdict: 'degraded', reason: why };
}

export function unhealthy(why: Reason): Finding {
  return { verdict: 'unhealthy', reason: why };
}

export function unknown(why: Reason): Finding {
  return { verdict: 'unknown', reason: why };
}

/** The findings that are there, worst first; among equals in the order given, so put the plainest cause first. */
export function worstFindings(found: readonly (Finding | null)[]): readonly Finding[] {
  return found.filter((each) => each !== null).sort((a, b) => compareHealth(a.verdict, b.verdict));
}

/** What a check answers that looked at several things: the worst of them, or healthy. */
export function verdictOf(found: readonly Finding[], metrics: readonly Metric[]): CheckResult {
  const worst = found[0];
  return worst ? { ...worst, metrics } : { verdict: 'healthy', reason: null, metrics };
}

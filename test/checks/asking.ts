import assert from 'node:assert/strict';
import type { Check } from '../../src/checks/check.ts';
import type { CheckResult, Metric } from '../../src/core/health.ts';
import type { Reason } from '../../src/core/reason.ts';
import { hasMessage, languages, sayReason } from '../../src/i18n.ts';

/** Asks once, as the check loop does, and holds the answer to what every check promises. */
export async function ask(check: Check, { now = Date.now(), within = 5000 } = {}): Promise<CheckResult> {
  const result = await check.run({ pid: null, now, signal: AbortSignal.timeout(within) });
  if (result.verdict !== 'healthy') assert.ok(result.reason, `${result.verdict} without a reason`);
  if (result.reason) say(result.reason);
  for (const metric of result.metrics) assert.ok(Number.isFinite(metric.value), `${metric.name} is no number`);
  return result;
}

/** A reason in English; every language has to have it, with every variable filled in. */
export function say(why: Reason): string {
  const texts = languages.map((language) => {
    assert.ok(hasMessage(language, `reason-${why.code}`), `${language} lacks reason-${why.code}`);
    const text = sayReason(language, why);
    assert.doesNotMatch(text, /\{|\}|undefined|NaN/, `${language}: ${text}`);
    return text;
  });
  return texts[0] ?? '';
}

/** A verdict and its reason's code, which together say what a check found. */
export function found(result: CheckResult): string {
  return result.reason === null ? result.verdict : `${result.verdict} ${result.reason.code}`;
}

export function metric(result: CheckResult, name: string): Metric {
  const known = result.metrics.find((each) => each.name === name);
  assert.ok(known, `no metric ${name} among ${result.metrics.map((each) => each.name).join(', ')}`);
  return known;
}

import type { MetricConfig } from '../config/schema.ts';
import { ratePerSecond } from '../core/counter.ts';
import type { CheckResult } from '../core/health.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Check } from './check.ts';
import type { Answer } from './connect.ts';
import type { SharedPostgres } from './shared-postgres.ts';

/** Where a number comes from. Never rejects for what can be expected. */
export interface MetricSource {
  read(signal: AbortSignal): Promise<Answer<number>>;
  close(): Promise<void>;
}

/** What every failure to read a number is: it says nothing about the service. */
export function noNumber(why: Reason): {
  readonly ok: false;
  readonly failure: { verdict: 'unknown'; reason: Reason };
} {
  return { ok: false, failure: { verdict: 'unknown', reason: why } };
}

/**
 * A number of the operator's own. It says nothing about the service's health; that it cannot be read is unknown, and
 * told when it lasts.
 */
export async function createMetricCheck(config: MetricConfig, postgres: SharedPostgres): Promise<Check> {
  const { name, unit, rate } = config;
  const source = await openSource(config, postgres);
  let before: { readonly at: number; readonly value: number } | null = null;

  function take(value: number): CheckResult {
    const fine = (kept: number | null): CheckResult => ({
      ...{ verdict: 'healthy', reason: null },
      metrics: kept === null ? [] : [{ name, value: kept, unit }],
    });
    if (!rate) return fine(value);
    const [earlier, at] = [before, performance.now()];
    before = { at, value };
    return fine(earlier === null ? null : ratePerSecond(earlier.value, value, at - earlier.at));
  }

  return {
    id: name,
    kind: 'metric',
    async run({ signal }) {
      const got = await source.read(signal);
      if (!got.ok) return { verdict: 'unknown', reason: got.failure.reason, metrics: [] };
      if (Number.isFinite(got.value)) return take(got.value);
      return { verdict: 'unknown', reason: reason('metric-no-number', { found: String(got.value) }), metrics: [] };
    },
    close: source.close,
  };
}

/** What is not configured is not even loaded. */
async function openSource(config: MetricConfig, postgres: SharedPostgres): Promise<MetricSource> {
  switch (config.from) {
    case 'http-json':
      return (await import('./metric-json.ts')).createJsonSource(config);
    case 'prometheus':
      return (await import('./metric-prometheus.ts')).createPrometheusSource(config);
    case 'command':
      return (await import('./metric-command.ts')).createCommandSource(config);
    case 'sql-count':
      return (await import('./metric-sql.ts')).createSqlSource(config, postgres);
  }
}

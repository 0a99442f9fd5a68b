import type { CheckResult, Metric } from '../../core/health.ts';
import { reason } from '../../core/reason.ts';
import type { Failure } from './failures.ts';
import type { ContainerStats } from './stats.ts';

export interface ContainerHealth {
  /** By the container's own HEALTHCHECK; none: it has none. */
  readonly status: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** Failures in a row. */
  readonly failing: number;
  /** What the last check printed. */
  readonly output: string;
  /** Frozen by `docker pause`. */
  readonly paused: boolean;
}

export type Stats = { readonly ok: true; readonly stats: ContainerStats } | ({ readonly ok: false } & Failure);

/** More of what a check printed fits in no notice. */
const longestOutput = 200;

/** One measuring after the other, as the engine tells it: the container's own check of its health, and what it uses. */
export function createMeasure(container: string) {
  let before: ContainerStats | null = null;

  return (health: ContainerHealth | null, stats: Stats): CheckResult => {
    const metrics = stats.ok ? metricsOf(stats.stats, before) : [];
    before = stats.ok ? stats.stats : null;
    if (!stats.ok) return { verdict: 'unknown', reason: stats.reason, metrics };
    if (health?.paused) return { verdict: 'unhealthy', reason: reason('container-paused', { container }), metrics };
    switch (health?.status) {
      case 'unhealthy': {
        const { failing } = health;
        const output = health.output.slice(0, longestOutput);
        return { verdict: 'unhealthy', reason: reason('container-unhealthy', { container, failing, output }), metrics };
      }
      case 'starting':
        return { verdict: 'unknown', reason: reason('container-health-starting', { container }), metrics };
      default:
        return { verdict: 'healthy', reason: null, metrics };
    }
  };
}

function metricsOf(now: ContainerStats, before: ContainerStats | null): readonly Metric[] {
  const { memory, memoryLimit, processes } = now;
  return [
    ...ratesOf(now, before),
    { name: 'memory', value: memory, unit: 'bytes' },
    ...(memoryLimit === null || memoryLimit <= 0
      ? []
      : [{ name: 'memory_share', value: (100 * memory) / memoryLimit, unit: '%' } as const]),
    ...(processes === null ? [] : [{ name: 'processes', value: processes, unit: 'count' } as const]),
  ];
}

/** What is per second needs two looks, and counters that were not set back in between. */
function ratesOf(now: ContainerStats, before: ContainerStats | null): readonly Metric[] {
  const ms = before === null ? 0 : now.at - before.at;
  if (before === null || ms <= 0 || now.cpuNs < before.cpuNs) return [];
  const perSecond = (bytes: number) => Math.max(0, (1000 * bytes) / ms);
  return [
    { name: 'cpu', value: (100 * (now.cpuNs - before.cpuNs)) / 1e6 / ms, unit: '%' },
    { name: 'received', value: perSecond(now.received - before.received), unit: 'bytes_per_s' },
    { name: 'sent', value: perSecond(now.sent - before.sent), unit: 'bytes_per_s' },
  ];
}

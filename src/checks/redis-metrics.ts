import { percentOf } from '../core/counter.ts';
import type { CheckResult, Metric, MetricUnit } from '../core/health.ts';
import type { HitRate, RedisDeltas, RedisInfo } from '../core/redis-details.ts';
import { countKeys, memoryLimit } from './redis-info.ts';

/** What is kept of each round; what this server does not say, or what needs a round before, is left out. */
export function metricsOf(
  latency: number,
  info: RedisInfo,
  deltas: RedisDeltas | null,
  rate: HitRate | null,
): CheckResult['metrics'] {
  const limit = memoryLimit(info);
  const all: readonly (readonly [name: string, value: number | null | undefined, unit: MetricUnit])[] = [
    ['latency', latency, 'ms'],
    ['memory', info.used_memory, 'bytes'],
    ['memory_rss', info.used_memory_rss, 'bytes'],
    ['memory_share', limit === null ? null : percentOf(info.used_memory, limit), '%'],
    ['fragmentation', info.mem_fragmentation_ratio, 'count'],
    ['keys', countKeys(info), 'count'],
    ['hit_rate', rate?.percent, '%'],
    ['clients', info.connected_clients, 'count'],
    ['blocked_clients', info.blocked_clients, 'count'],
    ['ops', info.instantaneous_ops_per_sec, 'per_s'],
    ['evicted', deltas?.evicted, 'count'],
    ['expired', deltas?.expired, 'count'],
    ['rejected', deltas?.rejected, 'count'],
    ['errors', deltas?.errors.reduce((sum, { count }) => sum + count, 0), 'count'],
    ['received', deltas?.received, 'bytes_per_s'],
    ['sent', deltas?.sent, 'bytes_per_s'],
    ['cpu', deltas?.cpu, '%'],
    ['replicas', info.role === 'master' ? info.replicas.length : null, 'count'],
    ['replication_lag', lagOf(info), 'bytes'],
    ['uptime', info.uptime_in_seconds, 's'],
  ];
  return all.flatMap(([name, value, unit]): Metric[] =>
    value === null || value === undefined ? [] : [{ name, value, unit }],
  );
}

/** Of a replica its own, of a master that of its slowest replica. */
function lagOf(info: RedisInfo): number | null {
  if (info.role === 'slave') {
    const { master_repl_offset, slave_repl_offset } = info;
    return master_repl_offset === null || slave_repl_offset === null ? null : master_repl_offset - slave_repl_offset;
  }
  const lags = info.replicas.flatMap(({ lag }) => (lag === null ? [] : [lag]));
  return lags.length === 0 ? null : Math.max(...lags);
}

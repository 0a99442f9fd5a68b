import type { Metric, MetricUnit } from '../core/health.ts';
import type { PostgresState } from '../core/postgres-details.ts';
import { connectionShare } from './postgres-judge.ts';

/** What is kept of each round. What a role may not see is left out rather than shown as 0. */
export function postgresMetrics(
  state: PostgresState,
  latency: number,
  size: number | null,
  now: number,
): readonly Metric[] {
  const { server, connections, deltas, replicas, standby } = state;
  const seen = <T>(value: T) => (server.sees_all || connections.hidden === 0 ? value : null);
  const lags = replicas.flatMap(({ lag_bytes }) => (lag_bytes === null ? [] : [lag_bytes]));
  const all: readonly (readonly [name: string, value: number | null | undefined, unit: MetricUnit])[] = [
    ['latency', latency, 'ms'],
    ['connections', connections.used, 'count'],
    ['connection_share', connectionShare(server, connections), '%'],
    ['active', seen(connections.active), 'count'],
    ['idle', seen(connections.idle), 'count'],
    ['idle_in_transaction', seen(connections.idle_in_transaction + connections.aborted), 'count'],
    ['waiting', seen(connections.waiting), 'count'],
    ['slow_queries', seen(connections.slow), 'count'],
    ['longest_query', seen(connections.longest_query ?? 0), 's'],
    ['longest_transaction', seen(connections.longest_transaction ?? 0), 's'],
    ['transactions', deltas?.transactions, 'per_s'],
    ['rollbacks', deltas?.rollbacks, 'per_s'],
    ['rows_read', deltas?.rowsRead, 'per_s'],
    ['rows_written', deltas?.rowsWritten, 'per_s'],
    ['cache_hit', deltas?.cacheHit, '%'],
    ['deadlocks', deltas?.deadlocks, 'count'],
    ['temp_files', deltas?.tempFiles, 'count'],
    ['temp_bytes', deltas?.tempBytes, 'bytes'],
    ['size', size, 'bytes'],
    ['wraparound', state.wraparound?.percent, '%'],
    ['replicas', server.standby ? null : replicas.length, 'count'],
    ['replication_lag', lags.length === 0 ? null : Math.max(...lags), 'bytes'],
    ['replay_lag', standby?.lag_s, 's'],
    ['uptime', Math.round(now / 1000 - server.started), 's'],
  ];
  return all.flatMap(([name, value, unit]): Metric[] =>
    value === null || value === undefined ? [] : [{ name, value, unit }],
  );
}

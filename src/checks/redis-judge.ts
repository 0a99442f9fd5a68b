import { percentOf } from '../core/counter.ts';
import type { Finding } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import type { RedisDeltas, RedisInfo } from '../core/redis-details.ts';
import { degraded, unhealthy } from './findings.ts';
import { countKeys, memoryLimit } from './redis-info.ts';

/** Percent of the limit. With noeviction, writes are refused when it is reached. */
const MEMORY_DEGRADED = 85;
const MEMORY_UNHEALTHY = 95;
/** Below so much memory a high ratio costs nothing. */
const FRAGMENTATION = 1.5;
const FRAGMENTATION_FROM = 100 * 1024 ** 2;
const CLIENTS_DEGRADED = 80;
/** A link that is down this long does not come back by itself at the next moment; s. */
const LINK_DOWN_S = 30;
/** A cache that loses so much between two looks was emptied; of a few keys that is nothing. */
const KEYS_LEFT = 0.2;
const KEYS_FROM = 100;
/** Errors that mean: a write was refused. */
const refusals: readonly string[] = ['OOM', 'MISCONF'];

/** What is wrong with a Redis that answers, in no order. */
export function judgeRedis(info: RedisInfo, deltas: RedisDeltas | null): readonly (Finding | null)[] {
  return [
    info.loading === '1' ? unhealthy(reason('redis-is-loading')) : null,
    ...judgeRefusals(info, deltas),
    ...judgeMemory(info),
    ...judgeClients(info, deltas),
    ...judgePersistence(info),
    ...judgeReplication(info),
    deltas?.evicted ? degraded(reason('redis-evicted', { keys: deltas.evicted, policy: info.maxmemory_policy })) : null,
    judgeKeys(info, deltas),
  ];
}

function judgeRefusals(info: RedisInfo, deltas: RedisDeltas | null): readonly (Finding | null)[] {
  return (deltas?.errors ?? []).map(({ code, count }) =>
    refusals.includes(code)
      ? unhealthy(reason('redis-refused-writes', { count, code, policy: info.maxmemory_policy }))
      : null,
  );
}

function judgeMemory(info: RedisInfo): readonly (Finding | null)[] {
  const limit = memoryLimit(info);
  const percent = limit === null ? 0 : percentOf(info.used_memory, limit);
  const refuses = info.maxmemory_policy === 'noeviction' && info.maxmemory !== null && info.maxmemory > 0;
  const args = { percent: Math.round(percent), of: info.maxmemory ? 'limit' : 'machine' };
  const fragmentation = info.mem_fragmentation_ratio ?? 0;
  return [
    percent > MEMORY_UNHEALTHY && refuses
      ? unhealthy(reason('redis-memory-full', { percent: Math.round(percent) }))
      : percent > MEMORY_DEGRADED
        ? degraded(reason('redis-memory', args))
        : null,
    fragmentation > FRAGMENTATION && info.used_memory > FRAGMENTATION_FROM
      ? degraded(reason('redis-fragmented', { ratio: fragmentation }))
      : null,
  ];
}

function judgeClients(info: RedisInfo, deltas: RedisDeltas | null): readonly (Finding | null)[] {
  const percent = percentOf(info.connected_clients, info.maxclients ?? 0);
  return [
    deltas?.rejected ? unhealthy(reason('redis-rejected', { count: deltas.rejected })) : null,
    percent > CLIENTS_DEGRADED
      ? degraded(reason('redis-clients', { clients: info.connected_clients, max: info.maxclients ?? 0 }))
      : null,
  ];
}

function judgePersistence(info: RedisInfo): readonly (Finding | null)[] {
  return [
    info.rdb_last_bgsave_status === 'err' ? unhealthy(reason('redis-rdb-failed')) : null,
    info.aof_enabled === '1' && info.aof_last_write_status === 'err' ? unhealthy(reason('redis-aof-failed')) : null,
    info.aof_enabled === '1' && info.aof_last_bgrewrite_status === 'err'
      ? degraded(reason('redis-aof-rewrite-failed'))
      : null,
  ];
}

function judgeReplication(info: RedisInfo): readonly (Finding | null)[] {
  const down = info.master_link_down_since_seconds ?? 0;
  return [
    // -1: it was never up.
    info.role === 'slave' && info.master_link_status === 'down' && (down < 0 || down > LINK_DOWN_S)
      ? unhealthy(reason('redis-link-down', { seconds: Math.max(0, down) }))
      : null,
    ...info.replicas.map(({ address, state }) =>
      state === 'online' ? null : degraded(reason('redis-replica', { address, state })),
    ),
  ];
}

function judgeKeys(info: RedisInfo, deltas: RedisDeltas | null): Finding | null {
  const keys = countKeys(info);
  if (deltas === null || deltas.keysBefore < KEYS_FROM || keys >= deltas.keysBefore * KEYS_LEFT) return null;
  return degraded(reason('redis-keys-dropped', { before: deltas.keysBefore, keys }));
}

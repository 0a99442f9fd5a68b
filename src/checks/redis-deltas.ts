import { growth, percentOf } from '../core/counter.ts';
import type { HitRate, RedisDeltas, RedisInfo } from '../core/redis-details.ts';
import { countKeys } from './redis-info.ts';

/** A reading and when it was made (epoch ms). */
export interface RedisReading {
  readonly at: number;
  readonly info: RedisInfo;
}

/** A hit rate over fewer look-ups says nothing. */
const LEAST_LOOKUPS = 100;

/** Compares two readings; null when the server was restarted between them. */
export function redisDeltas(before: RedisReading | null, now: RedisReading): RedisDeltas | null {
  if (before === null || isRestart(before.info, now.info)) return null;
  const ms = now.at - before.at;
  const was = before.info;
  const is = now.info;
  const grew = (name: 'evicted_keys' | 'expired_keys' | 'rejected_connections' | NetworkCounter) => {
    const value = is[name];
    return value === null ? null : growth(was[name], value);
  };
  const rate = (name: NetworkCounter) => {
    const bytes = grew(name);
    return bytes === null || ms <= 0 ? null : (bytes * 1000) / ms;
  };
  const seconds = growth(cpuSeconds(was), cpuSeconds(is) ?? -1);
  return {
    ms,
    evicted: grew('evicted_keys'),
    expired: grew('expired_keys'),
    rejected: grew('rejected_connections'),
    cpu: seconds === null || ms <= 0 ? null : (seconds * 100_000) / ms,
    received: rate('total_net_input_bytes'),
    sent: rate('total_net_output_bytes'),
    errors: Object.entries(is.errors).flatMap(([code, count]) => {
      const more = growth(was.errors[code] ?? 0, count) ?? 0;
      return more > 0 ? [{ code, count: more }] : [];
    }),
    keysBefore: countKeys(was),
  };
}

type NetworkCounter = 'total_net_input_bytes' | 'total_net_output_bytes';

export function isRestart(before: RedisInfo, now: RedisInfo): boolean {
  return before.run_id !== now.run_id;
}

/**
 * The share of look-ups that found their key since `base`; null until there were enough to tell. The caller keeps `base`
 * until then, so that a quiet cache has a rate too, only more rarely.
 */
export function hitRate(base: RedisReading | null, now: RedisReading): HitRate | null {
  if (base === null || isRestart(base.info, now.info)) return null;
  const { keyspace_hits, keyspace_misses } = now.info;
  if (keyspace_hits === null || keyspace_misses === null) return null;
  const hits = growth(base.info.keyspace_hits, keyspace_hits);
  const misses = growth(base.info.keyspace_misses, keyspace_misses);
  if (hits === null || misses === null || hits + misses < LEAST_LOOKUPS) return null;
  return { percent: percentOf(hits, hits + misses), lookups: hits + misses, over: now.at - base.at };
}

/** Were the counters of `base` set back, so that it is good for nothing any more? */
export function isStale(base: RedisReading, now: RedisReading): boolean {
  const back = (name: 'keyspace_hits' | 'keyspace_misses') => (now.info[name] ?? 0) < (base.info[name] ?? 0);
  return isRestart(base.info, now.info) || back('keyspace_hits') || back('keyspace_misses');
}

function cpuSeconds(info: RedisInfo): number | null {
  return info.used_cpu_sys === null || info.used_cpu_user === null ? null : info.used_cpu_sys + info.used_cpu_user;
}

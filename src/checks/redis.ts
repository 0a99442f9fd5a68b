import * as z from 'zod';
import { percentOf } from '../core/counter.ts';
import type { Finding } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import type { HitRate, KeySample, RedisDeltas, RedisDetails, RedisInfo } from '../core/redis-details.ts';
import { median, roll, slowMedian } from '../core/rolling.ts';
import type { Check } from './check.ts';
import type { Answer } from './connect.ts';
import { degraded, unhealthy, verdictOf, worstFindings } from './findings.ts';
import { createRedisConnection, type RedisSession } from './redis-connection.ts';
import { hitRate, isRestart, isStale, type RedisReading, redisDeltas } from './redis-deltas.ts';
import { readExtras } from './redis-details.ts';
import { isReply } from './redis-failure.ts';
import { countKeys, memoryLimit, parseInfo } from './redis-info.ts';
import { judgeRedis } from './redis-judge.ts';
import { SAMPLE, sampleKeys } from './redis-keys.ts';
import { metricsOf } from './redis-metrics.ts';

export interface RedisCheckOptions {
  readonly id: string;
  /** `redis://…`, `rediss://…` or `unix:///path`; may hold a password. */
  readonly url: string;
  /** ms; slower by the median of the last rounds is degraded. */
  readonly max_latency_ms: number;
}

export interface RedisCheck extends Check {
  /** Asks anew, for somebody who looks. The sample of keys may be some seconds old. */
  details(signal: AbortSignal, now: number): Promise<Answer<RedisDetails>>;
}

const PINGS = 3;
/** A sample costs 40 calls: who taps quickly gets the same one again. */
const SAMPLE_EVERY_MS = 5000;

/** A Redis: whether it answers and how fast, its memory, keys, clients, persistence and replication. */
export function createRedisCheck(options: RedisCheckOptions): RedisCheck {
  const connection = createRedisConnection(options.url);
  const { address } = connection;
  let latencies: readonly number[] = [];
  let previous: RedisReading | null = null;
  let deltas: RedisDeltas | null = null;
  /** Hits and misses are counted from here until there are enough. */
  let hitBase: RedisReading | null = null;
  let lastHitRate: HitRate | null = null;
  let restarts: RedisDetails['restarts'] = { count: 0, lastAt: null };
  let sample: KeySample | null = null;

  async function ask(session: RedisSession): Promise<{ latency: number; info: RedisInfo }> {
    const times: number[] = [];
    for (let n = 0; n < PINGS; n++) {
      const started = performance.now();
      await session.call('PING');
      times.push(performance.now() - started);
    }
    return { latency: median(times) ?? 0, info: parseInfo(await session.call('INFO')) };
  }

  /** Takes a reading of the schedule into what is remembered. Returns the hit rate when it is known anew. */
  function remember(reading: RedisReading): HitRate | null {
    if (previous !== null && isRestart(previous.info, reading.info)) {
      restarts = { count: restarts.count + 1, lastAt: reading.at };
    }
    deltas = redisDeltas(previous, reading);
    previous = reading;
    const rate = hitRate(hitBase, reading);
    if (rate !== null) lastHitRate = rate;
    if (hitBase === null || rate !== null || isStale(hitBase, reading)) hitBase = reading;
    return rate;
  }

  function judge(info: RedisInfo): readonly Finding[] {
    const slow = slowMedian(latencies, options.max_latency_ms);
    const limit = options.max_latency_ms;
    return worstFindings([
      ...judgeRedis(info, deltas),
      slow === null ? null : degraded(reason('net-slow', { address, ms: Math.round(slow), limit })),
    ]);
  }

  async function takeSample(session: RedisSession, now: number): Promise<string | null> {
    if (sample !== null && now - sample.at < SAMPLE_EVERY_MS) return null;
    try {
      sample = await sampleKeys(session, now, SAMPLE);
      // Asking for the time to live counts as looking up: ours are not to be taken for the cache's.
      hitBase = null;
      return null;
    } catch (error) {
      if (!isReply(error)) throw error;
      return '+scan +dbsize';
    }
  }

  return {
    id: options.id,
    kind: 'redis',
    async run({ now, signal }) {
      const answer = await understand(() => connection.use(signal, ask), address);
      if (!answer.ok) return { ...answer.failure, metrics: [] };
      const { latency, info } = answer.value;
      latencies = roll(latencies, latency);
      const rate = remember({ at: now, info });
      return verdictOf(judge(info), metricsOf(latency, info, deltas, rate));
    },
    async details(signal, now) {
      const answer = await understand(
        () =>
          connection.use(signal, async (session) => {
            const { latency, info } = await ask(session);
            const extras = await readExtras(session);
            const unsampled = await takeSample(session, now);
            return { latency, info, extras, unsampled };
          }),
        address,
      );
      if (!answer.ok) return answer;
      const { latency, info, extras, unsampled } = answer.value;
      const limit = memoryLimit(info);
      const value: RedisDetails = {
        ...extras,
        missing: unsampled === null ? extras.missing : [...extras.missing, unsampled],
        at: now,
        address,
        info,
        latency: { now: latency, median: median(latencies) },
        memory: { used: info.used_memory, limit, percent: limit === null ? null : percentOf(info.used_memory, limit) },
        keys: countKeys(info),
        hitRate: lastHitRate,
        deltas,
        restarts,
        sample,
        findings: judge(info),
      };
      return { ok: true, value };
    },
    close: connection.close,
  };
}

/** Whoever answers in another way than a Redis is none. */
async function understand<T>(asked: () => Promise<Answer<T>>, address: string): Promise<Answer<T>> {
  try {
    return await asked();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return { ok: false, failure: unhealthy(reason('redis-not-redis', { address })) };
  }
}

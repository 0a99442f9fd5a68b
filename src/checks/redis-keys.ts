import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { KeyPattern, KeySample } from '../core/redis-details.ts';
import type { RedisSession } from './redis-connection.ts';
import { isReply } from './redis-failure.ts';

export interface SampleLimits {
  /** Keys that are looked at, at most. */
  readonly budget: number;
  /** Keys for one call. */
  readonly count: number;
}

/** 40 calls of at most 3 ms each for the server, measured with 117,000 keys. */
export const SAMPLE: SampleLimits = { budget: 20_000, count: 500 };
const PATTERNS_SHOWN = 30;
/** Keys of a pattern whose size and time to live are asked for, and patterns for which that is done. */
const KEYS_WEIGHED = 20;
const PATTERNS_WEIGHED = 10;
/** Between two calls others get their turn. */
const PAUSE_MS = 2;

const scanned = z.tuple([z.string(), z.array(z.string())]);

/** One page of SCAN. */
export async function scan(session: RedisSession, cursor: string, count: number, match: string | null) {
  const filter = match === null ? [] : ['MATCH', match];
  const [next, keys] = scanned.parse(await session.call('SCAN', cursor, ...filter, 'COUNT', count));
  return { next, keys };
}

/** Samples the connection's database from the start until the budget is used up. */
export async function sampleKeys(session: RedisSession, now: number, limits: SampleLimits): Promise<KeySample> {
  const total = z.number().parse(await session.call('DBSIZE'));
  const seen = new Map<string, { count: number; examples: string[] }>();
  let sampled = 0;
  let cursor = '0';
  do {
    const { next, keys } = await scan(session, cursor, limits.count, null);
    for (const key of keys) {
      const pattern = patternOf(key);
      const known = seen.get(pattern) ?? { count: 0, examples: [] };
      known.count += 1;
      if (known.examples.length < KEYS_WEIGHED) known.examples.push(key);
      seen.set(pattern, known);
    }
    sampled += keys.length;
    cursor = next;
    if (cursor !== '0') await sleep(PAUSE_MS);
  } while (cursor !== '0' && sampled < limits.budget);

  // With every key seen there is nothing to estimate; keys come and go while one looks.
  const scale = cursor === '0' || sampled === 0 ? 1 : Math.max(1, total / sampled);
  const sorted = [...seen].sort(([, a], [, b]) => b.count - a.count);
  const patterns: KeyPattern[] = [];
  for (const [pattern, { count, examples }] of sorted.slice(0, PATTERNS_SHOWN)) {
    const weight = patterns.length < PATTERNS_WEIGHED ? await weigh(session, examples) : { bytes: null, ttl: null };
    patterns.push({ pattern, keys: Math.round(count * scale), sampled: count, ...weight });
  }
  const rest = sorted.slice(PATTERNS_SHOWN).reduce((sum, [, { count }]) => sum + count, 0);
  return { at: now, total: Math.max(total, sampled), sampled, patterns, others: Math.round(rest * scale) };
}

async function weigh(session: RedisSession, keys: readonly string[]) {
  const bytes = await ask(keys.map((key) => session.call('MEMORY', 'USAGE', key)));
  const ttls = await ask(keys.map((key) => session.call('TTL', key)));
  const lasting = ttls.filter((ttl) => ttl >= 0).sort((a, b) => a - b);
  return {
    bytes: bytes.length === 0 ? null : Math.round(bytes.reduce((sum, each) => sum + each, 0) / bytes.length),
    ttl: lasting.length * 2 <= ttls.length ? null : (lasting[Math.floor(lasting.length / 2)] ?? null),
  };
}

/** The numbers among the answers; none when the server refuses to say. */
async function ask(calls: readonly Promise<unknown>[]): Promise<readonly number[]> {
  const answers = await Promise.allSettled(calls);
  return answers.flatMap((answer) => {
    if (answer.status === 'rejected' && !isReply(answer.reason)) throw answer.reason;
    return answer.status === 'fulfilled' && typeof answer.value === 'number' ? [answer.value] : [];
  });
}

/** Numbers (also of groups, below 0), dates, UUIDs and long hexadecimal numbers. */
const changing =
  /^(?:-?\d+|\d{4}-?\d\d-?\d\d|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,})$/i;
/** A date with a time has colons of its own. */
const moment = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?/g;
const LONGEST_PATTERN = 80;

/** `user:42:balance` → `user:*:balance`: what changes from key to key stands as `*`, glob characters are escaped. */
export function patternOf(key: string): string {
  const parts = key
    .replace(moment, '0')
    .split(':')
    .map((part) => (changing.test(part) ? '*' : part.replace(/[*?[\]\\]/g, '\\$&')));
  const pattern = parts.join(':');
  return pattern.length > LONGEST_PATTERN ? `${pattern.slice(0, LONGEST_PATTERN).replace(/\\+$/, '')}*` : pattern;
}

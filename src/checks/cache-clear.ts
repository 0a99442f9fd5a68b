import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { percentOf } from '../core/counter.ts';
import type { Figure } from '../core/figure.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { KeySample } from '../core/redis-details.ts';
import type { ClearResult, KeyCount, OnProgress } from '../core/stores.ts';
import { stallSignal } from './deadline.ts';
import { createRedisConnection, type RedisSession } from './redis-connection.ts';
import { SAMPLE, sampleKeys, scan } from './redis-keys.ts';

export interface ClearOptions {
  /** The count as an owner typed it; null: nobody did. */
  readonly confirmedCount: number | null;
  /** Stop: what is removed stays removed. */
  readonly signal: AbortSignal;
  /** After each batch: removed, expected. */
  readonly onProgress: OnProgress;
}

export interface CacheClearer {
  /** The known patterns with estimates, to choose from. */
  sample(signal: AbortSignal, now: number): Promise<Figure<KeySample>>;
  /** Counts; changes nothing. `onProgress`: about so many keys looked at, of so many. */
  count(pattern: string, signal: AbortSignal, onProgress: OnProgress): Promise<Figure<KeyCount>>;
  /** Removes what `counted` counted, as it stands now. */
  clear(counted: KeyCount, options: ClearOptions): Promise<ClearResult>;
  close(): Promise<void>;
}

/** Keys removed by one command: small enough that the server answers others in between. */
const BATCH = 500;
const SCAN_COUNT = 1000;
const PAUSE_MS = 2;
const EXAMPLES = 5;
/** A step that takes longer does not come to an end. */
const STALL_MS = 10_000;
/** More of the keys than this is most of the cache. */
const HALF = 50;

/**
 * Removes keys of a cache by pattern: SCAN and UNLINK, never more than a batch at once. `url` needs the rights to both,
 * which the one for watching should not have. The connection is opened when it is needed.
 */
export function createCacheClearer(url: string): CacheClearer {
  const connection = createRedisConnection(url);

  async function asked<T>(signal: AbortSignal, ask: (session: RedisSession) => Promise<T>): Promise<Figure<T>> {
    try {
      const answer = await connection.use(signal, ask);
      return answer.ok ? answer : { ok: false, reason: answer.failure.reason };
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      return { ok: false, reason: reason('redis-not-redis', { address: connection.address }) };
    }
  }

  return {
    sample: (signal, now) => asked(signal, (session) => sampleKeys(session, now, SAMPLE)),

    async count(pattern, signal, onProgress) {
      const refused = refusePattern(pattern);
      if (refused) return { ok: false, reason: refused };
      const stall = stallSignal(STALL_MS);
      const counted = await asked(AbortSignal.any([signal, stall.signal]), (session) =>
        countMatching(session, pattern, (looked, total) => {
          stall.touch();
          onProgress(looked, total);
        }),
      );
      stall.end();
      return counted;
    },

    async clear(counted, { confirmedCount, signal, onProgress }) {
      const started = performance.now();
      let removed = 0;
      const took = () => performance.now() - started;
      const refused = refusePattern(counted.pattern) ?? refuseCount(counted, confirmedCount);
      if (refused) return { ok: false, removed, took: took(), reason: refused };

      const stall = stallSignal(STALL_MS);
      // Stopping happens between two batches: what was removed is known to the key.
      const answer = await asked(stall.signal, (session) =>
        removeMatching(session, counted.pattern, signal, (batch) => {
          stall.touch();
          removed += batch;
          if (batch > 0) onProgress(removed, counted.matching);
        }),
      );
      stall.end();
      return answer.ok
        ? { ok: true, removed, took: took(), stopped: answer.value === 'stopped' }
        : { ok: false, removed, took: took(), reason: answer.reason };
    },

    close: connection.close,
  };
}

/** A pattern without one fixed character is every key, however it is written. */
function refusePattern(pattern: string): Reason | null {
  const fixed = pattern.replace(/\[\^?[^\]]*\]/g, '').replace(/[*?]/g, '');
  return fixed.trim() === '' ? reason('cache-everything', { pattern }) : null;
}

function refuseCount(counted: KeyCount, confirmedCount: number | null): Reason | null {
  if (!counted.needsCount || confirmedCount === counted.matching) return null;
  const args = { pattern: counted.pattern, matching: counted.matching, percent: Math.round(counted.percent) };
  return confirmedCount === null ? reason('cache-needs-count', args) : reason('cache-other-count', args);
}

async function countMatching(session: RedisSession, pattern: string, onPage: OnProgress): Promise<KeyCount> {
  const total = z.number().parse(await session.call('DBSIZE'));
  const examples: string[] = [];
  // SCAN may give a key twice while the server rehashes; a set of all keys would be the cache once more.
  let matching = 0;
  let looked = 0;
  for await (const keys of pages(session, pattern)) {
    matching += keys.length;
    looked += SCAN_COUNT;
    onPage(Math.min(looked, total), total);
    if (examples.length < EXAMPLES) examples.push(...keys.slice(0, EXAMPLES - examples.length));
  }
  const percent = Math.min(100, percentOf(matching, total));
  return { pattern, matching, total, percent, examples, needsCount: percent > HALF };
}

/** `onBatch` gets what each step removed, also when that is nothing. */
async function removeMatching(
  session: RedisSession,
  pattern: string,
  stop: AbortSignal,
  onBatch: (removed: number) => void,
): Promise<'done' | 'stopped'> {
  for await (const keys of pages(session, pattern)) {
    onBatch(0);
    for (let start = 0; start < keys.length; start += BATCH) {
      if (stop.aborted) return 'stopped';
      onBatch(z.number().parse(await session.call('UNLINK', ...keys.slice(start, start + BATCH))));
    }
    if (stop.aborted) return 'stopped';
  }
  return 'done';
}

/** Pages of a search, empty ones too. */
async function* pages(session: RedisSession, pattern: string): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const { next, keys } = await scan(session, cursor, SCAN_COUNT, pattern);
    yield keys;
    cursor = next;
    if (cursor !== '0') await sleep(PAUSE_MS);
  } while (cursor !== '0');
}

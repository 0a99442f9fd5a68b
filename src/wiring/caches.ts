import { randomBytes } from 'node:crypto';
import type { CacheClearer } from '../checks/cache-clear.ts';
import type { Figure } from '../core/figure.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Actor } from '../core/snapshot.ts';
import type { Caches, ClearOrder, ClearResult, CountedKeys, StoreRef } from '../core/stores.ts';

export interface CachesOptions {
  /** A Redis and the address by which its keys may be removed; null: there is none of that id (any more). */
  readonly find: (store: string) => { readonly ref: StoreRef; readonly url: string } | null;
  readonly note: (by: Actor, store: StoreRef, refused: Reason | null, done: Reason | null) => void;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** What was counted longer ago (ms) may have become something else. */
const COUNT_LIFE_MS = 10 * 60_000;
/** More are asked for by no team; the oldest go first. */
const MOST_COUNTS = 100;

/** Clearing caches by pattern, with the connection for it opened when it is needed and closed right after. */
export function createCaches({ find, note, clock }: CachesOptions): Caches {
  const counts = new Map<string, { readonly counted: CountedKeys; readonly until: number }>();
  /** Who is clearing which Redis. */
  const working = new Map<string, string>();

  async function reaching<T>(
    store: string,
    otherwise: (why: Reason) => T,
    use: (cache: CacheClearer, ref: StoreRef) => Promise<T>,
  ): Promise<T> {
    const found = find(store);
    if (found === null) return otherwise(reason('store-unknown', { store }));
    const { createCacheClearer } = await import('../checks/cache-clear.ts');
    const cache = createCacheClearer(found.url);
    try {
      return await use(cache, found.ref);
    } finally {
      await cache.close();
    }
  }

  function remember(counted: CountedKeys): void {
    counts.set(counted.id, { counted, until: clock() + COUNT_LIFE_MS });
    for (const old of [...counts.keys()].slice(0, -MOST_COUNTS)) counts.delete(old);
  }

  async function remove(counted: CountedKeys, order: ClearOrder): Promise<ClearResult> {
    const { store, pattern, matching, needsCount } = counted;
    const other = working.get(store.id);
    if (other !== undefined) return refusal(reason('cache-busy', { by: other }));
    working.set(store.id, order.by.name);
    try {
      return await reaching(store.id, refusal, (cache) => {
        // Also now, so that it is known who did it when the manager does not live to see its end.
        if (!needsCount || order.confirmedCount === matching)
          note(order.by, store, null, reason('cache-begun', { pattern, matching }));
        return cache.clear(counted, order);
      });
    } finally {
      working.delete(store.id);
    }
  }

  return {
    patterns: (store, signal) => reaching(store, noFigure, (cache) => cache.sample(signal, clock())),

    async count(store, pattern, by, signal, onProgress) {
      return await reaching<Figure<CountedKeys>>(store, noFigure, async (cache, ref) => {
        const counted = await cache.count(pattern, signal, onProgress);
        if (!counted.ok) {
          if (counted.reason.code.startsWith('cache-')) note(by, ref, counted.reason, null);
          return counted;
        }
        const value = { ...counted.value, id: randomBytes(6).toString('base64url'), store: ref };
        remember(value);
        return { ok: true, value };
      });
    },

    async clear(count, order) {
      const known = counts.get(count);
      if (known === undefined || clock() >= known.until) return refusal(reason('cache-count-gone'));
      const { counted } = known;
      const result = await remove(counted, order);
      if (!result.ok) note(order.by, counted.store, result.reason, null);
      else {
        counts.delete(count);
        const code = result.stopped ? 'cache-stopped' : 'cache-cleared';
        note(order.by, counted.store, null, reason(code, { pattern: counted.pattern, removed: result.removed }));
      }
      return result;
    },
  };
}

function noFigure(why: Reason): Figure<never> {
  return { ok: false, reason: why };
}

function refusal(why: Reason): ClearResult {
  return { ok: false, removed: 0, took: 0, reason: why };
}

import * as z from 'zod';
import { nearest } from '../config/keys.ts';
import type { Figure } from '../core/figure.ts';
import { reason } from '../core/reason.ts';
import type { Actor } from '../core/snapshot.ts';
import type { ClearResult, CountedKeys, OnProgress, StoreRef, Stores } from '../core/stores.ts';
import { reasonSchema } from '../wire.ts';

/*
 * What `orbit cache` and `orbit users` say over the control socket, at both of its ends. A script gets all that is known
 * (no secret is in there); what the command itself reads of it stands here.
 */

const number = z.number();
const perhaps = number.nullable();
const failure = z.object({ ok: z.literal(false), reason: reasonSchema });

function figure<T extends z.ZodType>(value: T) {
  return z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), value }), failure]);
}

const redis = z.looseObject({
  at: number,
  title: z.string(),
  address: z.string(),
  info: z.looseObject({
    redis_version: z.string(),
    uptime_in_seconds: number,
    connected_clients: number,
    maxclients: perhaps,
  }),
  latency: z.looseObject({ now: number }),
  memory: z.looseObject({ used: number, limit: perhaps, percent: perhaps }),
  keys: number,
  hitRate: z.looseObject({ percent: number, lookups: number, over: number }).nullable(),
  sample: z
    .looseObject({
      total: number,
      sampled: number,
      others: number,
      patterns: z.array(z.looseObject({ pattern: z.string(), keys: number, bytes: perhaps, ttl: perhaps })),
    })
    .nullable(),
  missing: z.array(z.string()),
  findings: z.array(z.looseObject({ verdict: z.string(), reason: reasonSchema })),
});
export type CacheReport = z.infer<typeof redis>;
export const cacheReportsSchema = figure(z.array(figure(redis)));

export const countedSchema = figure(
  z.looseObject({
    id: z.string(),
    store: z.looseObject({ title: z.string() }),
    pattern: z.string(),
    matching: number,
    total: number,
    percent: number,
    examples: z.array(z.string()),
    needsCount: z.boolean(),
  }),
);
export type CountReport = Extract<z.infer<typeof countedSchema>, { ok: true }>['value'];

export const clearResultSchema: z.ZodType<ClearResult> = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), removed: number, took: number, stopped: z.boolean() }),
  z.object({ ok: z.literal(false), removed: number, took: number, reason: reasonSchema }),
]);

/** False: nothing of that id is being cleared (any more). */
export const stoppedSchema = z.boolean();

const count = z.object({ count: number });
const sums = figure(z.array(z.object({ currency: z.string(), amount: number, payments: number })));
export const shopSchema = figure(
  z.looseObject({
    at: number,
    timezone: z.string(),
    stats: z.looseObject({
      users: figure(number),
      newToday: figure(number),
      subscriptions: figure(z.object({ active: number, ended: number, never: number })),
      configs: figure(number),
      configsByServer: figure(z.array(count.extend({ server: z.string() }))),
      payments: figure(z.array(count.extend({ status: z.string(), method: z.string() }))),
      stuck: figure(count.extend({ oldest: perhaps })),
      revenueToday: sums,
      revenueThisMonth: sums,
      lastPayment: figure(perhaps),
    }),
  }),
);
export type ShopReply = z.infer<typeof shopSchema>;

/** The manager's side: which Redis is meant, and how what goes on is stopped. */
export interface StoreAnswers {
  /** `store` null: all of them. */
  caches(store: string | null): Promise<Figure<readonly Figure<unknown>[]>>;
  count(store: string | null, pattern: string, by: Actor, onProgress: OnProgress): Promise<Figure<CountedKeys>>;
  clear(count: string, confirmed: number | null, by: Actor, onProgress: OnProgress): Promise<ClearResult>;
  stop(count: string): boolean;
  shop(): ReturnType<Stores['shop']>;
}

export function createStoreAnswers(stores: Stores): StoreAnswers {
  const clearing = new Map<string, AbortController>();

  /** The one that is meant; without a name the only one there is. */
  function meant(store: string | null): Figure<StoreRef> {
    const known = stores.redises();
    const ids = known.map(({ id }) => id);
    const found = store === null ? known : known.filter(({ id }) => id === store);
    const [first, second] = found;
    if (first !== undefined && second === undefined) return { ok: true, value: first };
    if (known.length === 0) return { ok: false, reason: reason('cache-none') };
    if (store === null) return { ok: false, reason: reason('cache-which', { names: ids.join(', ') }) };
    const near = nearest(store, ids) ?? ids.join(', ');
    return { ok: false, reason: reason('cache-no-such', { store, names: near }) };
  }

  return {
    async caches(store) {
      const one = store === null ? null : meant(store);
      if (one !== null && !one.ok) return one;
      const refs = one === null ? stores.redises() : [one.value];
      if (refs.length === 0) return { ok: false, reason: reason('cache-none') };
      const looked = refs.map(async ({ id, title }): Promise<Figure<unknown>> => {
        const found = await stores.redis(id);
        return found.ok ? { ok: true, value: { id, title, ...found.value } } : found;
      });
      return { ok: true, value: await Promise.all(looked) };
    },

    async count(store, pattern, by, onProgress) {
      const one = meant(store);
      if (!one.ok) return one;
      return await stores.caches.count(one.value.id, pattern, by, new AbortController().signal, onProgress);
    },

    async clear(count, confirmedCount, by, onProgress) {
      const controller = new AbortController();
      clearing.set(count, controller);
      try {
        return await stores.caches.clear(count, { by, confirmedCount, signal: controller.signal, onProgress });
      } finally {
        clearing.delete(count);
      }
    },

    stop(count) {
      const controller = clearing.get(count);
      controller?.abort();
      return controller !== undefined;
    },

    shop: () => stores.shop(0),
  };
}

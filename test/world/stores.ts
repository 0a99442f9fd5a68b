/** Redis and PostgreSQL as the manager reaches them, without a manager: checks that are asked by hand. */
import { createCheck } from '../../src/checks/registry.ts';
import type { CheckConfig } from '../../src/config/schema.ts';
import { type Reason, reason } from '../../src/core/reason.ts';
import type { Stores } from '../../src/core/stores.ts';
import { type AskedService, createStores } from '../../src/wiring/stores.ts';

export interface StoresWorld {
  readonly stores: Stores;
  /** What was noted: who, of what, refused for, or done. */
  readonly audit: { by: string; service: string | null; refused: string | null; note: Reason | null }[];
  /** Asks every check once, as the check loop does. */
  round(): Promise<void>;
  close(): Promise<void>;
}

export const redisAt = (url: string, more: { id?: string; clear_url?: string } = {}): CheckConfig => ({
  ...{ type: 'redis', id: 'redis', url, clear_url: null, max_latency_ms: 1000 },
  ...more,
});

export const postgresAt = (url: string, id = 'postgres'): CheckConfig => ({
  ...{ type: 'postgres', id, url, slow_query_threshold: 1000, max_latency_ms: 1000 },
});

/** Services by name, each with its checks. */
export async function makeStores(
  services: Readonly<Record<string, readonly CheckConfig[]>>,
  { shopUrl = null, clock = Date.now }: { readonly shopUrl?: string | null; readonly clock?: () => number } = {},
): Promise<StoresWorld> {
  const audit: StoresWorld['audit'] = [];
  const map = new Map<string, AskedService>();
  for (const [name, checks] of Object.entries(services))
    map.set(name, {
      config: { name, title: name === 'redis' ? 'Cache' : name, checks },
      checks: await Promise.all(checks.map(async (check) => ({ check: await createCheck(check, null) }))),
    });
  const all = () => [...map.values()].flatMap(({ checks }) => checks);
  return {
    audit,
    stores: createStores({
      ...{ shopUrl, clock, services: map, timezone: 'UTC' },
      audit: {
        add: (_at, by, _action, service, refused, note = null) =>
          void audit.push({ by: by.name, service, refused: refused?.code ?? null, note }),
      },
    }),
    async round() {
      for (const { check } of all()) await check.run({ pid: null, now: clock(), signal: AbortSignal.timeout(10_000) });
    },
    close: async () => void (await Promise.all(all().map(({ check }) => check.close()))),
  };
}

/** No check asks a Redis or a PostgreSQL. */
const absent = async () => ({ ok: false, reason: reason('shop-no-database') }) as const;
export const noStores: Stores = {
  ...{ redises: () => [], databases: () => [], hasShop: () => false, redis: absent, database: absent, shop: absent },
  caches: { patterns: absent, count: absent, clear: async () => ({ removed: 0, took: 0, ...(await absent()) }) },
};

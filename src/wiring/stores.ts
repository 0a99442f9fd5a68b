import type { Check } from '../checks/check.ts';
import type { Answer } from '../checks/connect.ts';
import type { PostgresCheck } from '../checks/postgres.ts';
import type { RedisCheck } from '../checks/redis.ts';
import type { ServiceConfig } from '../config/schema.ts';
import type { Figure } from '../core/figure.ts';
import { reason } from '../core/reason.ts';
import type { ShopStats } from '../core/shop-stats.ts';
import type { ShopReport, StoreRef, Stores } from '../core/stores.ts';
import type { Audit } from '../store/audit.ts';
import { createCaches } from './caches.ts';

/** A service in the hands of the supervisor, as far as it concerns stores. */
export interface AskedService {
  readonly config: Pick<ServiceConfig, 'name' | 'title' | 'checks'>;
  readonly checks: readonly { readonly check: Check }[];
}

export interface StoresOptions {
  /** DATABASE_URL. */
  readonly shopUrl: string | null;
  /** IANA name. */
  readonly timezone: string;
  readonly services: ReadonlyMap<string, AskedService>;
  readonly audit: Pick<Audit, 'add'>;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Who looks waits no longer than this, ms. */
const DEADLINE = 10_000;

interface Found<Kind extends Check> {
  readonly ref: StoreRef;
  readonly check: Kind;
}

/** Redis and PostgreSQL as the checks of the services know them; nothing is opened before somebody looks. */
export function createStores({ shopUrl, timezone, services, audit, clock }: StoresOptions): Stores {
  function all<Kind extends Check>(isKind: (check: Check) => check is Kind): readonly Found<Kind>[] {
    return [...services.values()].flatMap(({ config: { name, title }, checks }) => {
      const own = checks.map(({ check }) => check).filter(isKind);
      return own.map((check) => {
        const alone = own.length === 1;
        const id = alone ? name : `${name}/${check.id}`;
        const ref = { id, service: name, check: check.id, title: alone ? title : `${title} (${check.id})` };
        return { ref, check };
      });
    });
  }

  async function look<Kind extends Check, T>(
    isKind: (check: Check) => check is Kind,
    store: string,
    ask: (check: Kind) => Promise<Answer<T>>,
  ): Promise<Figure<T>> {
    const found = all(isKind).find(({ ref }) => ref.id === store);
    if (found === undefined) return { ok: false, reason: reason('store-unknown', { store }) };
    return figureOf(await ask(found.check));
  }

  /** The address that a check asks; `clear`: by which its keys may be removed. */
  function addressOf({ service, check: id }: StoreRef, clear = false): string | null {
    const check = services.get(service)?.config.checks.find((each) => each.id === id);
    if (check?.type === 'postgres') return check.url;
    if (check?.type !== 'redis') return null;
    return clear ? (check.clear_url ?? check.url) : check.url;
  }

  /** The shop's database: DATABASE_URL, else the first that a check asks. */
  function shopSource(): { readonly url: string; readonly check: PostgresCheck | null } | null {
    const asked = all(isPostgres).map(({ ref, check }) => ({ url: addressOf(ref), check }));
    if (shopUrl !== null && /^postgres(?:ql)?(?:\+\w+)?:\/\//i.test(shopUrl))
      return { url: shopUrl, check: asked.find(({ url }) => url === shopUrl)?.check ?? null };
    const [first] = asked;
    return first === undefined || first.url === null ? null : { url: first.url, check: first.check };
  }

  async function readShop(): Promise<Figure<ShopReport>> {
    const source = shopSource();
    if (source === null) return { ok: false, reason: reason('shop-no-database') };
    const signal = AbortSignal.timeout(DEADLINE);
    const answer = await (source.check?.shop(signal, timezone) ?? askOnce(source.url, signal, timezone));
    const figure = figureOf(answer);
    return figure.ok ? { ok: true, value: { at: clock(), timezone, stats: figure.value } } : figure;
  }

  let asking: Promise<Figure<ShopReport>> | null = null;
  let last: ShopReport | null = null;

  async function shop(maxAge: number): Promise<Figure<ShopReport>> {
    if (last !== null && clock() - last.at < maxAge) return { ok: true, value: last };
    asking ??= readShop().finally(() => {
      asking = null;
    });
    const read = await asking;
    if (read.ok) last = read.value;
    return read;
  }

  return {
    redises: () => all(isRedis).map(({ ref }) => ref),
    databases: () => all(isPostgres).map(({ ref }) => ref),
    redis: (store) => look(isRedis, store, (check) => check.details(AbortSignal.timeout(DEADLINE), clock())),
    database: (store) => look(isPostgres, store, (check) => check.details(AbortSignal.timeout(DEADLINE), clock())),
    hasShop: () => shopSource() !== null,
    shop,
    caches: createCaches({
      find(store) {
        const ref = all(isRedis).find((each) => each.ref.id === store)?.ref ?? null;
        const url = ref === null ? null : addressOf(ref, true);
        return ref === null || url === null ? null : { ref, url };
      },
      note: (by, { service }, refused, done) => audit.add(clock(), by, 'cache-clear', service, refused, done),
      clock,
    }),
  };
}

function isRedis(check: Check): check is RedisCheck {
  return check.kind === 'redis';
}

function isPostgres(check: Check): check is PostgresCheck {
  return check.kind === 'postgres';
}

function figureOf<T>(answer: Answer<T>): Figure<T> {
  return answer.ok ? answer : { ok: false, reason: answer.failure.reason };
}

/** A database that no check keeps a connection to. */
async function askOnce(url: string, signal: AbortSignal, timezone: string): Promise<Answer<ShopStats>> {
  const [{ createPostgresConnection }, { isPostgresUrl }, { readShopStats }] = await Promise.all([
    import('../checks/postgres-connection.ts'),
    import('../checks/postgres-target.ts'),
    import('../checks/shop-stats.ts'),
  ]);
  if (!isPostgresUrl(url)) return { ok: false, failure: { verdict: 'unknown', reason: reason('shop-no-database') } };
  const connection = createPostgresConnection(url);
  try {
    return await connection.use(signal, (session) => readShopStats(session, timezone));
  } finally {
    await connection.close();
  }
}

import type { Figure } from './figure.ts';
import type { PostgresDetails } from './postgres-details.ts';
import type { Reason } from './reason.ts';
import type { KeySample, RedisDetails } from './redis-details.ts';
import type { ShopStats } from './shop-stats.ts';
import type { Actor } from './snapshot.ts';

/** A Redis or a PostgreSQL that a check of a service asks. */
export interface StoreRef {
  /** The service's name; `service/check` where one service has several. */
  readonly id: string;
  readonly service: string;
  readonly check: string;
  /** How people read it: the service's title. */
  readonly title: string;
}

/** What a pattern covers, counted key by key. Needed before anything is removed. */
export interface KeyCount {
  readonly pattern: string;
  readonly matching: number;
  /** Keys in the database. */
  readonly total: number;
  /** 0 to 100. */
  readonly percent: number;
  /** A few of them, for the one who has to confirm. */
  readonly examples: readonly string[];
  /** The pattern covers so much that an owner has to type the count. */
  readonly needsCount: boolean;
}

/** A count that can be acted upon, by its `id`, within a few minutes. */
export interface CountedKeys extends KeyCount {
  readonly id: string;
  readonly store: StoreRef;
}

/** `took` in ms. `ok: false` may have removed some keys too: `removed` says how many. */
export type ClearResult =
  | { readonly ok: true; readonly removed: number; readonly took: number; readonly stopped: boolean }
  | { readonly ok: false; readonly removed: number; readonly took: number; readonly reason: Reason };

/** How far something long has come. */
export type OnProgress = (done: number, of: number) => void;

export interface ClearOrder {
  readonly by: Actor;
  /** The count as it was typed; null: nobody did. */
  readonly confirmedCount: number | null;
  /** Ends it between two batches: what is removed stays removed. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Clearing caches by pattern. Whatever is refused or done is audited. */
export interface Caches {
  /** The patterns that are there, with estimates. */
  patterns(store: string, signal: AbortSignal): Promise<Figure<KeySample>>;
  /** Counts; changes nothing. */
  count(
    store: string,
    pattern: string,
    by: Actor,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<Figure<CountedKeys>>;
  /** Removes what was counted, as it stands now. One at a time for each Redis. */
  clear(count: string, order: ClearOrder): Promise<ClearResult>;
}

/** The shop's figures and when they were read. */
export interface ShopReport {
  /** Epoch ms. */
  readonly at: number;
  /** Whose midnight a day begins at: an IANA name. */
  readonly timezone: string;
  readonly stats: ShopStats;
}

/** The one door to Redis and PostgreSQL for chat, CLI and HTTP. Nothing rejects for what can be expected. */
export interface Stores {
  /** In the order of the configuration. */
  redises(): readonly StoreRef[];
  databases(): readonly StoreRef[];
  /** Asks anew, 10 s at most. */
  redis(store: string): Promise<Figure<RedisDetails>>;
  database(store: string): Promise<Figure<PostgresDetails>>;
  /** Whether there is a database of the shop to be asked. */
  hasShop(): boolean;
  /** `maxAge` (ms): an answer that is no older will do. */
  shop(maxAge: number): Promise<Figure<ShopReport>>;
  readonly caches: Caches;
}

import type { Figure } from '../core/figure.ts';
import type { Finding } from '../core/health.ts';
import type { PostgresDeltas, PostgresDetails, PostgresState } from '../core/postgres-details.ts';
import { reason } from '../core/reason.ts';
import { median, roll, slowMedian } from '../core/rolling.ts';
import type { ShopStats } from '../core/shop-stats.ts';
import type { Check } from './check.ts';
import type { Answer } from './connect.ts';
import { degraded, verdictOf, worstFindings } from './findings.ts';
import { createPostgresConnection, type PostgresSession } from './postgres-connection.ts';
import { type PostgresReading, postgresDeltas } from './postgres-deltas.ts';
import { readPostgresExtras } from './postgres-details.ts';
import { connectionShare, judgePostgres } from './postgres-judge.ts';
import { postgresMetrics } from './postgres-metrics.ts';
import * as queries from './postgres-queries.ts';
import { readShopStats } from './shop-stats.ts';

export interface PostgresCheckOptions {
  readonly id: string;
  /** `postgresql://…`; may hold a password. */
  readonly url: string;
  /** ms; a query that runs longer is counted as slow. */
  readonly slow_query_threshold: number;
  /** ms; a round trip slower than this by the median of the last rounds is degraded. */
  readonly max_latency_ms: number;
}

export interface PostgresCheck extends Check {
  /** Asks anew, for somebody who looks. */
  details(signal: AbortSignal, now: number): Promise<Answer<PostgresDetails>>;
  /** The shop's own figures, from its tables. `timezone` says where a day begins. */
  shop(signal: AbortSignal, timezone: string): Promise<Answer<ShopStats>>;
}

/** Stats every file, reads catalogues: not each round; who looks gets it fresher. */
const HEAVY_EVERY_MS = 5 * 60_000;
const HEAVY_FOR_LOOKER_MS = 2000;

interface Heavy extends Pick<PostgresState, 'archiver' | 'wraparound' | 'tables'> {
  readonly at: number;
  readonly size: number | null;
}

/** A PostgreSQL: whether it answers, who is connected and waits, its caches, tables, replication, and its age. */
export function createPostgresCheck(options: PostgresCheckOptions): PostgresCheck {
  const connection = createPostgresConnection(options.url);
  const { address, user, database } = connection;
  let latencies: readonly number[] = [];
  let previous: PostgresReading | null = null;
  let deltas: PostgresDeltas | null = null;
  let heavy: Heavy | null = null;
  let restarts: PostgresDetails['restarts'] = { count: 0, lastAt: null };
  let lastSizes: PostgresDetails['lastSizes'] = null;

  async function readLight(session: PostgresSession) {
    const started = performance.now();
    await session.one(queries.ping);
    const latency = performance.now() - started;
    const server = await session.one(queries.server);
    return {
      latency,
      server,
      counters: await session.one(queries.database),
      connections: await session.one(queries.connections, options.slow_query_threshold),
      replicas: await session.all(queries.replicas),
      standby: server.standby ? await session.one(queries.standby) : null,
      slots: optional(await session.figure(() => session.all(queries.slots))) ?? [],
    };
  }
  type Light = Awaited<ReturnType<typeof readLight>>;

  async function readHeavy(session: PostgresSession, now: number, maxAge: number): Promise<Heavy> {
    if (heavy !== null && now - heavy.at < maxAge) return heavy;
    const size = optional(await session.figure(() => session.one(queries.size)));
    heavy = {
      at: now,
      size: size?.bytes ?? null,
      archiver: optional(await session.figure(() => session.one(queries.archiver))),
      wraparound: optional(await session.figure(() => session.one(queries.wraparound))),
      tables: optional(await session.figure(() => session.all(queries.tables))),
    };
    return heavy;
  }

  function remember(reading: PostgresReading): void {
    if (previous !== null && previous.started !== reading.started) {
      restarts = { count: restarts.count + 1, lastAt: reading.at };
    }
    deltas = postgresDeltas(previous, reading);
    previous = reading;
  }

  function stateOf(light: Light, { archiver, wraparound, tables }: Heavy): PostgresState {
    const { server, connections, replicas, standby, slots } = light;
    return { server, connections, deltas, replicas, standby, slots, archiver, wraparound, tables };
  }

  function judge(state: PostgresState): readonly Finding[] {
    const limit = options.max_latency_ms;
    const slow = slowMedian(latencies, limit);
    return worstFindings([
      ...judgePostgres(state, user),
      slow === null ? null : degraded(reason('net-slow', { address, ms: Math.round(slow), limit })),
    ]);
  }

  return {
    id: options.id,
    kind: 'postgres',
    async run({ now, signal }) {
      const answer = await connection.use(signal, async (session) => ({
        light: await readLight(session),
        heavy: await readHeavy(session, now, HEAVY_EVERY_MS),
      }));
      if (!answer.ok) return { ...answer.failure, metrics: [] };
      const { light } = answer.value;
      latencies = roll(latencies, light.latency);
      remember({ at: now, started: light.server.started, counters: light.counters });
      const state = stateOf(light, answer.value.heavy);
      return verdictOf(judge(state), postgresMetrics(state, light.latency, answer.value.heavy.size, now));
    },
    details: (signal, now) =>
      connection.use(signal, async (session) => {
        const light = await readLight(session);
        const state = stateOf(light, await readHeavy(session, now, HEAVY_FOR_LOOKER_MS));
        const extras = await readPostgresExtras(session, light.server, light.connections);
        if (extras.sizes.ok) lastSizes = { at: now, tables: extras.sizes.value };
        return {
          ...extras,
          ...state,
          at: now,
          address,
          user,
          database,
          latency: { now: light.latency, median: median(latencies) },
          connectionShare: connectionShare(light.server, light.connections),
          seesAll: light.server.sees_all,
          size: heavy?.size ?? null,
          lastSizes,
          restarts,
          findings: judge(state),
        };
      }),
    shop: (signal, timezone) => connection.use(signal, (session) => readShopStats(session, timezone)),
    close: connection.close,
  };
}

/** What an older server, or a managed one, does not have is left out. */
function optional<T>(figure: Figure<T>): T | null {
  return figure.ok ? figure.value : null;
}

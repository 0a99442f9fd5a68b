import { percentOf } from '../core/counter.ts';
import type { Finding } from '../core/health.ts';
import type { Connections, PostgresState, Server, Table, Wraparound } from '../core/postgres-details.ts';
import { reason } from '../core/reason.ts';
import { degraded, unhealthy, unknown } from './findings.ts';

/** Percent of what ordinary roles may take. */
const CONNECTIONS_DEGRADED = 80;
const CONNECTIONS_UNHEALTHY = 95;
/** Seconds. */
const IDLE_IN_TRANSACTION = 60;
const LONG_QUERY = 30;
const LONG_WAIT = 10;
/** Percent and rows: both, for a small table is full of dead rows soon. */
const DEAD_SHARE = 20;
const DEAD_ROWS = 10_000;
/** Percent; only when so many blocks were really read. */
const CACHE_HIT = 95;
const CACHE_READS = 1000;
/** Of the age at which the server begins to freeze by itself: it should never be passed by much. */
const FREEZE_PASSED = 1.5;
/** Percent of the way to the stop; the server itself warns at 98. */
const WRAPAROUND_UNHEALTHY = 75;
const SLOT_RETAINED = 1024 ** 3;

/** What is wrong with a PostgreSQL that answers, in no order. */
export function judgePostgres(state: PostgresState, user: string): readonly (Finding | null)[] {
  const { server, connections, deltas } = state;
  return [
    ...judgeConnections(server, connections),
    ...judgeSessions(connections),
    deltas !== null && deltas.deadlocks > 0
      ? degraded(reason('postgres-deadlocks', { count: deltas.deadlocks }))
      : null,
    deltas !== null && deltas.cacheHit !== null && deltas.cacheHit < CACHE_HIT && deltas.blocksRead > CACHE_READS
      ? degraded(reason('postgres-cache', { percent: Math.round(deltas.cacheHit) }))
      : null,
    ...judgeWal(state),
    judgeWraparound(state.wraparound),
    judgeTables(state.tables),
    // Healthy has to be proven: sessions that cannot be seen may be anything.
    connections.hidden > 0 && !server.sees_all
      ? unknown(reason('postgres-hidden', { count: connections.hidden, user }))
      : null,
  ];
}

/** Percent of the connections that are there for ordinary roles. */
export function connectionShare(server: Server, connections: Connections): number {
  return percentOf(connections.used, server.max_connections - server.reserved);
}

function judgeConnections(server: Server, connections: Connections): readonly (Finding | null)[] {
  const percent = connectionShare(server, connections);
  if (percent <= CONNECTIONS_DEGRADED) return [];
  const args = { used: connections.used, max: server.max_connections - server.reserved };
  const why = reason('postgres-connections', args);
  return [percent > CONNECTIONS_UNHEALTHY ? unhealthy(why) : degraded(why)];
}

function judgeSessions(connections: Connections): readonly (Finding | null)[] {
  const { longest_wait, longest_query, longest_idle, waiting } = connections;
  const over = (seconds: number | null, limit: number): seconds is number => seconds !== null && seconds > limit;
  return [
    over(longest_wait, LONG_WAIT)
      ? degraded(reason('postgres-blocked', { count: waiting, seconds: Math.round(longest_wait) }))
      : null,
    over(longest_query, LONG_QUERY)
      ? degraded(reason('postgres-long-query', { seconds: Math.round(longest_query) }))
      : null,
    over(longest_idle, IDLE_IN_TRANSACTION)
      ? degraded(reason('postgres-idle-in-transaction', { seconds: Math.round(longest_idle) }))
      : null,
  ];
}

function judgeWal({ server, standby, slots, archiver }: PostgresState): readonly (Finding | null)[] {
  const failing =
    archiver !== null &&
    archiver.last_failed !== null &&
    (archiver.last_archived === null || archiver.last_failed > archiver.last_archived);
  return [
    server.standby && standby !== null && standby.status !== 'streaming' ? degraded(reason('postgres-standby')) : null,
    failing ? degraded(reason('postgres-archiver', { count: archiver.failed })) : null,
    ...slots.map(({ name, active, wal_status, retained_bytes }) => {
      if (wal_status === 'lost') return degraded(reason('postgres-slot-lost', { name }));
      if (active || retained_bytes === null || retained_bytes <= SLOT_RETAINED) return null;
      return degraded(reason('postgres-slot', { name, gigabytes: Math.round((retained_bytes / 1024 ** 3) * 10) / 10 }));
    }),
  ];
}

function judgeWraparound(wraparound: Wraparound | null): Finding | null {
  if (wraparound === null || wraparound.xid_age <= wraparound.freeze_max * FREEZE_PASSED) return null;
  const why = reason('postgres-wraparound', { name: wraparound.name, percent: Math.round(wraparound.percent) });
  return wraparound.percent > WRAPAROUND_UNHEALTHY ? unhealthy(why) : degraded(why);
}

/** Percent of a table's rows that are dead. */
export function deadShare({ live, dead }: Pick<Table, 'live' | 'dead'>): number {
  return percentOf(dead, live + dead);
}

function judgeTables(tables: readonly Table[] | null): Finding | null {
  const worst = (tables ?? [])
    .filter((table) => table.dead > DEAD_ROWS && deadShare(table) > DEAD_SHARE)
    .sort((a, b) => b.dead - a.dead)[0];
  if (worst === undefined) return null;
  return degraded(
    reason('postgres-dead-rows', { table: worst.name, dead: worst.dead, percent: Math.round(deadShare(worst)) }),
  );
}

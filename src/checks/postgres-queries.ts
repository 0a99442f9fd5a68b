import * as z from 'zod';
import type { Query } from './postgres-connection.ts';

/*
 * What a PostgreSQL is asked. Everything here reads the server's own statistics, which takes no lock on anybody's table;
 * each was measured to take a few milliseconds. Moments come as epoch seconds, so that no driver has to guess a zone.
 */

const number = z.number();
const perhaps = z.number().nullable();
const text = z.string();
const perhapsText = z.string().nullable();

/** A question whose rows have this shape; further columns would be a slip of ours. */
export function query<Shape extends z.ZodRawShape>(sql: string, shape: Shape): Query<z.output<z.ZodObject<Shape>>> {
  return { sql, row: z.strictObject(shape) };
}

/** Round trip and nothing else. */
export const ping = query('SELECT 1 AS one', { one: number });

/** The server, and whether this role may see the sessions of others. */
export const server = query(
  `SELECT current_setting('server_version') AS version,
          current_setting('server_version_num')::int AS version_number,
          extract(epoch FROM pg_postmaster_start_time()) AS started,
          pg_is_in_recovery() AS standby,
          current_setting('max_connections')::int AS max_connections,
          current_setting('superuser_reserved_connections')::int AS reserved,
          coalesce((SELECT pg_has_role(current_user, oid, 'usage') FROM pg_roles WHERE rolname = 'pg_read_all_stats'), false)
            AS sees_all`,
  {
    version: text,
    version_number: number,
    started: number,
    standby: z.boolean(),
    max_connections: number,
    reserved: number,
    sees_all: z.boolean(),
  },
);

/** Counters of this database since the statistics were last reset. */
export const database = query(
  `SELECT xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_inserted + tup_updated + tup_deleted AS tup_written,
          conflicts, temp_files, temp_bytes, deadlocks, extract(epoch FROM stats_reset) AS stats_reset
   FROM pg_stat_database WHERE datname = current_database()`,
  {
    xact_commit: number,
    xact_rollback: number,
    blks_read: number,
    blks_hit: number,
    tup_returned: number,
    tup_written: number,
    conflicts: number,
    temp_files: number,
    temp_bytes: number,
    deadlocks: number,
    stats_reset: perhaps,
  },
);
export type DatabaseCounters = z.output<typeof database.row>;

/**
 * Sessions. What others do is NULL to a role that may not see it, without an error, so it is counted how many are
 * hidden. `used` comes from elsewhere and is true for everybody. Dumps run long by nature and are left out of the times.
 * $1: ms from which on a query counts as slow.
 */
export const connections = query(
  `SELECT count(*) FILTER (WHERE backend_type = 'client backend') AS total,
          (SELECT sum(numbackends)::int FROM pg_stat_database) AS used,
          count(*) FILTER (WHERE usesysid IS NOT NULL AND datid IS NOT NULL AND query = '<insufficient privilege>') AS hidden,
          count(*) FILTER (WHERE mine AND state = 'active') AS active,
          count(*) FILTER (WHERE mine AND state = 'idle') AS idle,
          count(*) FILTER (WHERE mine AND state = 'idle in transaction') AS idle_in_transaction,
          count(*) FILTER (WHERE mine AND state = 'idle in transaction (aborted)') AS aborted,
          count(*) FILTER (WHERE mine AND wait_event_type = 'Lock') AS waiting,
          count(*) FILTER (WHERE mine AND state = 'active' AND not_dump AND now() - query_start > $1 * interval '1 ms') AS slow,
          max(extract(epoch FROM now() - query_start)) FILTER (WHERE mine AND wait_event_type = 'Lock') AS longest_wait,
          max(extract(epoch FROM now() - xact_start)) FILTER (WHERE mine AND state <> 'idle' AND not_dump) AS longest_transaction,
          max(extract(epoch FROM now() - query_start)) FILTER (WHERE mine AND state = 'active' AND not_dump) AS longest_query,
          max(extract(epoch FROM now() - state_change)) FILTER (WHERE mine AND state LIKE 'idle in transaction%') AS longest_idle
   FROM (SELECT *, backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid() AS mine,
                application_name IS DISTINCT FROM 'pg_dump' AS not_dump FROM pg_stat_activity) AS activity`,
  {
    total: number,
    used: number,
    hidden: number,
    active: number,
    idle: number,
    idle_in_transaction: number,
    aborted: number,
    waiting: number,
    slow: number,
    longest_wait: perhaps,
    longest_transaction: perhaps,
    longest_query: perhaps,
    longest_idle: perhaps,
  },
);

export const replicas = query(
  `SELECT coalesce(nullif(application_name, ''), '?') AS name, host(client_addr) AS address, state, sync_state,
          CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) END AS lag_bytes,
          extract(epoch FROM replay_lag) AS lag_s
   FROM pg_stat_replication`,
  { name: text, address: perhapsText, state: perhapsText, sync_state: perhapsText, lag_bytes: perhaps, lag_s: perhaps },
);

/** Of a standby: nothing behind when all that came was replayed, else the age of what was replayed last. */
export const standby = query(
  `SELECT receiver.status,
          CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
               ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS lag_s
   FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS receiver ON true`,
  { status: perhapsText, lag_s: perhaps },
);

/** A slot that nobody reads keeps all of the log from there on, until the disk is full. */
export const slots = query(
  `SELECT slot_name AS name, active, coalesce(wal_status, '?') AS wal_status,
          CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END AS retained_bytes
   FROM pg_replication_slots`,
  { name: text, active: z.boolean(), wal_status: text, retained_bytes: perhaps },
);

/** Stats every file of the database: not for every round. */
export const size = query('SELECT pg_database_size(current_database()) AS bytes', { bytes: number });

export const archiver = query(
  `SELECT archived_count AS archived, failed_count AS failed, last_failed_wal,
          extract(epoch FROM last_archived_time) AS last_archived, extract(epoch FROM last_failed_time) AS last_failed
   FROM pg_stat_archiver`,
  { archived: number, failed: number, last_failed_wal: perhapsText, last_archived: perhaps, last_failed: perhaps },
);

/** How far the database nearest to it is on its way to the point where the server stops to protect the data. */
export const wraparound = query(
  `SELECT datname AS name, age(datfrozenxid) AS xid_age, current_setting('autovacuum_freeze_max_age')::bigint AS freeze_max,
          100.0 * age(datfrozenxid) / 2147483648 AS percent
   FROM pg_database WHERE datallowconn ORDER BY 2 DESC LIMIT 1`,
  { name: text, xid_age: number, freeze_max: number, percent: number },
);

/** Sizes are what the planner believes: exact ones need a lock. */
export const tables = query(
  `SELECT s.schemaname AS schema, s.relname AS name, s.n_live_tup AS live, s.n_dead_tup AS dead,
          s.seq_tup_read, coalesce(s.idx_scan, 0) AS idx_scan,
          extract(epoch FROM greatest(s.last_vacuum, s.last_autovacuum)) AS last_vacuum,
          extract(epoch FROM greatest(s.last_analyze, s.last_autoanalyze)) AS last_analyze,
          c.relpages::bigint * current_setting('block_size')::int AS about_bytes
   FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
   ORDER BY c.relpages DESC, s.relname LIMIT 20`,
  {
    schema: text,
    name: text,
    live: number,
    dead: number,
    seq_tup_read: number,
    idx_scan: number,
    last_vacuum: perhaps,
    last_analyze: perhaps,
    about_bytes: number,
  },
);

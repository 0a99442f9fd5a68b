import * as z from 'zod';
import { query } from './postgres-queries.ts';

/*
 * What a PostgreSQL is asked only when somebody looks: what costs more, may meet a lock, or is of no use to a schedule.
 */

const number = z.number();
const perhaps = z.number().nullable();
const text = z.string();
const perhapsText = z.string().nullable();

export const applications = query(
  `SELECT coalesce(nullif(application_name, ''), '?') AS application, usename AS "user", host(client_addr) AS address, state,
          count(*) AS sessions
   FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
   GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1 LIMIT 20`,
  { application: text, user: perhapsText, address: perhapsText, state: perhapsText, sessions: number },
);

export const running = query(
  `SELECT pid, usename AS "user", application_name AS application, state, wait_event_type AS waits_for,
          extract(epoch FROM now() - xact_start) AS transaction_s, extract(epoch FROM now() - query_start) AS query_s,
          left(query, 1000) AS query
   FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
   ORDER BY xact_start NULLS LAST LIMIT 10`,
  {
    pid: number,
    user: perhapsText,
    application: text,
    state: perhapsText,
    waits_for: perhapsText,
    transaction_s: perhaps,
    query_s: perhaps,
    query: text,
  },
);

/** Asks the lock manager itself, which costs everybody: only when somebody waits. */
export const blocked = query(
  `SELECT a.pid, a.usename AS "user", extract(epoch FROM now() - a.query_start) AS waiting_s, left(a.query, 1000) AS query,
          b.pid AS by_pid, b.usename AS by_user, b.application_name AS by_application, b.state AS by_state,
          extract(epoch FROM now() - b.xact_start) AS by_transaction_s, left(b.query, 1000) AS by_query
   FROM pg_stat_activity a CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) AS blocker(pid)
   JOIN pg_stat_activity b ON b.pid = blocker.pid
   WHERE a.wait_event_type = 'Lock' ORDER BY 3 DESC LIMIT 20`,
  {
    pid: number,
    user: perhapsText,
    waiting_s: perhaps,
    query: text,
    by_pid: number,
    by_user: perhapsText,
    by_application: perhapsText,
    by_state: perhapsText,
    by_transaction_s: perhaps,
    by_query: text,
  },
);

/** Waits behind whoever has locked one of the tables; the last value is kept for that. */
export const exactSizes = query(
  `SELECT schemaname AS schema, relname AS name, pg_table_size(relid) AS table_bytes, pg_indexes_size(relid) AS index_bytes,
          pg_total_relation_size(relid) AS total_bytes
   FROM pg_stat_user_tables ORDER BY 5 DESC LIMIT 20`,
  { schema: text, name: text, table_bytes: number, index_bytes: number, total_bytes: number },
);

export const unusedIndexes = query(
  `SELECT s.relname AS "table", s.indexrelname AS name FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
   WHERE s.idx_scan = 0 AND NOT i.indisunique ORDER BY 1, 2 LIMIT 20`,
  { table: text, name: text },
);

const checkpointRow = { timed: number, requested: number };
const checkpointsBefore17 = query(
  'SELECT checkpoints_timed AS timed, checkpoints_req AS requested FROM pg_stat_bgwriter',
  checkpointRow,
);
const checkpointsSince17 = query(
  'SELECT num_timed AS timed, num_requested AS requested FROM pg_stat_checkpointer',
  checkpointRow,
);

/** Since the statistics were reset; many requested ones mean that max_wal_size is small. */
export function checkpoints(versionNumber: number) {
  return versionNumber >= 170_000 ? checkpointsSince17 : checkpointsBefore17;
}

/** In which schema pg_stat_statements is, when it is there. */
export const statementsSchema = query(
  `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
   WHERE e.extname = 'pg_stat_statements'`,
  { schema: text },
);

/** @param schema quoted. Times in ms; since the last reset. */
export function topStatements(schema: string, versionNumber: number) {
  const [total, mean, max] =
    versionNumber >= 130_000
      ? ['total_exec_time', 'mean_exec_time', 'max_exec_time']
      : ['total_time', 'mean_time', 'max_time'];
  return query(
    `SELECT calls, ${total} AS total_ms, ${mean} AS mean_ms, ${max} AS max_ms, rows, left(query, 1000) AS query
     FROM ${schema}.pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY 2 DESC LIMIT 10`,
    { calls: number, total_ms: number, mean_ms: number, max_ms: number, rows: number, query: text },
  );
}

export const vacuums = query(
  `SELECT relid::regclass::text AS "table", phase, heap_blks_total AS total, heap_blks_scanned AS scanned
   FROM pg_stat_progress_vacuum`,
  { table: perhapsText, phase: perhapsText, total: perhaps, scanned: perhaps },
);

const SHOWN_CHARACTERS = 120;

/** A query as it may be shown: what was written in it as text (a password, a customer's name) is taken out. */
export function showQuery(sql: string): string {
  const bare = sql
    .replace(/\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g, '$…$')
    .replace(/'(?:[^']|'')*(?:'|$)/g, "'…'")
    .replace(/\s+/g, ' ')
    .trim();
  return bare.length > SHOWN_CHARACTERS ? `${bare.slice(0, SHOWN_CHARACTERS - 1)}…` : bare;
}

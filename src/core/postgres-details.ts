import type { Figure } from './figure.ts';
import type { Finding } from './health.ts';

/** Moments are epoch seconds here, ages and times seconds, as the names say; null: the server does not say. */
export interface Server {
  readonly version: string;
  readonly version_number: number;
  readonly started: number;
  readonly standby: boolean;
  readonly max_connections: number;
  /** For superusers. */
  readonly reserved: number;
  /** Whether this role may see what others do. */
  readonly sees_all: boolean;
}

/** Sessions, of this database; `used` and `total` of the whole server. What may not be seen is `hidden`, not counted. */
export interface Connections {
  readonly total: number;
  readonly used: number;
  readonly hidden: number;
  readonly active: number;
  readonly idle: number;
  readonly idle_in_transaction: number;
  readonly aborted: number;
  /** For a lock. */
  readonly waiting: number;
  readonly slow: number;
  readonly longest_wait: number | null;
  readonly longest_transaction: number | null;
  readonly longest_query: number | null;
  /** In a transaction, doing nothing. */
  readonly longest_idle: number | null;
}

export interface PostgresReplica {
  readonly name: string;
  readonly address: string | null;
  readonly state: string | null;
  readonly sync_state: string | null;
  readonly lag_bytes: number | null;
  readonly lag_s: number | null;
}

/** Of a standby: how it stands to its primary. */
export interface Standby {
  readonly status: string | null;
  readonly lag_s: number | null;
}

export interface Slot {
  readonly name: string;
  readonly active: boolean;
  readonly wal_status: string;
  readonly retained_bytes: number | null;
}

export interface Archiver {
  readonly archived: number;
  readonly failed: number;
  readonly last_failed_wal: string | null;
  readonly last_archived: number | null;
  readonly last_failed: number | null;
}

/** Of the database that is nearest to it. */
export interface Wraparound {
  readonly name: string;
  readonly xid_age: number;
  readonly freeze_max: number;
  /** Of the way to the point where the server stops to protect the data. */
  readonly percent: number;
}

/** `live` and `dead` rows and the size are what the server believes. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly live: number;
  readonly dead: number;
  readonly seq_tup_read: number;
  readonly idx_scan: number;
  readonly last_vacuum: number | null;
  readonly last_analyze: number | null;
  readonly about_bytes: number;
}

/** What happened between two readings. */
export interface PostgresDeltas {
  readonly ms: number;
  /** Per second. */
  readonly transactions: number;
  readonly rollbacks: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly deadlocks: number;
  readonly conflicts: number;
  readonly tempFiles: number;
  readonly tempBytes: number;
  /** Blocks that had to be fetched from disk (or the system's cache), and the share that was there already, percent. */
  readonly blocksRead: number;
  readonly cacheHit: number | null;
}

/** What a round knows; `archiver`, `wraparound` and `tables` come from an earlier one, null: not read yet. */
export interface PostgresState {
  readonly server: Server;
  readonly connections: Connections;
  readonly deltas: PostgresDeltas | null;
  readonly replicas: readonly PostgresReplica[];
  readonly standby: Standby | null;
  readonly slots: readonly Slot[];
  readonly archiver: Archiver | null;
  readonly wraparound: Wraparound | null;
  readonly tables: readonly Table[] | null;
}

export interface Application {
  readonly application: string;
  readonly user: string | null;
  readonly address: string | null;
  readonly state: string | null;
  readonly sessions: number;
}

/** `query` without the texts that were written in it, and cut. */
export interface RunningQuery {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string;
  readonly state: string | null;
  readonly waits_for: string | null;
  readonly transaction_s: number | null;
  readonly query_s: number | null;
  readonly query: string;
}

export interface BlockedQuery {
  readonly pid: number;
  readonly user: string | null;
  readonly waiting_s: number | null;
  readonly query: string;
  readonly by_pid: number;
  readonly by_user: string | null;
  readonly by_application: string | null;
  readonly by_state: string | null;
  readonly by_transaction_s: number | null;
  readonly by_query: string;
}

/** Exact. */
export interface TableSize {
  readonly schema: string;
  readonly name: string;
  readonly table_bytes: number;
  readonly index_bytes: number;
  readonly total_bytes: number;
}

export interface UnusedIndex {
  readonly table: string;
  readonly name: string;
}

/** Since the statistics were reset; many requested ones mean that max_wal_size is small. */
export interface Checkpoints {
  readonly timed: number;
  readonly requested: number;
}

export interface Statement {
  readonly calls: number;
  readonly total_ms: number;
  readonly mean_ms: number;
  readonly max_ms: number;
  readonly rows: number;
  readonly query: string;
}

export interface Vacuum {
  readonly table: string | null;
  readonly phase: string | null;
  readonly total: number | null;
  readonly scanned: number | null;
}

/** What only somebody who looks gets to see. */
export interface PostgresExtras {
  readonly applications: readonly Application[];
  /** Longest transaction first. */
  readonly running: readonly RunningQuery[];
  readonly blocked: readonly BlockedQuery[];
  readonly unusedIndexes: readonly UnusedIndex[];
  readonly checkpoints: Figure<Checkpoints>;
  readonly vacuums: readonly Vacuum[];
  /** null: pg_stat_statements is not installed in this database. Most time first, since its last reset. */
  readonly statements: Figure<readonly Statement[]> | null;
  /** Needs a lock on each table for a moment. */
  readonly sizes: Figure<readonly TableSize[]>;
}

/** What is known of a PostgreSQL, for a screen. Bytes, ms for latencies, seconds for ages as their names say. */
export interface PostgresDetails extends PostgresExtras, PostgresState {
  readonly at: number;
  readonly address: string;
  readonly user: string;
  readonly database: string;
  /** Of `SELECT 1`, ms: now, and the median of the last rounds. */
  readonly latency: { readonly now: number; readonly median: number | null };
  /** Percent of the connections that are there for ordinary roles. */
  readonly connectionShare: number;
  /** False: what other roles do stays hidden until `GRANT pg_monitor TO user`; `connections.hidden` says how many. */
  readonly seesAll: boolean;
  /** Bytes of the database, seconds old at most. */
  readonly size: number | null;
  /** The last exact sizes of tables that could be had, and when. */
  readonly lastSizes: { readonly at: number; readonly tables: readonly TableSize[] } | null;
  /** Restarts that were seen since the manager looks. */
  readonly restarts: { readonly count: number; readonly lastAt: number | null };
  readonly findings: readonly Finding[];
}

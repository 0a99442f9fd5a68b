import type { Finding } from './health.ts';

/** One replica as its master sees it. */
export interface Replica {
  readonly address: string;
  readonly state: string;
  /** Bytes behind the master; null: not said. */
  readonly lag: number | null;
}

/** INFO, read; its own names. Bytes, seconds, counters since the server's start; null: this server does not say. */
export interface RedisInfo {
  readonly redis_version: string;
  readonly run_id: string;
  readonly uptime_in_seconds: number;
  readonly connected_clients: number;
  readonly blocked_clients: number | null;
  readonly maxclients: number | null;
  readonly used_memory: number;
  readonly used_memory_rss: number | null;
  readonly used_memory_peak: number | null;
  readonly maxmemory: number | null;
  readonly maxmemory_policy: string;
  readonly total_system_memory: number | null;
  readonly mem_fragmentation_ratio: number | null;
  readonly loading?: string | undefined;
  readonly rdb_last_bgsave_status?: string | undefined;
  readonly rdb_last_save_time: number | null;
  readonly rdb_changes_since_last_save: number | null;
  readonly aof_enabled?: string | undefined;
  readonly aof_last_write_status?: string | undefined;
  readonly aof_last_bgrewrite_status?: string | undefined;
  readonly total_commands_processed: number | null;
  readonly instantaneous_ops_per_sec: number | null;
  readonly total_net_input_bytes: number | null;
  readonly total_net_output_bytes: number | null;
  readonly rejected_connections: number | null;
  readonly expired_keys: number | null;
  readonly evicted_keys: number | null;
  readonly keyspace_hits: number | null;
  readonly keyspace_misses: number | null;
  readonly role: string;
  readonly master_link_status?: string | undefined;
  readonly master_link_down_since_seconds: number | null;
  readonly master_last_io_seconds_ago: number | null;
  readonly master_repl_offset: number | null;
  readonly slave_repl_offset: number | null;
  readonly used_cpu_sys: number | null;
  readonly used_cpu_user: number | null;
  readonly databases: readonly { readonly db: number; readonly keys: number; readonly expires: number }[];
  /** Errors given to clients since the start, by code (OOM, NOPERM, …). */
  readonly errors: Readonly<Record<string, number>>;
  readonly replicas: readonly Replica[];
}

/** What happened between two readings of the same server. null: not said, or counted anew. */
export interface RedisDeltas {
  readonly ms: number;
  readonly evicted: number | null;
  readonly expired: number | null;
  readonly rejected: number | null;
  /** Percent of one processor. */
  readonly cpu: number | null;
  /** Bytes per second. */
  readonly received: number | null;
  readonly sent: number | null;
  /** Only what grew. */
  readonly errors: readonly { readonly code: string; readonly count: number }[];
  readonly keysBefore: number;
}

export interface HitRate {
  readonly percent: number;
  readonly lookups: number;
  /** How long it was gathered, ms. */
  readonly over: number;
}

/**
 * What a sample of the keys says about all of them. SCAN gives them in the order of a hash, so that its first thousands
 * are a fair sample; of rare patterns it knows little: say "≈" and the size of the sample.
 */
export interface KeySample {
  /** Epoch ms. */
  readonly at: number;
  /** Keys in the database, and those looked at; the same: every key was seen, and nothing is estimated. */
  readonly total: number;
  readonly sampled: number;
  /** Most keys first. */
  readonly patterns: readonly KeyPattern[];
  /** Keys of patterns that are not listed. */
  readonly others: number;
}

export interface KeyPattern {
  /** In the form that SCAN MATCH takes. */
  readonly pattern: string;
  /** About so many keys in the whole database. */
  readonly keys: number;
  /** Of those, so many were seen. */
  readonly sampled: number;
  /** Bytes of one key on average; null: the right to ask is missing. */
  readonly bytes: number | null;
  /** Seconds still to live of most of them; null: they stay, or the right to ask is missing. */
  readonly ttl: number | null;
}

/** One slow command, with nothing of the data it carried. */
export interface SlowCommand {
  readonly id: number;
  /** Epoch ms. */
  readonly at: number;
  /** ms. */
  readonly took: number;
  /** `SET user:*:balance … +2`: the command, its key as a pattern, and how many words more. */
  readonly command: string;
}

export interface SlowLog {
  /** All that are kept. */
  readonly length: number;
  /** ms from which on a command counts as slow; null: not known. */
  readonly threshold: number | null;
  /** Newest first, at most 16. */
  readonly newest: readonly SlowCommand[];
}

export interface LatencyEvent {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  /** ms. */
  readonly latest: number;
  readonly worst: number;
}

/** What is asked only when somebody looks. null: not there, or the right is missing (then it stands in `missing`). */
export interface RedisExtras {
  readonly slowLog: SlowLog | null;
  /** Events that the server timed itself, worst first; null also when its latency monitor is off. */
  readonly events: readonly LatencyEvent[] | null;
  /** Of CONFIG GET, by their own names; what may not be asked is left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** Rights that are missing, as ACL SETUSER takes them: `+slowlog|get`. */
  readonly missing: readonly string[];
}

/** What is known of a Redis, for a screen. Raw figures stand in `info` as the server says them. */
export interface RedisDetails extends RedisExtras {
  readonly at: number;
  readonly address: string;
  readonly info: RedisInfo;
  /** ms: of now, and the median of the last rounds. */
  readonly latency: { readonly now: number; readonly median: number | null };
  readonly memory: { readonly used: number; readonly limit: number | null; readonly percent: number | null };
  readonly keys: number;
  /** null: too few look-ups since the manager looks. */
  readonly hitRate: HitRate | null;
  /** Of the last two rounds; null: not two of the same server yet. */
  readonly deltas: RedisDeltas | null;
  /** Restarts that were seen since the manager looks. */
  readonly restarts: { readonly count: number; readonly lastAt: number | null };
  /** null: the right to SCAN is missing. */
  readonly sample: KeySample | null;
  readonly findings: readonly Finding[];
}

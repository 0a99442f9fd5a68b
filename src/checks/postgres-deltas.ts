import { growth, percentOf } from '../core/counter.ts';
import type { PostgresDeltas } from '../core/postgres-details.ts';
import type { DatabaseCounters } from './postgres-queries.ts';

/** The counters of one moment (epoch ms). */
export interface PostgresReading {
  readonly at: number;
  /** When the server started, epoch seconds. */
  readonly started: number;
  readonly counters: DatabaseCounters;
}

/** null: the first reading, or the counters were reset since (by hand, or by the recovery after a crash). */
export function postgresDeltas(before: PostgresReading | null, now: PostgresReading): PostgresDeltas | null {
  if (before === null || before.counters.stats_reset !== now.counters.stats_reset) return null;
  const ms = now.at - before.at;
  const step = (name: keyof DatabaseCounters) => growth(before.counters[name], now.counters[name] ?? -1);
  const commits = step('xact_commit');
  const rollbacks = step('xact_rollback');
  const hit = step('blks_hit');
  const read = step('blks_read');
  if (ms <= 0 || commits === null || rollbacks === null || hit === null || read === null) return null;
  const perSecond = (count: number | null) => ((count ?? 0) * 1000) / ms;
  return {
    ms,
    transactions: perSecond(commits + rollbacks),
    rollbacks: perSecond(rollbacks),
    rowsRead: perSecond(step('tup_returned')),
    rowsWritten: perSecond(step('tup_written')),
    deadlocks: step('deadlocks') ?? 0,
    conflicts: step('conflicts') ?? 0,
    tempFiles: step('temp_files') ?? 0,
    tempBytes: step('temp_bytes') ?? 0,
    blocksRead: read,
    cacheHit: hit + read === 0 ? null : percentOf(hit, hit + read),
  };
}

import { bootId, type ProcessId, readProcess, startedAt } from './proctree.ts';
import type { RunRecord } from './run-record.ts';

/** Stands for a process that ended before anybody could read its start time. Lives never. */
export const nobody: ProcessId = { pid: 0, startTicks: -1 };

/** How far apart a record's first line and the start of its process may seem, clock corrections included. */
const startToleranceMs = 10_000;

/**
 * The process that a record speaks of. Its pid alone may have been given out again: it also has to be in the keeper's
 * session (whose number is not given out while somebody is in it), or the keeper's child, or, for one that has
 * founded a session of its own and lost its keeper, to have started when the record says.
 */
export function serviceOf(record: RunRecord): ProcessId {
  const entry = record.boot === bootId() && record.status === null ? readProcess(record.pid) : null;
  if (!entry) return nobody;
  const ours =
    entry.session === record.session ||
    entry.ppid === record.session ||
    (entry.session === entry.pid && Math.abs(startedAt(entry) - record.writtenAt) < startToleranceMs);
  return ours ? entry : nobody;
}

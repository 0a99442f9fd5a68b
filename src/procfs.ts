import { closeSync, openSync, readSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid (within one boot). */
export interface ProcessId {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of /proc/PID/stat. */
  readonly startTicks: number;
}

/** What /proc/PID/stat says (proc(5)). */
export interface ProcessEntry extends ProcessId {
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** One letter: R, S, D, T, Z … */
  readonly state: string;
  readonly threads: number;
  /** The kernel's short name, at most 15 bytes. */
  readonly comm: string;
}

const buffer = Buffer.alloc(2048);

/** What one read of a file gives, at most 2 KB; null where it cannot be read. */
export function readShort(path: string): string | null {
  try {
    const file = openSync(path, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/**
 * One process, null when there is none. A zombie is still an entry (state Z). Read synchronously: procfs is answered from
 * memory in microseconds, while each hop through Node's thread pool costs more than the read.
 */
export function readProcess(pid: number): ProcessEntry | null {
  const text = readShort(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name may hold spaces and brackets itself: the last closing bracket ends it.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ', 20);
  const startTicks = Number(fields[19]);
  if (open < 0 || close < 0 || !Number.isSafeInteger(startTicks)) return null;
  return {
    pid,
    startTicks,
    ppid: Number(fields[1]),
    pgrp: Number(fields[2]),
    session: Number(fields[3]),
    state: fields[0] ?? '?',
    threads: Number(fields[17]),
    comm: text.slice(open + 1, close),
  };
}

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

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
  /** Processor time since its start, its own and the kernel's for it, clock ticks. */
  readonly cpuTicks: number;
  /** Resident memory, pages. */
  readonly residentPages: number;
  /** The kernel's short name, at most 15 bytes. */
  readonly comm: string;
}

/** USER_HZ: 100 on every Linux that Node runs on; what /proc counts in, whatever the kernel's own HZ. */
export const ticksPerSecond = 100;

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
  const fields = text.slice(close + 2).split(' ', 22);
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
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    residentPages: Number(fields[21]),
    comm: text.slice(open + 1, close),
  };
}

/** Where the kernel's word is missing: all machines but a few ARM ones. */
const USUAL_PAGE_BYTES = 4096;
const AT_PAGESZ = 6n;
let pageBytes = 0;

/** What {@link ProcessEntry.residentPages} counts in: AT_PAGESZ of getauxval(3), pairs of a word for the type and one for the value. */
export function pageSize(): number {
  if (pageBytes > 0) return pageBytes;
  pageBytes = USUAL_PAGE_BYTES;
  try {
    const words = readFileSync('/proc/self/auxv');
    const wordAt = (at: number) => (endianness() === 'LE' ? words.readBigUInt64LE(at) : words.readBigUInt64BE(at));
    for (let at = 0; at + 16 <= words.length; at += 16)
      if (wordAt(at) === AT_PAGESZ) pageBytes = Number(wordAt(at + 8));
  } catch {
    // Another kernel, or a /proc that shows little.
  }
  return pageBytes;
}

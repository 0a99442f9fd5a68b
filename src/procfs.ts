import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
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
  const length = readInto(path);
  return length === null ? null : buffer.toString('latin1', 0, length);
}

/**
 * The pids of the children of a process, zombies included; null where the kernel does not tell. `threads`: how many it
 * has, where that is known: the one of most has the process's own number. A child may have ended since and left its pid
 * to a stranger: what it is has to be looked at.
 */
export function childPids(pid: number, threads = 0): readonly number[] | null {
  if (threads === 1) return numbersIn(`/proc/${pid}/task/${pid}/children`);
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map((task) => numbersIn(`/proc/${pid}/task/${task}/children`));
    // A thread may end meanwhile.
    return lists.every((list) => list === null) ? null : lists.flatMap((list) => list ?? []);
  } catch {
    return null;
  }
}

function numbersIn(path: string): readonly number[] | null {
  const length = readInto(path);
  if (length === null) return null;
  if (length === 0) return [];
  try {
    // Hundreds of children do not fit into the buffer.
    const text = length < buffer.length ? buffer.toString('latin1', 0, length) : readFileSync(path, 'latin1');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return null;
  }
}

/** How many bytes are in the buffer now; null where the file cannot be read. */
function readInto(path: string): number | null {
  try {
    const file = openSync(path, 'r');
    try {
      return readSync(file, buffer, 0, buffer.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/** The fields of a line of /proc/PID/stat that are numbers, by their number in proc(5), where the first is 1. */
const fields = new Float64Array(25);
const FIRST_NUMBER = 4;

const [SPACE, MINUS, ZERO, OPENING, CLOSING] = [32, 45, 48, 40, 41];

/**
 * One process, null when there is none. A zombie is still an entry (state Z). Read synchronously: procfs is answered from
 * memory in microseconds, while each hop through Node's thread pool costs more than the read. The numbers are taken from
 * the bytes, as no pieces of thousands of lines are then left to the garbage collector.
 */
export function readProcess(pid: number): ProcessEntry | null {
  const length = readInto(`/proc/${pid}/stat`);
  if (length === null || length === 0) return null;
  // The name may hold spaces and brackets itself: the last closing bracket ends it.
  const open = buffer.indexOf(OPENING);
  const close = buffer.lastIndexOf(CLOSING, length - 1);
  if (open < 0 || close < open || !readFields(close + 4, length)) return null;
  return {
    pid,
    startTicks: fields[22] ?? 0,
    ppid: fields[4] ?? 0,
    pgrp: fields[5] ?? 0,
    session: fields[6] ?? 0,
    state: buffer.toString('latin1', close + 2, close + 3),
    threads: fields[20] ?? 0,
    cpuTicks: (fields[14] ?? 0) + (fields[15] ?? 0),
    residentPages: fields[24] ?? 0,
    comm: buffer.toString('latin1', open + 1, close),
  };
}

/** Reads the numbers from `at` on; false: the line is shorter than it should be. */
function readFields(at: number, length: number): boolean {
  let field = FIRST_NUMBER;
  let value = 0;
  let sign = 1;
  for (let index = at; index < length && field < fields.length; index += 1) {
    const byte = buffer[index] ?? SPACE;
    if (byte === MINUS) sign = -1;
    else if (byte > SPACE) value = 10 * value + byte - ZERO;
    else {
      fields[field] = sign * value;
      field += 1;
      value = 0;
      sign = 1;
    }
  }
  return field === fields.length;
}

/** The pids there are now. Throws where /proc cannot be read. */
export function listPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first >= 49 && first <= 57) pids.push(Number(name));
  }
  return pids;
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

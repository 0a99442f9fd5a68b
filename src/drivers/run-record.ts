import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { exitOfStatus } from './signals.ts';

/*
 * Files of a few bytes beside the manager's store, which is written synchronously too: the way over the thread pool
 * would cost several times as much as the work.
 */

/** What the keeper wrote down of one run; see keeper-script.ts. */
export interface RunRecord {
  readonly number: number;
  readonly boot: string;
  readonly pid: number;
  /** The keeper's pid too: it leads the session. */
  readonly session: number;
  /** As a shell says it: 128 + n for signal n. null: not ended, or nobody was there to see it. */
  readonly status: number | null;
  /** Epoch ms of the last line. */
  readonly writtenAt: number;
}

const started = /^started (\S+) (\d+) (\d+)$/m;
const ended = /^ended (\d+)$/m;
/** Room for both lines, so that writing them later needs no new block. */
const blank = '\n'.repeat(256);
const buffer = Buffer.alloc(512);

/** The record of one run; null where there is none or nothing has been written into it yet. */
export function readRecord(folder: string, number: number): RunRecord | null {
  const path = join(folder, String(number));
  let text: string;
  let writtenAt: number;
  try {
    const file = openSync(path, 'r');
    try {
      text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
      if (text.charCodeAt(0) === 10) return null;
      writtenAt = Math.round(fstatSync(file).mtimeMs);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
  const start = started.exec(text);
  if (!start) return null;
  const [, boot, pid, session] = start;
  const end = ended.exec(text);
  return {
    number,
    boot: boot ?? '',
    pid: Number(pid),
    session: Number(session),
    status: end ? Number(end[1]) : null,
    writtenAt,
  };
}

/** All numbers there are, newest first. */
export function recordNumbers(folder: string): number[] {
  return readdirSync(folder)
    .map(Number)
    .filter(Number.isSafeInteger)
    .sort((a, b) => b - a);
}

/**
 * Makes the empty record of a run to come unless there is one; out of `old` where that is given, which works on a
 * full disk too. One that is there stays untouched: its keeper may be writing into it.
 */
export function prepareRecord(folder: string, number: number, old: number | null): void {
  const path = join(folder, String(number));
  try {
    if (old === null) {
      writeWhole(path);
      return;
    }
    const oldPath = join(folder, String(old));
    writeFileSync(oldPath, blank, { flag: 'r+' });
    linkSync(oldPath, path);
    unlinkSync(oldPath);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** A new file that has its room, or none. */
function writeWhole(path: string): void {
  try {
    writeFileSync(path, blank, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Made, but without a byte in it: its keeper could not write there.
    if (isFull(error)) unlinkSync(path);
    throw error;
  }
}

/**
 * Makes the record of a run that is to begin now. Where a full disk has no room for it, it is made of that of the run
 * before, which is over and known.
 */
export function makeRecord(folder: string, number: number): void {
  try {
    prepareRecord(folder, number, null);
  } catch (error) {
    if (!isFull(error) || number <= 1) throw error;
    prepareRecord(folder, number, number - 1);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Two records are kept: that of the newest run, `number`, and an empty one for the next, made of the one before. */
export function rotateRecords(folder: string, number: number): void {
  const [old, ...useless] = recordNumbers(folder).filter((candidate) => candidate < number);
  prepareRecord(folder, number + 1, old ?? null);
  for (const each of useless) rmSync(join(folder, String(each)), { force: true });
}

/** A shell's exit status as code or signal: 128 + n is signal n where there is such a signal. */
export function exitOf(status: number | null): { code: number | null; signal: string | null } {
  return status === null ? { code: null, signal: null } : exitOfStatus(status);
}

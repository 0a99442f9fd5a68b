import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { type Reason, reason } from '../core/reason.ts';
import { freeBytes } from './free-space.ts';

export type BackedUp =
  | { readonly ok: true; readonly bytes: number }
  /** Nothing was left behind. */
  | { readonly ok: false; readonly reason: Reason };

/**
 * Copies the store to a new file that only its owner can read. As of one moment, also while the manager writes: it is
 * neither stopped nor held up (`VACUUM INTO` reads one snapshot). The copy is checked before it gets its name.
 */
export function backUp(store: string, file: string): BackedUp {
  if (!existsSync(store)) return refused('backup-nothing', { file: store });
  if (existsSync(file)) return refused('backup-exists', { file });
  const [free, needed] = [freeBytes(dirname(file)), statSync(store).size];
  if (free !== null && free < needed) return refused('backup-no-room', { file, missing: megabytes(needed - free) });
  const unfinished = `${file}.unfinished`;
  try {
    // SQLite writes into a file that is empty; so nobody else can read it from the first byte on.
    closeSync(openSync(unfinished, 'wx', 0o600));
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? refused('backup-exists', { file: unfinished }) : unwritable(file, error);
  }
  try {
    copy(store, unfinished);
    const found = faults(unfinished);
    if (found !== null) return refused('backup-damaged', { found });
    persist(unfinished);
    giveName(unfinished, file);
    return { ok: true, bytes: statSync(file).size };
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? refused('backup-exists', { file }) : unwritable(file, error);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function copy(store: string, file: string): void {
  const connection = new Database(store, { readonly: true });
  try {
    connection.pragma('busy_timeout = 10000');
    connection.prepare('VACUUM INTO ?').run(file);
  } finally {
    connection.close();
  }
}

/** What SQLite finds wrong with it; null: nothing. */
function faults(file: string): string | null {
  const connection = new Database(file, { readonly: true });
  try {
    const row: unknown = connection.prepare('SELECT integrity_check AS found FROM pragma_integrity_check(1)').get();
    const found = typeof row === 'object' && row !== null && 'found' in row ? String(row.found) : 'no answer';
    return found === 'ok' ? null : found;
  } finally {
    connection.close();
  }
}

function persist(file: string): void {
  const handle = openSync(file, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A link is refused where there is a file meanwhile; a rename would replace it. Not every file system has links. */
function giveName(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || existsSync(to)) throw error;
    renameSync(from, to);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unwritable(file: string, error: unknown): BackedUp {
  const problem = codeOf(error) || (error instanceof Error ? error.message : String(error));
  return refused('backup-unwritable', { file, problem });
}

function refused(code: string, args: Reason['args']): BackedUp {
  return { ok: false, reason: reason(code, args) };
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

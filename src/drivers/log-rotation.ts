import { execFile } from 'node:child_process';
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { leadingHole, sameBytes } from './log-bytes.ts';
import { writesInPlace } from './log-writers.ts';

const run = promisify(execFile);

/** What became of a log. `failed`: `code` is what the system said (EACCES, …). */
export type Rotation =
  | { readonly done: 'nothing' }
  | { readonly done: 'rotated'; readonly bytes: number; readonly way: Way }
  /** The disk is too full for a copy: the oldest was given up. */
  | { readonly done: 'dropped'; readonly bytes: number; readonly what: 'archive' | 'beginning' }
  | { readonly done: 'failed'; readonly code: string };

/**
 * How the beginning is taken out of a file that is being written: `collapse` cuts it off and moves the rest down (ext4,
 * xfs); `punch` gives its room back but leaves the file as long as it was, with a hole at its beginning.
 */
export type Way = 'collapse' | 'punch';

export interface RotationLimits {
  /** From so many bytes on. */
  readonly maxSize: number;
  /** Older parts kept: `<log>.1` is the newest. */
  readonly keep: number;
  /** So much stays in the log itself, so that its last lines are found there. Default 256 KiB. */
  readonly tail?: number;
  /** So much of the disk is left free beyond a copy. Default 64 MiB. */
  readonly spare?: number;
  /** Default: collapse where that works and is safe. */
  readonly way?: Way;
}

const TAIL_BYTES = 256 * 1024;
const SPARE_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Moves the beginning of a log that has grown too large into `<log>.1`, byte for byte, while the service goes on
 * writing: the service keeps its file and is not told. `.1` and the log, one after the other, are what the service
 * wrote; a kill at any moment changes nothing of that.
 */
export async function rotateLog(path: string, limits: RotationLimits): Promise<Rotation> {
  try {
    return await rotate(path, limits);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' ? { done: 'nothing' } : { done: 'failed', code };
  }
}

async function rotate(path: string, limits: RotationLimits): Promise<Rotation> {
  const { maxSize, keep, tail = TAIL_BYTES, spare = SPARE_BYTES, way } = limits;
  if ((await stat(path)).size < maxSize) return { done: 'nothing' };
  const log = await open(path, 'r');
  try {
    const { size, blksize } = await log.stat();
    const from = await leadingHole(log, size, blksize);
    await finishInterrupted(path, log, from, keep);
    // Whole blocks, and never all of it: the kernel takes nothing else out.
    const length = Math.floor((size - from - Math.min(tail, maxSize / 2)) / blksize) * blksize;
    if (size - from < maxSize || length <= 0) return { done: 'nothing' };
    const wanted = way ?? (from > 0 || (await writesInPlace(path)) ? 'punch' : 'collapse');
    const { bavail, bsize } = await statfs(path);
    if (bavail * bsize < length + spare) return await giveUpOldest(path, keep, wanted, from, length);
    const copied = `${path}.rotating`;
    await copy(log, copied, from, length);
    const taken = await takeOut(path, wanted, from, length);
    if (taken === null) {
      await rm(copied);
      return { done: 'failed', code: 'fallocate' };
    }
    await shift(path, keep);
    await rename(copied, `${path}.1`);
    return { done: 'rotated', bytes: length, way: taken };
  } finally {
    await log.close();
  }
}

/**
 * A rotation that was killed in between has left its copy. Where the log still begins with the same bytes they were not
 * taken out, and the copy is worthless; otherwise it is all that is left of them.
 */
async function finishInterrupted(path: string, log: FileHandle, from: number, keep: number): Promise<void> {
  const copied = `${path}.rotating`;
  const left = await open(copied, 'r').catch(() => null);
  if (left === null) return;
  try {
    if (await sameBytes(left, log, from)) {
      await rm(copied);
      return;
    }
  } finally {
    await left.close();
  }
  await shift(path, keep);
  await rename(copied, `${path}.1`);
}

async function copy(log: FileHandle, to: string, from: number, length: number): Promise<void> {
  const { mode, uid, gid } = await log.stat();
  const target = await open(to, 'w', mode & 0o777);
  try {
    // As far as the manager may: whoever could read the log can read its past.
    await target.chown(uid, gid).catch(() => undefined);
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length));
    for (let done = 0; done < length; ) {
      const { bytesRead } = await log.read(chunk, 0, Math.min(chunk.length, length - done), from + done);
      if (bytesRead === 0) throw new Error('the log has become shorter');
      await target.writeFile(chunk.subarray(0, bytesRead));
      done += bytesRead;
    }
    // Before anything is taken out of the log, or a loss of power would take both.
    await target.sync();
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  } finally {
    await target.close();
  }
}

/** The way it was done; null: this file system (or a machine without util-linux) can do neither. */
async function takeOut(path: string, way: Way, from: number, length: number): Promise<Way | null> {
  for (const each of way === 'collapse' ? (['collapse', 'punch'] as const) : (['punch'] as const)) {
    const option = each === 'collapse' ? '--collapse-range' : '--punch-hole';
    const place = ['--offset', String(from), '--length', String(length)];
    const done = await run('fallocate', [option, ...place, path]).then(
      () => true,
      () => false,
    );
    if (done) return each;
  }
  return null;
}

/** `.1` becomes `.2` and so on; the oldest goes. */
async function shift(path: string, keep: number): Promise<void> {
  await rm(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 1; number--)
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(() => undefined);
}

async function giveUpOldest(path: string, keep: number, way: Way, from: number, length: number): Promise<Rotation> {
  for (let number = keep; number >= 1; number--) {
    const archive = `${path}.${number}`;
    const found = await stat(archive).catch(() => null);
    if (found === null) continue;
    await rm(archive);
    return { done: 'dropped', bytes: found.size, what: 'archive' };
  }
  if ((await takeOut(path, way, from, length)) === null) return { done: 'failed', code: 'fallocate' };
  return { done: 'dropped', bytes: length, what: 'beginning' };
}

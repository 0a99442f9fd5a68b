import { statfs } from 'node:fs/promises';
import { percentOf } from '../core/counter.ts';
import { type Level, timeUntil } from '../core/forecast.ts';
import type { Mount } from './host-proc.ts';

/** How full one file system is. */
export interface Disk {
  readonly path: string;
  readonly type: string;
  /** Bytes. `free` is what programs without special rights can still write. */
  readonly total: number;
  readonly free: number;
  /** As `df` says it: used of used and free. */
  readonly usedPercent: number;
  /** null: a file system that does not count its files. */
  readonly inodesPercent: number | null;
  readonly becameReadOnly: boolean;
  /** ms until it is full, should it go on as in the last hour; null: it does not fill up, or too little is known. */
  readonly fullIn: number | null;
}

export interface FileSystemSize {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** How far back the line is drawn, and how close its points are. */
const FORECAST_WINDOW_MS = 60 * 60_000;
const FORECAST_STEP_MS = 60_000;
/** More mounts than this are not looked at: each is a number of its own in the history. */
const MAX_MOUNTS = 20;

/** Reads how full each mount is, and remembers enough to see where it leads. `sizeOf` is how the system is asked. */
export function createDiskReader(sizeOf: (path: string) => Promise<FileSystemSize> = statfs) {
  const levels = new Map<string, readonly Level[]>();
  /** Mounts that have not answered yet: asking again would tie up one more thread. */
  const waiting = new Set<string>();

  async function read(mounts: readonly Mount[], now: number): Promise<readonly Disk[]> {
    const looked = mounts.slice(0, MAX_MOUNTS);
    for (const path of levels.keys()) if (!looked.some((mount) => mount.path === path)) levels.delete(path);
    const disks = await Promise.all(looked.map((mount) => readOne(mount, now)));
    return disks.filter((disk) => disk !== null);
  }

  async function readOne(mount: Mount, now: number): Promise<Disk | null> {
    const { path, type, becameReadOnly } = mount;
    if (waiting.has(path)) return null;
    waiting.add(path);
    try {
      const { bsize, blocks, bfree, bavail, files, ffree } = await sizeOf(path);
      if (blocks === 0) return null;
      const used = (blocks - bfree) * bsize;
      const free = bavail * bsize;
      return {
        path,
        type,
        total: blocks * bsize,
        free,
        usedPercent: percentOf(used, used + free),
        inodesPercent: files === 0 ? null : percentOf(files - ffree, files),
        becameReadOnly,
        fullIn: timeUntil(used + free, remember(path, { at: now, value: used })),
      };
    } catch {
      // Unmounted since, or not ours to see.
      return null;
    } finally {
      waiting.delete(path);
    }
  }

  /** One level a minute is enough for a line through an hour. */
  function remember(path: string, level: Level): readonly Level[] {
    const known = (levels.get(path) ?? []).filter(({ at }) => at > level.at - FORECAST_WINDOW_MS && at <= level.at);
    const before = known.at(-1);
    if (before && level.at - before.at < FORECAST_STEP_MS) return known;
    const all = [...known, level];
    levels.set(path, all);
    return all;
  }

  return { read };
}

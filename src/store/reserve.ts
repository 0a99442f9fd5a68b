import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeBytes } from './free-space.ts';

/** Room for some hundred changes; what a disk that is otherwise full has for the last of them. */
const RESERVED = 1024 * 1024;
/** Below it, bytes left on the disk, nothing is put aside: that would be somebody else's last room. */
const PLENTY = 64 * RESERVED;
const CHECK_EVERY_MS = 60_000;

export interface Reserve {
  /** Gives the room up, so that what has failed for want of it can be written. false: there is none put aside. */
  giveUp(): boolean;
  /** To be called each second: puts room aside as soon as the disk has plenty again. */
  tick(): void;
}

/**
 * A file that stands for room on the disk of `folder`. Other programs fill disks, and what happens then matters most: the
 * alert about it, and the stop with which an operator answers.
 */
export function createReserve(folder: string, clock: () => number): Reserve {
  const path = join(folder, 'reserve');
  let checkedAt = Number.NEGATIVE_INFINITY;
  return {
    giveUp() {
      if (!existsSync(path)) return false;
      rmSync(path, { force: true });
      return true;
    },
    tick() {
      const now = clock();
      if (now - checkedAt < CHECK_EVERY_MS && now >= checkedAt) return;
      checkedAt = now;
      if (existsSync(path) || (freeBytes(folder) ?? 0) < PLENTY) return;
      try {
        // No zeros: a file system that compresses would put nothing aside for them.
        writeFileSync(path, randomBytes(RESERVED), { mode: 0o600 });
      } catch {
        rmSync(path, { force: true });
      }
    },
  };
}

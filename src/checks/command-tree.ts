import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcess } from '../procfs.ts';

/** The variable that marks everything a command starts, also what left its session or lost its parent. */
export const markName = 'ORBIT_CHECK_RUN';

/** A tree may go on forking while it is being killed; after this many rounds the kernel holds what is left. */
const ROUNDS = 20;
const PAUSE_MS = 25;

/**
 * SIGKILL to everything that belongs to a command: what is in its session (its number is the command's pid, because it
 * was started as a leader) and what carries its mark. Again until nobody is found.
 */
export async function killTree(session: number, mark: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const found = members(session, mark);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone between the look and the signal, or another user's: the next look tells.
      }
    }
    await sleep(PAUSE_MS);
  }
}

function members(session: number, mark: string): readonly number[] {
  const marked = `${markName}=${mark}`;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      const found = readProcess(pid);
      if (found === null || found.state === 'Z' || found.state === 'X') return false;
      return found.session === session || readOr(`/proc/${pid}/environ`).split('\0').includes(marked);
    });
}

/** procfs answers from memory; what is gone or forbidden reads as nothing. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

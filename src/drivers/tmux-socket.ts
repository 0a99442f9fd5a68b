import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readNow } from './pulse.ts';

/**
 * The tmux server that still listens on a socket whose file somebody has removed (cleaners of /tmp do), or null. To
 * tmux's own commands it looks as if no server were running.
 */
export function serverWithoutSocket(path: string): number | null {
  const line = lines('/proc/net/unix').find((each) => each.endsWith(` ${path}`));
  const inode = line?.split(/\s+/)[6];
  if (!inode) return null;
  for (const entry of readNow().entries.values())
    if (entry.comm.startsWith('tmux') && holds(entry.pid, `socket:[${inode}]`)) return entry.pid;
  return null;
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function holds(pid: number, what: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === what);
  } catch {
    return false;
  }
}

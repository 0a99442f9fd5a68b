import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readNow } from './pulse.ts';

/**
 * The tmux server that still listens on a socket whose file somebody has removed (cleaners of /tmp do), or null. To
 * tmux's own commands it looks as if no server were running.
 */
export function serverWithoutSocket(path: string): number | null {
  // Connections bear the name as well, those that are just being closed too: any of them may stand first.
  const sockets = new Set(
    lines('/proc/net/unix').flatMap((line) => (line.endsWith(` ${path}`) ? [`socket:[${line.split(/\s+/)[6]}]`] : [])),
  );
  if (sockets.size === 0) return null;
  for (const entry of readNow().entries.values())
    if (entry.comm.startsWith('tmux') && openFiles(entry.pid).some((file) => file !== null && sockets.has(file)))
      return entry.pid;
  return null;
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** What a process has open; a file that is closed at this very moment is left out. */
function openFiles(pid: number): (string | null)[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((fd) => linkAt(`${folder}/${fd}`));
  } catch {
    return [];
  }
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

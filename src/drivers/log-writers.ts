import { readdir, readFile, stat } from 'node:fs/promises';

/** open(2): O_ACCMODE and O_APPEND, as /proc/<pid>/fdinfo shows them (octal). */
const ACCESS_MODE = 0o3;
const APPEND = 0o2000;

/**
 * Whether somebody whose files can be seen writes to it at a place of its own (`tee`, a log opened anew) instead of at
 * the end. Cutting its beginning off would make that one leave a gap.
 */
export async function writesInPlace(path: string): Promise<boolean> {
  const { dev, ino } = await stat(path);
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const number of files) {
      const found = await stat(`/proc/${pid}/fd/${number}`).catch(() => null);
      if (found?.ino !== ino || found.dev !== dev) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${number}`, 'utf8').catch(() => '');
      const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '', 8);
      if ((flags & ACCESS_MODE) !== 0 && (flags & APPEND) === 0) return true;
    }
  }
  return false;
}

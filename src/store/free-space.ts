import { statfsSync } from 'node:fs';

/** Bytes left for us on the disk of `folder`; null where that cannot be told. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

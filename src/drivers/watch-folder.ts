import { type FSWatcher, watch } from 'node:fs';

/**
 * Tells the name of each file in a folder that changes; keeps no program running. null where the kernel has no watches
 * left: what needs to know then finds out by looking.
 */
export function watchFolder(folder: string, onName: (name: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onName(name));
    watcher.on('error', () => {});
    return watcher;
  } catch {
    return null;
  }
}

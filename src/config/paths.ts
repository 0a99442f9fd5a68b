import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Environment } from './environment.ts';

/** A path as an operator writes it, made absolute: `~` is the home folder, the rest is relative to `base`. */
export function expandPath(path: string, base: string, env: Environment): string {
  const home = env.HOME || homedir();
  return resolve(base, path === '~' || path.startsWith('~/') ? `${home}${path.slice(1)}` : path);
}

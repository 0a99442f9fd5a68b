import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Environment, readEnvironment, readSettings } from '../config/environment.ts';
import type { ConfigMessage } from '../config/message.ts';

/** Where the manager is installed: above `dist/` (or `src/`). */
const installed = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Where the manager's control socket should be: as `orbit run` would decide in this folder, or, when nothing is there,
 * in the folder of the installation, so that the command works from anywhere. Needs no valid configuration.
 */
export function findSocket(
  processEnv: Environment,
  socketName: string,
): { readonly path: string; readonly errors: readonly ConfigMessage[] } {
  const here = socketIn(process.cwd(), processEnv, socketName);
  if (existsSync(here.path)) return here;
  const there = socketIn(installed, processEnv, socketName);
  return existsSync(there.path) ? there : here;
}

function socketIn(cwd: string, processEnv: Environment, socketName: string): ReturnType<typeof findSocket> {
  const { env, errors } = readEnvironment({ cwd, processEnv });
  return { path: join(readSettings(env, cwd).settings.dataDir, socketName), errors };
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Environment, readEnvironment, readSettings } from '../config/environment.ts';
import type { ConfigMessage } from '../config/message.ts';
import { installed } from '../installed.ts';

/**
 * Where a file of the manager's data folder should be, such as its control socket: as `orbit run` would decide in this
 * folder, or, when nothing is there, in the folder of the installation, so that the command works from anywhere. Needs no
 * valid configuration.
 */
export function findInData(
  processEnv: Environment,
  name: string,
): { readonly path: string; readonly errors: readonly ConfigMessage[] } {
  const here = placeIn(process.cwd(), processEnv, name);
  if (existsSync(here.path)) return here;
  const there = placeIn(fileURLToPath(installed), processEnv, name);
  return existsSync(there.path) ? there : here;
}

function placeIn(cwd: string, processEnv: Environment, name: string): ReturnType<typeof findInData> {
  const { env, errors } = readEnvironment({ cwd, processEnv });
  return { path: join(readSettings(env, cwd).settings.dataDir, name), errors };
}

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Reason, reason } from '../core/reason.ts';
import { askedTogether } from './burst.ts';
import type { Driver } from './driver.ts';
import { launchScript } from './launch.ts';
import type { LaunchOptions } from './options.ts';
import { preflight } from './preflight.ts';
import { nobody, serviceOf } from './record-owner.ts';
import { readRecord, recordNumbers } from './run-record.ts';

/** Where a launch's output goes may differ between two names of the same thing. */
const outputPart = / <\/dev\/null >>.*$/m;

/**
 * Keeps a service from its first start while the very same program runs under a name that is not configured any more:
 * whoever gave a service another name in the file, and had the old one let go, would have it twice.
 */
export function guardAgainstStrays(
  driver: Driver,
  options: LaunchOptions,
  isConfigured: (name: string) => boolean,
): Driver {
  /** What was found running, or was started once, is no newcomer. */
  let newcomer = true;
  return {
    ...driver,
    async inspect() {
      const seen = await driver.inspect();
      if (seen.state === 'running') newcomer = false;
      return seen;
    },
    async start() {
      const twin = newcomer ? await strayTwin(options, isConfigured) : null;
      if (twin !== null) return { ok: false, fatal: true, reason: twin };
      newcomer = false;
      return driver.start();
    },
  };
}

async function strayTwin(options: LaunchOptions, isConfigured: (name: string) => boolean): Promise<Reason | null> {
  const runs = dirname(options.run_dir);
  const own = basename(options.run_dir);
  const strays = straysIn(runs, (name) => name === own || isConfigured(name));
  if (strays.length === 0) return null;
  const checked = await preflight(options, null);
  // The start itself says what is missing.
  if (!checked.ok) return null;
  const script = launchScript(checked.launch);
  const twin = strays.find(({ name }) => launchedIn(join(runs, name))?.replace(outputPart, '') === script);
  return twin === undefined ? null : reason('runs-as-stray', { name: twin.name, pid: String(twin.pid) });
}

export interface Stray {
  /** What it was called when it was started. */
  readonly name: string;
  readonly pid: number;
}

/** Process services that run by this folder of run folders, although nobody knows their names any more. */
export function straysIn(runs: string, isConfigured: (name: string) => boolean): readonly Stray[] {
  return foldersIn(runs).flatMap((name) => {
    const pid = isConfigured(name) ? null : livingIn(join(runs, name));
    return pid === null ? [] : [{ name, pid }];
  });
}

/** A run folder is made long before it strays. */
const foldersIn = askedTogether(readFolders);

function readFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    // Nothing was started yet.
    return [];
  }
}

/** The pid of what runs by this run folder. */
function livingIn(runDir: string): number | null {
  const records = join(runDir, 'records');
  try {
    for (const number of recordNumbers(records)) {
      const record = readRecord(records, number);
      if (record !== null) return serviceOf(record) === nobody ? null : record.pid;
    }
  } catch {
    // No process service's folder.
  }
  return null;
}

function launchedIn(runDir: string): string | null {
  try {
    return readFileSync(join(runDir, 'launch.sh'), 'utf8');
  } catch {
    return null;
  }
}

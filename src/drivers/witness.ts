import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { attendantAt, findAttendant, putScript, witnessFile } from './attendants.ts';
import { baseEnvironment } from './environment.ts';
import { perl } from './keeper-launcher.ts';
import { isAlive, mayLive, type ProcessId, readArguments, readProcess } from './proctree.ts';
import { readRecently } from './pulse.ts';
import { signalProcess, waitUntil } from './terminate.ts';
import { witnessScript } from './witness-script.ts';

/** The manager's end of a witness, who writes down how a service ended that has lost its keeper: see witness-script.ts. */
export interface Witness {
  /**
   * Has the end of `service`, which is run `number`, written down, unless somebody is about to do so already. Where
   * that cannot be done (an old kernel, no perl) it is tried once a run.
   */
  watch(number: number, service: ProcessId): void;
  /** The living witness, null where there is none. */
  living(): ProcessId | null;
  /** false: there is none. For a microsecond's cost, so a pid that was given out again is taken for it. */
  mayLive(): boolean;
  /** Ends it; true when it is gone. */
  end(): Promise<boolean>;
}

const endDeadlineMs = 2000;

/** `folder`: the real path of the run folder. */
export function openWitness(folder: string): Witness {
  const script = join(dirname(folder), witnessFile);
  let found: ProcessId | null = null;
  /** The run of which the last one went by itself: it ended, or another try would be in vain. */
  let done = 0;

  function living(): ProcessId | null {
    if (found && !isAlive(found)) found = null;
    return found;
  }

  function watch(number: number, service: ProcessId): void {
    if (number === done || living() !== null) return;
    const left = findAttendant(witnessFile, folder, readRecently());
    if (left && readArguments(left.pid)?.[3] === String(number)) found = attendantAt(witnessFile, folder, left.pid);
    if (living() === null) found = spawnWitness(number, service);
  }

  function spawnWitness(number: number, service: ProcessId): ProcessId | null {
    try {
      putScript(script, witnessScript);
      const child = spawn(perl, [script, folder, String(number), String(service.pid), String(service.startTicks)], {
        detached: true,
        stdio: 'ignore',
        cwd: '/',
        env: baseEnvironment(),
      });
      child.once('error', (error) => {
        if ('code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) done = number;
      });
      child.once('exit', (code) => {
        if (code !== null) done = number;
      });
      child.unref();
      return child.pid === undefined ? null : readProcess(child.pid);
    } catch {
      // Too many processes, no memory, no room for the script: that may pass.
      return null;
    }
  }

  async function end(): Promise<boolean> {
    const witness = living();
    if (!witness) return true;
    if (signalProcess(witness, 'SIGKILL') === 'forbidden') return false;
    return waitUntil(() => living() === null, endDeadlineMs);
  }

  return { watch, living, mayLive: () => found !== null && mayLive(found.pid), end };
}

import { chmodSync, closeSync, constants, mkdirSync, openSync, realpathSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childPids } from '../procfs.ts';
import { attendantAt, findAttendant, findStandbys, isAttendant, keeperFile, putScript } from './attendants.ts';
import { askedTogether } from './burst.ts';
import { gathering, launchKeeper } from './keeper-launcher.ts';
import { keeperScript } from './keeper-script.ts';
import { isAlive, mayLive, type ProcessId, type ProcessTable, readArguments } from './proctree.ts';
import { readRecently } from './pulse.ts';
import { readRecord, recordNumbers } from './run-record.ts';
import { signalGroup, signalProcess, waitUntil } from './terminate.ts';

/** The manager's end of a keeper: see keeper-script.ts for the other one. */
export interface Keeper {
  /** Real path of the run folder: what a keeper has on its command line and is known by. */
  readonly folder: string;
  readonly records: string;
  /** Whether the folder was not there before: nothing of an earlier manager's is in it. */
  readonly fresh: boolean;
  /** The living keeper, null where there is none. */
  living(): ProcessId | null;
  /** false: there is none. For a microsecond's cost, so a pid that was given out again is taken for it. */
  mayLive(): boolean;
  /** A record was written by this session's leader: that may be a keeper that has just been made. */
  madeBy(session: number): void;
  /** Whether nobody below the keeper can slip away from it (at the moment of `table`); otherwise the tree has to be looked at while it stands. */
  gathers(table?: ProcessTable): boolean;
  /** Whether anybody of the service may still live below the keeper; false only where that is certain. */
  mayHaveLeftovers(): boolean;
  /** Whether this child of the keeper's waits to become the next run: ours, and nobody's leftover. */
  isStandby(pid: number): boolean;
  /** Has it run `number`; makes a keeper when none lives. Repeating the same number does no harm. */
  ask(number: number): Promise<void>;
  /** Writes the script that a keeper runs as the service. */
  setLaunch(script: string): void;
  /** Ends the keeper, and with it the pipe's reader; true when it is gone. */
  end(): Promise<boolean>;
}

/** For a keeper that lives to open its pipe: it takes about 2 ms on an idle machine. */
const pipeDeadlineMs = 2000;
const endDeadlineMs = 2000;
/** One that an earlier manager left is older than this manager: no reading of all processes is needed for each. */
const leftLongAgoMs = 1000;

const realFolder = askedTogether((path) => realpathSync(path));

/** One for all services: hundreds of files that are the same would have to be written at the first start. */
const keeperIn = askedTogether((runs) => {
  const script = join(runs, keeperFile);
  putScript(script, keeperScript);
  return script;
});

/** Makes the run folder ready and finds the keeper that an earlier manager left. Throws what the file system says. */
export function openKeeper(runDir: string): Keeper {
  const fresh = makeNew(runDir);
  if (!fresh) {
    mkdirSync(join(runDir, 'records'), { recursive: true, mode: 0o700 });
    chmodSync(runDir, 0o700);
  }
  const folder = fresh ? join(realFolder(dirname(runDir)), basename(runDir)) : realpathSync(runDir);
  const records = join(folder, 'records');
  const script = keeperIn(dirname(folder));
  const pipe = join(folder, 'control');
  const launchPath = join(folder, 'launch.sh');
  // Whoever has removed the folder may have left its keeper.
  let found = findKeeper(folder, fresh ? null : newestSession(records), fresh ? leftLongAgoMs : undefined);

  /** Whether there is something to run. */
  let written = false;
  /** What that keeper's command line said. */
  let asked: { readonly keeper: ProcessId; readonly gathers: boolean } | null = null;

  function living(): ProcessId | null {
    if (found && !isAlive(found)) found = null;
    return found;
  }

  function madeBy(session: number): void {
    if (living() === null) found = attendantAt(keeperFile, folder, session);
  }

  async function ask(number: number): Promise<void> {
    const deadline = performance.now() + pipeDeadlineMs;
    while (!sendWord(pipe, `${number}\n`)) {
      if (living() === null) {
        found = await launchKeeper(script, folder, number);
        return;
      }
      if (performance.now() > deadline) return;
      await sleep(2);
    }
  }

  function gathers(table?: ProcessTable): boolean {
    const keeper = table === undefined || found === null ? living() : table.find(found) && found;
    if (keeper !== null && asked?.keeper !== keeper)
      asked = { keeper, gathers: readArguments(keeper.pid)?.at(-1) === gathering };
    return keeper !== null && asked?.gathers === true;
  }

  function mayHaveLeftovers(): boolean {
    return !gathers() || found === null || childPids(found.pid, 1)?.every(isStandby) !== true;
  }

  function isStandby(pid: number): boolean {
    return isAttendant(keeperFile, folder, pid);
  }

  function setLaunch(text: string): void {
    // Half of one that nothing has run by yet is run by nobody.
    if (fresh && !written) writeFileSync(launchPath, text, { mode: 0o600 });
    else putScript(launchPath, text);
    written = true;
  }

  async function end(): Promise<boolean> {
    // One that has written nothing is found by looking for it.
    found = living() ?? findKeeper(folder, null);
    const keeper = found;
    if (!keeper) {
      for (const standby of findStandbys(keeperFile, folder, readRecently())) signalProcess(standby, 'SIGKILL');
      return true;
    }
    // With its standby, in one blow: whichever of the two came first would leave the other with something to do.
    if (signalGroup(keeper, 'SIGKILL') === 'forbidden') return false;
    return waitUntil(() => living() === null, endDeadlineMs);
  }

  return {
    folder,
    records,
    fresh,
    living,
    mayLive: () => found !== null && mayLive(found.pid),
    madeBy,
    gathers,
    mayHaveLeftovers,
    isStandby,
    ask,
    setLaunch,
    end,
  };
}

/** Makes a run folder where there is none; false: that takes more than one step, or it is there. */
function makeNew(runDir: string): boolean {
  try {
    mkdirSync(runDir, { mode: 0o700 });
  } catch {
    return false;
  }
  mkdirSync(join(runDir, 'records'), { mode: 0o700 });
  return true;
}

/** The session of the newest run, which is its keeper's pid; null when nothing has run yet. */
function newestSession(records: string): number | null {
  for (const number of recordNumbers(records)) {
    const record = readRecord(records, number);
    if (record) return record.session;
  }
  return null;
}

/** `maxAge`: ms that the reading of all processes may be old. */
function findKeeper(folder: string, likely: number | null, maxAge?: number): ProcessId | null {
  const first = likely === null ? null : attendantAt(keeperFile, folder, likely);
  return first ?? findAttendant(keeperFile, folder, readRecently(maxAge));
}

/** false: nobody has the pipe open. Never waits: a few bytes always fit. */
function sendWord(pipe: string, word: string): boolean {
  try {
    const file = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(file, word);
      return true;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

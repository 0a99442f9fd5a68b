import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { access, chmod, mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { baseEnvironment } from './environment.ts';
import { keeperScript } from './keeper-script.ts';
import { hasChildren, isAlive, type ProcessId, type ProcessTable, readArguments, readProcess } from './proctree.ts';
import { readRecently } from './pulse.ts';
import { readRecord, recordNumbers } from './run-record.ts';
import { signalProcess, waitUntil } from './terminate.ts';

/** The manager's end of a keeper: see keeper-script.ts for the other one. */
export interface Keeper {
  /** Real path of the run folder: what a keeper has on its command line and is known by. */
  readonly folder: string;
  readonly records: string;
  /** The living keeper, null where there is none. */
  living(): ProcessId | null;
  /** Whether nobody below the keeper can slip away from it; otherwise the tree has to be looked at while it stands. */
  gathers(): boolean;
  /** Whether anybody below the keeper may still live; false only where that is certain. */
  mayHaveLeftovers(): boolean;
  /** Has it run `number`; makes a keeper when none lives. Repeating the same number does no harm. */
  ask(number: number): Promise<void>;
  /** Writes the script that a keeper runs as the service. */
  setLaunch(script: string): Promise<void>;
  /** Ends the keeper, and with it the pipe's reader; true when it is gone. */
  end(): Promise<boolean>;
}

const scriptName = 'keeper.sh';
/** For a keeper that lives to open its pipe: it takes about 2 ms on an idle machine. */
const pipeDeadlineMs = 2000;
const endDeadlineMs = 2000;

/** Makes the run folder ready and finds the keeper that an earlier manager left. Throws what the file system says. */
export async function openKeeper(runDir: string): Promise<Keeper> {
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  await chmod(runDir, 0o700);
  const folder = await realpath(runDir);
  const records = join(folder, 'records');
  const script = join(folder, scriptName);
  const pipe = join(folder, 'control');
  const launchPath = join(folder, 'launch.sh');
  await mkdir(records, { recursive: true, mode: 0o700 });
  await replaceFile(script, keeperScript);
  let launch = await readFile(launchPath, 'utf8').catch(() => null);
  let found = findKeeper(script, newestSession(records));

  function living(): ProcessId | null {
    if (found && !isAlive(found)) found = null;
    return found;
  }

  async function ask(number: number): Promise<void> {
    const deadline = performance.now() + pipeDeadlineMs;
    while (!sendWord(pipe, `${number}\n`)) {
      if (living() === null) {
        found = await spawnKeeper([script, folder, String(number)]);
        return;
      }
      if (performance.now() > deadline) return;
      await sleep(2);
    }
  }

  function gathers(): boolean {
    const keeper = living();
    return keeper !== null && readArguments(keeper.pid)?.at(-1) === gathering;
  }

  function mayHaveLeftovers(): boolean {
    return !gathers() || found === null || hasChildren(found.pid) !== false;
  }

  async function setLaunch(text: string): Promise<void> {
    if (text === launch) return;
    await replaceFile(launchPath, text);
    launch = text;
  }

  async function end(): Promise<boolean> {
    const keeper = living();
    if (!keeper) return true;
    if (signalProcess(keeper, 'SIGKILL') === 'forbidden') return false;
    return waitUntil(() => living() === null, endDeadlineMs);
  }

  return { folder, records, living, gathers, mayHaveLeftovers, ask, setLaunch, end };
}

/** The session of the newest run, which is its keeper's pid; null when nothing has run yet. */
function newestSession(records: string): number | null {
  for (const number of recordNumbers(records)) {
    const record = readRecord(records, number);
    if (record) return record.session;
  }
  return null;
}

/** The process whose command line is `sh <our script> …`: nobody else's says that. */
function findKeeper(script: string, likely: number | null): ProcessId | null {
  const first = likely === null ? null : readProcess(likely);
  if (first && readArguments(first.pid)?.[1] === script) return first;
  return keepersIn(readRecently()).get(script) ?? null;
}

const keepersByTable = new WeakMap<ProcessTable, Map<string, ProcessId>>();

/** Keepers by their script's path; worked out once for a reading that many services share. */
function keepersIn(table: ProcessTable): Map<string, ProcessId> {
  const known = keepersByTable.get(table);
  if (known) return known;
  const keepers = new Map<string, ProcessId>();
  for (const entry of table.entries.values()) {
    if (entry.pid !== entry.session || entry.state === 'Z') continue;
    const script = readArguments(entry.pid)?.[1];
    if (script?.endsWith(`/${scriptName}`)) keepers.set(script, entry);
  }
  keepersByTable.set(table, keepers);
  return keepers;
}

async function replaceFile(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return;
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
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

/** Part of Debian's base system, and able to say system calls that a shell cannot. */
const perl = '/usr/bin/perl';
/** Numbers of prctl and mknodat by Node's name of the architecture; close_range has one number on all of them. */
const callNumbers: Readonly<Record<string, { readonly prctl: number; readonly mknodat: number }>> = {
  x64: { prctl: 157, mknodat: 259 },
  arm64: { prctl: 167, mknodat: 33 },
  riscv64: { prctl: 167, mknodat: 33 },
  arm: { prctl: 172, mknodat: 324 },
  ia32: { prctl: 172, mknodat: 297 },
};
/** Last word on the command line of a keeper to which the kernel hands every orphan below it. */
const gathering = 'gathering';

/**
 * What perl does before it becomes the keeper's shell: the files that the manager itself was started with are closed;
 * the pipe is made (mode 0600, as mkfifo does, but without a process for it); and PR_SET_CHILD_SUBREAPER, so that no
 * daemon below a service can slip away from it (without perl those that cut all ties at once may be missed). Where
 * the kernel refuses that, the last word is left out.
 */
function perlScript({ prctl, mknodat }: { prctl: number; mknodat: number }): string {
  const pipe = `syscall(${mknodat}, -100, "$ARGV[2]/control", 010600, 0)`;
  return `syscall(436, 3, -1, 0); ${pipe}; syscall(${prctl}, 36, 1, 0, 0, 0) and pop; exec @ARGV`;
}

/** In a session of its own, with nothing of the manager's: its end, its terminal and its secrets stay its own. */
async function spawnKeeper(args: readonly string[]): Promise<ProcessId | null> {
  const numbers = callNumbers[process.arch];
  const shell = ['/bin/sh', ...args] as const;
  const [program, ...rest] =
    numbers !== undefined && (await isProgram(perl)) ? [perl, '-e', perlScript(numbers), ...shell, gathering] : shell;
  const child = spawn(program, rest, { detached: true, stdio: 'ignore', cwd: '/', env: baseEnvironment() });
  // Also delivers "too many processes"; the start then runs into its deadline and says so.
  child.on('error', () => {});
  child.unref();
  return child.pid === undefined ? null : readProcess(child.pid);
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

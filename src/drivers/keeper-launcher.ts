import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { baseEnvironment } from './environment.ts';
import { type ProcessId, readProcess } from './proctree.ts';

/** Part of Debian's base system, and able to say system calls that a shell cannot. */
export const perl = '/usr/bin/perl';
/** By Node's name of the architecture; close_range has one number on all of them. */
const callNumbers: Readonly<Record<string, CallNumbers>> = {
  x64: { prctl: 157, mknodat: 259, setsid: 112 },
  arm64: { prctl: 167, mknodat: 33, setsid: 157 },
  riscv64: { prctl: 167, mknodat: 33, setsid: 157 },
  arm: { prctl: 172, mknodat: 324, setsid: 66 },
  ia32: { prctl: 172, mknodat: 297, setsid: 66 },
};
interface CallNumbers {
  readonly prctl: number;
  readonly mknodat: number;
  readonly setsid: number;
}

/** Last word on the command line of a keeper to which the kernel hands every orphan below it. */
export const gathering = 'gathering';
/** The launcher goes when it has not been asked for so long. */
const idleMs = 200;
/** Each word wakes the launcher, who takes a processor: within this time of one the next are gathered. */
const gatherMs = 3;

/**
 * The launcher: a perl that forks keepers for as long as there are some to make. To fork the manager for each would
 * copy its page tables each time, which for hundreds of services is most of what starting them costs. It ends with
 * the manager (PR_SET_PDEATHSIG): two managers must not have the same thing made. It reads `<number> <script> <folder>`
 * with a tab between them and a zero at the end.
 *
 * What it closes are files that the manager itself was started with. In the child: a session of its own; the pipe
 * (mode 0600, as mkfifo makes it, but without a process for it); and PR_SET_CHILD_SUBREAPER, so that no daemon below a
 * service can slip away from its keeper. Where the kernel refuses that, the last word is left out.
 */
function launcherScript({ prctl, mknodat, setsid }: CallNumbers): string {
  return `
    syscall(${prctl}, 1, 9, 0, 0, 0);
    syscall(436, 3, -1, 0);
    $SIG{CHLD} = 'IGNORE';
    $/ = "\\0";
    while (<STDIN>) {
      chomp;
      my ($number, $script, $folder) = split /\\t/, $_, 3;
      next if fork;
      $SIG{CHLD} = 'DEFAULT';
      syscall(${setsid});
      open STDIN, '<', '/dev/null';
      syscall(${mknodat}, -100, "$folder/control", 010600, 0);
      my @keeper = ('/bin/sh', $script, $folder, $number);
      push @keeper, '${gathering}' if syscall(${prctl}, 36, 1, 0, 0, 0) == 0;
      exec @keeper;
      exit 127;
    }`;
}

let launcher: ChildProcess | null = null;
let hasPerl: Promise<boolean> | null = null;
let idle: NodeJS.Timeout | null = null;
let asked = '';
let saidAt = Number.NEGATIVE_INFINITY;

/**
 * Makes a keeper, in a session of its own, with nothing of the manager's: its end, its terminal and its secrets stay
 * its own. null: it will be known by the record that it writes.
 */
export async function launchKeeper(script: string, folder: string, number: number): Promise<ProcessId | null> {
  const numbers = callNumbers[process.arch];
  const words = `${number}\t${script}\t${folder}`;
  hasPerl ??= isProgram(perl);
  if (numbers === undefined || script.includes('\t') || !(await hasPerl))
    return spawnDirectly(['/bin/sh', script, folder, String(number)]);
  if (asked === '') saySoon(numbers);
  asked += `${words}\0`;
  return null;
}

/** A lone one goes out with this turn of the event loop. */
function saySoon(numbers: CallNumbers): void {
  if (performance.now() - saidAt < gatherMs) setTimeout(say, gatherMs, numbers);
  else setImmediate(say, numbers);
}

function say(numbers: CallNumbers): void {
  launcher ??= spawnLauncher(numbers);
  launcher.stdin?.write(asked);
  asked = '';
  saidAt = performance.now();
  if (idle === null) idle = setTimeout(letLauncherGo, idleMs).unref();
  else idle.refresh();
}

function letLauncherGo(): void {
  idle = null;
  launcher?.stdin?.end();
  launcher = null;
}

function spawnLauncher(numbers: CallNumbers): ChildProcess {
  const child = spawn(perl, ['-e', launcherScript(numbers)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: baseEnvironment(),
  });
  // Also delivers "too many processes"; the starts then run into their deadline and say so.
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.once('exit', () => {
    if (launcher === child) launcher = null;
  });
  child.unref();
  return child;
}

/** Without perl a daemon that cuts all ties at once may be missed. */
function spawnDirectly([program, ...args]: readonly [string, ...string[]]): ProcessId | null {
  const child = spawn(program, args, { detached: true, stdio: 'ignore', cwd: '/', env: baseEnvironment() });
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

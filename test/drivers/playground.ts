/** What the driver tests share: a folder of their own, services made of one line of shell, waiting with a deadline. */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Driver, Observation } from '../../src/drivers/driver.ts';
import type { LaunchOptions } from '../../src/drivers/options.ts';
import { createProcessDriver } from '../../src/drivers/process.ts';
import { readArguments, readProcess, readProcesses } from '../../src/drivers/proctree.ts';
import { until } from '../world/until.ts';

/** Far more than any of this takes; only a broken program gets here. */
const patienceMs = 15_000;

/** Waits until `look` gives something, and fails with `what` when it never does. */
export const eventually = <T>(what: string, look: () => T | Promise<T>) => until(look, what, patienceMs);

/** A folder that goes with the test, and with it every process that works in it or names it on its command line. */
export async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orbit-drivers-'));
  context.after(async () => {
    for (const entry of readProcesses().entries.values())
      if (readArguments(entry.pid)?.some((word) => word.includes(folder)) || worksIn(entry.pid, folder))
        kill(entry.pid);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false;
  }
}

export function options(folder: string, script: string, more: Partial<LaunchOptions> = {}): LaunchOptions {
  return {
    name: 'bot',
    // The folder as the script's name ($0) marks the process as this test's.
    command: ['/bin/sh', '-c', script, folder],
    cwd: folder,
    env: {},
    env_file: null,
    log_file: 'bot.log',
    stop_signal: 'SIGTERM',
    stop_timeout: 5000,
    run_dir: join(folder, 'run'),
    clock: Date.now,
    ...more,
  };
}

/** A manager's driver for the process service of `folder`, and what it tells. */
export function drive(context: TestContext, folder: string, script: string, more: Partial<LaunchOptions> = {}) {
  const driver = createProcessDriver(options(folder, script, more));
  context.after(() => driver.close());
  return { driver, told: listen(driver) };
}

/** Everything the driver tells, in order. */
export function listen(driver: Driver): Observation[] {
  const told: Observation[] = [];
  driver.onChange((observation) => told.push(observation));
  return told;
}

/** Starts it and gives the pid; fails when it does not start. */
export async function begin(driver: Driver): Promise<number> {
  const result = await driver.start();
  assert.ok(result.ok, JSON.stringify(result));
  assert.ok(result.run.pid);
  return result.run.pid;
}

/** The exit of what the driver told last, once it told of one. */
export function exited(told: readonly Observation[]) {
  return eventually('told of the exit', () => {
    const last = told.at(-1);
    return last?.state === 'exited' ? last : null;
  });
}

/** Lives, and is no zombie. */
export function lives(pid: number): boolean {
  const entry = readProcess(pid);
  return entry !== null && entry.state !== 'Z';
}

export function kill(pid: number): void {
  // 0 would be this whole process group, the tests and whoever started them included.
  assert.ok(pid > 1, `not a process to kill: ${pid}`);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** What stands beside the service of `folder` and runs the script of that name. */
export function attendants(folder: string, script: string): number[] {
  return running(folder, script, true);
}

/** What the keeper of `folder` has forked and has not become anything yet. */
export function standbys(folder: string): number[] {
  return running(folder, 'keeper.sh', false);
}

function running(folder: string, script: string, leads: boolean): number[] {
  return [...readProcesses().entries.values()].flatMap(({ pid, session, state }) => {
    const [, file, runFolder] = readArguments(pid) ?? [];
    const itself = file?.endsWith(`/${script}`) && runFolder === join(folder, 'run') && state !== 'Z';
    return itself && (pid === session) === leads ? [pid] : [];
  });
}

/** The shell that stands beside the service. */
export function keeperOf(folder: string): number | null {
  return attendants(folder, 'keeper.sh')[0] ?? null;
}

/** Pids that a service wrote into a file, one a line; waits for `count` of them. */
export function pidsIn(path: string, count: number): Promise<number[]> {
  return eventually(`${count} pids in ${path}`, async () => {
    const text = await readFile(path, 'utf8').catch(() => '');
    const pids = text.split('\n').slice(0, -1).map(Number);
    return pids.length >= count ? pids : null;
  });
}

const holder = `
  const { spawn } = require('node:child_process');
  const { appendFileSync } = require('node:fs');
  const server = require('node:net').createServer();
  server.on('error', ({ code }) => { console.log(code); process.exit(98); });
  server.listen(Number(process.argv[2]), '127.0.0.1', () => {
    const stdio = ['ignore', 'ignore', 'ignore', server._handle.fd];
    const child = spawn('sleep', ['1010'], { detached: true, stdio });
    appendFileSync('holders', process.pid + '\\n' + child.pid + '\\n');
  });`;

/** A server that hands its port on to a child in a session of its own; both write their pids into `holders`. */
export function portHolder(folder: string, port: number): readonly string[] {
  return [process.execPath, '-e', holder, folder, String(port)];
}

/** Starts it again while `child`, which its crash left, holds the port; fails when it cannot listen there. */
export async function listensAgain(driver: Driver, folder: string, child: number): Promise<void> {
  assert.ok(lives(child), 'the port is held');
  const pid = await begin(driver);
  const [, , listening] = await pidsIn(join(folder, 'holders'), 4);
  assert.equal(listening, pid);
}

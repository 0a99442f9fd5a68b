/** Our program and its peers behind one face: services in, supervision on. What is not installed says so. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill, lives, ofFolder, soon } from './processes.ts';

/** Name and the shell script that it is. */
export type Services = ReadonlyMap<string, string>;

export interface Wishes {
  /** From the signal to SIGKILL, s. */
  readonly stopTimeout: number;
  /** `quick`: restart at once, for ever; `default`: as each tool comes; `once`: give up at the first exit. */
  readonly restarts: 'quick' | 'default' | 'once';
}

export interface Supervised {
  /** When the tool was told to start (performance.now()); left out: at the call. */
  readonly began?: number;
  /** The supervisor's own processes. */
  manager(): readonly number[];
  /** What it has standing beside each service. */
  beside(): readonly number[];
  /** How long after the start it has become quiet, s; left out: 4. */
  readonly settles?: number;
  /** A service's pid as seen from here. */
  outer?(pid: number): number;
  /** Stops these; undefined: all. Resolves when the tool says so. */
  stop(names?: readonly string[]): Promise<void>;
  /** Ends all of it. */
  end(): Promise<void>;
}

export interface Contender {
  readonly title: string;
  /** Why it cannot take part, or null. */
  readonly missing: () => string | null;
  readonly supervise: (folder: string, services: Services, wishes: Wishes) => Promise<Supervised>;
}

export function lacks(...programs: readonly string[]): () => string | null {
  return () => {
    const absent = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
    return absent.length === 0 ? null : `not installed (${absent.join(', ')})`;
  };
}

export function background(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = '/',
): ChildProcess {
  return spawn(command, args, { stdio: 'ignore', cwd, env: { ...process.env, ...env } });
}

/** Runs a tool's command to its end; what it says and how it ends does not matter here. */
export function command(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  return new Promise((resolve) => background(program, args, env).on('close', () => resolve()));
}

export function pidOf(child: ChildProcess): number {
  return child.pid ?? 0;
}

export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  if (!(await soon(() => !lives(pidOf(child)), 10_000))) child.kill('SIGKILL');
}

export function writeScript(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/**
 * A folder of its own for one contender; what is left running in it goes with it. Its files stay until all is over: an
 * ext4 without a journal looks past whatever was deleted in the last minutes, and makes each new file of the next
 * contender many times as dear.
 */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
  try {
    return await work(folder);
  } finally {
    await silence(folder);
  }
}

/** Ends whatever has to do with a folder, and removes it. */
export async function clear(folder: string): Promise<void> {
  await silence(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function silence(folder: string): Promise<void> {
  await soon(() => {
    const left = ofFolder(folder);
    for (const pid of left) kill(pid);
    return left.length === 0;
  }, 10_000);
}

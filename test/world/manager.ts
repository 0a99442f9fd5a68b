/**
 * The manager as a user runs it: a child process with a folder, a configuration and an environment of its own, pointed
 * at the simulated Telegram.
 *
 *   const home = await makeHome({ services: { bot: { driver: 'process', command: [...] } } });
 *   const manager = await runManager(home, telegram.apiRoot);
 *   manager.kill('SIGKILL'); await manager.exited;
 *   await home.remove();                                   // stops what its services left running
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { program } from './program.ts';
import { until } from './until.ts';

export { until } from './until.ts';

export const TOKEN = '1000000001:test-token-of-the-simulated-telegram';
export const VERA = 777000777;

export interface Home {
  readonly folder: string;
  readonly dataDir: string;
  readonly config: string;
  /** Writes the configuration anew. */
  configure(file: unknown): Promise<void>;
  /** Ends every service that lives by this folder, then removes it. */
  remove(): Promise<void>;
}

/** Settings that make a test quick; a service's own win. */
const QUICK = {
  driver: 'process',
  restart_delay: '100ms',
  max_restart_delay: '1s',
  start_grace: '500ms',
  stop_timeout: '3s',
  health_check_interval: '1s',
  health_check_timeout: '1s',
};

/** A folder with a configuration of these services and no HTTP port unless asked. */
export async function makeHome(file: {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [section: string]: unknown;
}): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'orbit-e2e-'));
  const config = join(folder, 'services.yaml');
  const dataDir = join(folder, 'data');
  const home: Home = {
    folder,
    dataDir,
    config,
    configure: (content) => writeFile(config, stringify(content)),
    async remove() {
      for (const pid of await pidsBelow(folder)) end(pid);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const services = Object.fromEntries(Object.entries(file.services).map(([name, own]) => [name, { ...QUICK, ...own }]));
  await home.configure({ http: null, ...file, services });
  return home;
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself.
  }
}

/** The pid that a service of a test wrote last, a line for each start, into a file of the home; waits for the first. */
export function lastPid(home: Home, file: string): Promise<number> {
  return until(async () => {
    const lines = (await readFile(join(home.folder, file), 'utf8').catch(() => '')).split('\n');
    // The file is there before the number in it is whole.
    const pid = Number(lines.at(-2));
    return pid > 1 ? pid : null;
  }, file);
}

/** Kills a service of a test. Never 0, which would be this whole process group, the tests and their starter included. */
export function kill(pid: number | null | undefined): void {
  if (typeof pid !== 'number' || !(pid > 1)) throw new Error(`not a process to kill: ${pid}`);
  process.kill(pid, 'SIGKILL');
}

/** Processes whose command line or working folder lies in a test's folder. */
export async function pidsBelow(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const text = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const cwd = await readlink(`/proc/${entry}/cwd`).catch(() => '');
    if (text.includes(folder) || cwd.startsWith(folder)) found.push(pid);
  }
  return found;
}

export interface RunningManager {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it wrote so far, standard output and error together. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** The environment of a manager of this home. */
export function environment(home: Home, apiRoot: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    LANG: 'C.UTF-8',
    MANAGER_BOT_TOKEN: TOKEN,
    ADMIN_CHAT_IDS: String(VERA),
    TELEGRAM_API_ROOT: apiRoot,
    ORBIT_CONFIG: home.config,
    ORBIT_DATA_DIR: home.dataDir,
    ...more,
  };
}

/** Runs one `orbit` command. */
export function orbit(home: Home, env: NodeJS.ProcessEnv, ...args: readonly string[]): RunningManager {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: home.folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => text,
    kill: (signal) => {
      child.kill(signal);
    },
    exited,
  };
}

/** Starts the manager and waits until it says that it runs. */
export async function runManager(home: Home, apiRoot: string, more: NodeJS.ProcessEnv = {}): Promise<RunningManager> {
  const manager = orbit(home, environment(home, apiRoot, more), 'run');
  await until(() => {
    if (manager.child.exitCode !== null) throw new Error(`the manager ended:\n${manager.output()}`);
    return manager.output().includes('the manager runs');
  });
  return manager;
}

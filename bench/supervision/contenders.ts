/** Our program and its peers behind one face: services in, supervision on. What is not installed says so. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlClient } from '../../src/cli/client.ts';
import { allPids, argumentsOf, childrenOf, kill, lives, sleep, soon, withArgument } from './processes.ts';

/** Name and the shell script that it is. */
export type Services = ReadonlyMap<string, string>;

export interface Wishes {
  /** From the signal to SIGKILL, s. */
  readonly stopTimeout: number;
  /** `quick`: restart at once, for ever; `default`: as each tool comes; `once`: give up at the first exit. */
  readonly restarts: 'quick' | 'default' | 'once';
}

export interface Supervised {
  /** The supervisor's own processes. */
  manager(): readonly number[];
  /** What it has standing beside each service. */
  beside(): readonly number[];
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

const root = new URL('../..', import.meta.url).pathname;

function lacks(...programs: readonly string[]): () => string | null {
  return () => {
    const absent = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
    return absent.length === 0 ? null : `not installed (${absent.join(', ')})`;
  };
}

function background(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = '/'): ChildProcess {
  return spawn(command, args, { stdio: 'ignore', cwd, env: { ...process.env, ...env } });
}

/** Runs a tool's command to its end; what it says and how it ends does not matter here. */
function command(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  return new Promise((resolve) => background(program, args, env).on('close', () => resolve()));
}

function pidOf(child: ChildProcess): number {
  return child.pid ?? 0;
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  if (!(await soon(() => !lives(pidOf(child)), 10_000))) child.kill('SIGKILL');
}

/** The bare loop: a Node process that spawns again on 'exit'. */
const bare: Contender = {
  title: 'bare Node spawn',
  missing: () => null,
  async supervise(folder, services) {
    writeFileSync(join(folder, 'services.json'), JSON.stringify([...services]));
    const code = `
      import { spawn } from 'node:child_process'; import { readFileSync } from 'node:fs';
      let ending = false; const all = new Set();
      const run = (script) => { const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' }); all.add(child);
        child.on('exit', () => { all.delete(child); if (!ending) run(script); }); };
      for (const [, script] of JSON.parse(readFileSync(process.argv[1], 'utf8'))) run(script);
      process.on('SIGTERM', () => { ending = true; for (const child of all) child.kill(); });
      process.on('SIGINT', () => process.exit(0)); setInterval(() => {}, 1e9);`;
    const child = background(process.execPath, ['--input-type=module', '-e', code, join(folder, 'services.json')]);
    return {
      manager: () => [pidOf(child)],
      beside: () => [],
      stop: async () => void child.kill('SIGTERM'),
      end: () => endProcess(child, 'SIGINT'),
    };
  },
};

let built: string | null = null;

/** Our program as it is shipped, in a folder of its own. */
function build(): string {
  if (built !== null) return built;
  const folder = mkdtempSync(join(tmpdir(), 'orbit-built-'));
  const compiler = join(root, 'node_modules/.bin/tsc');
  spawnSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist'), '--sourceMap', 'false'], {
    cwd: root,
  });
  for (const name of ['node_modules', 'locales', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  built = folder;
  return folder;
}

/** Our manager in `folder`, whose services.yaml is there already. */
export function startOrbit(folder: string): ChildProcess {
  return background(
    process.execPath,
    [join(build(), 'dist/main.js'), 'run'],
    {
      MANAGER_BOT_TOKEN: '1000000001:no-telegram-is-there-at-all-here-000',
      ...{ ADMIN_CHAT_IDS: '1', TELEGRAM_API_ROOT: 'http://127.0.0.1:9', ORBIT_DATA_DIR: join(folder, 'data') },
      ORBIT_CONFIG: join(folder, 'services.yaml'),
    },
    folder,
  );
}

export function configureOrbit(folder: string, services: Services, { stopTimeout, restarts }: Wishes): void {
  const policies = {
    quick: { restart_delay: 0, max_restart_delay: 0, max_restarts: 1000, restart_window: 60 },
    default: {},
    once: { max_restarts: 0, restart_delay: 0 },
  };
  const common = { driver: 'process', cwd: folder, checks: [], stop_timeout: stopTimeout, ...policies[restarts] };
  const entries = [...services].map(([name, script]) => [name, { ...common, command: ['/bin/sh', '-c', script] }]);
  const file = { services: Object.fromEntries(entries), http: null, logging: { level: 'error' } };
  // JSON is YAML.
  writeFileSync(join(folder, 'services.yaml'), JSON.stringify(file));
}

export const keepersIn = (folder: string) =>
  allPids().filter((pid) => argumentsOf(pid)[1]?.startsWith(`${folder}/data/run/`));

function orbit(title: string, adopted: boolean): Contender {
  return {
    title,
    missing: () => null,
    async supervise(folder, services, wishes) {
      build();
      configureOrbit(folder, services, wishes);
      let child = startOrbit(folder);
      const client = createControlClient(join(folder, 'data/control.sock'), 'bench');
      const runs = async () => {
        const seen = await client.snapshot();
        return seen.ok && seen.value.services.every(({ state }) => state === 'running');
      };
      if (adopted) {
        for (let tries = 0; tries < 300 && !(await runs()); tries++) await sleep(50);
        child.kill('SIGKILL');
        await soon(() => !lives(pidOf(child)), 5000);
        child = startOrbit(folder);
        for (let tries = 0; tries < 300 && !(await runs()); tries++) await sleep(50);
      }
      return {
        manager: () => [pidOf(child)],
        beside: () => keepersIn(folder),
        async stop(names) {
          if (names === undefined) await client.actAll('stop');
          else await Promise.all(names.map((name) => client.act(name, 'stop')));
        },
        async end() {
          await client.actAll('stop');
          await endProcess(child, 'SIGTERM');
        },
      };
    },
  };
}

function writeRun(folder: string, name: string, script: string): void {
  mkdirSync(join(folder, 'sv', name), { recursive: true });
  const run = join(folder, 'sv', name, 'run');
  writeFileSync(run, `#!/bin/sh\n${script}\n`);
  chmodSync(run, 0o755);
}

const runit: Contender = {
  title: 'runit',
  missing: lacks('runsvdir', 'runsv', 'sv'),
  async supervise(folder, services, { stopTimeout }) {
    for (const [name, script] of services) writeRun(folder, name, script);
    const child = background('runsvdir', ['-P', join(folder, 'sv')]);
    return {
      manager: () => [pidOf(child)],
      beside: () => childrenOf(pidOf(child)),
      stop: (names = [...services.keys()]) =>
        command('sv', ['-w', String(stopTimeout), 'force-stop', ...names.map((name) => join(folder, 'sv', name))]),
      async end() {
        const supervisors = childrenOf(pidOf(child));
        await endProcess(child, 'SIGHUP');
        for (const pid of supervisors) kill(pid, 'SIGTERM');
        await soon(() => !supervisors.some(lives), 5000);
      },
    };
  },
};

const s6: Contender = {
  title: 's6',
  missing: lacks('s6-svscan', 's6-supervise', 's6-svc'),
  async supervise(folder, services, { stopTimeout }) {
    for (const [name, script] of services) {
      writeRun(folder, name, script);
      writeFileSync(join(folder, 'sv', name, 'timeout-kill'), `${stopTimeout * 1000}\n`);
    }
    const child = background('s6-svscan', ['-c', '1000', join(folder, 'sv')]);
    return {
      manager: () => [pidOf(child)],
      beside: () => childrenOf(pidOf(child)),
      async stop(names = [...services.keys()]) {
        await Promise.all(names.map((name) => command('s6-svc', ['-d', join(folder, 'sv', name)])));
      },
      async end() {
        const supervisors = childrenOf(pidOf(child));
        await command('s6-svscanctl', ['-t', join(folder, 'sv')]);
        if (!(await soon(() => ![pidOf(child), ...supervisors].some(lives), 5000)))
          for (const pid of [pidOf(child), ...supervisors]) kill(pid);
      },
    };
  },
};

const supervisord: Contender = {
  title: 'supervisord',
  missing: lacks('supervisord', 'supervisorctl'),
  async supervise(folder, services, { stopTimeout, restarts }) {
    const policy = {
      quick: 'startsecs=0\nautorestart=true\nstartretries=1000000',
      default: 'autorestart=true',
      once: 'autorestart=false',
    }[restarts];
    const programs = [...services].map(([name, script]) => {
      const run = join(folder, `${name}.sh`);
      writeFileSync(run, `#!/bin/sh\n${script}\n`);
      chmodSync(run, 0o755);
      return `[program:${name}]\ncommand=${run}\nstopwaitsecs=${stopTimeout}\n${policy}\nstopasgroup=true\nkillasgroup=true\n`;
    });
    const file = join(folder, 'supervisord.conf');
    const socket = join(folder, 's.sock');
    writeFileSync(
      file,
      `[supervisord]\nnodaemon=true\nlogfile=${folder}/s.log\npidfile=${folder}/s.pid\nchildlogdir=${folder}\nminfds=4096\n` +
        `[unix_http_server]\nfile=${socket}\n[supervisorctl]\nserverurl=unix://${socket}\n` +
        '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n' +
        programs.join(''),
    );
    const child = background('supervisord', ['-c', file]);
    return {
      manager: () => [pidOf(child)],
      beside: () => [],
      stop: (names = ['all']) => command('supervisorctl', ['-c', file, 'stop', ...names]),
      end: () => endProcess(child, 'SIGTERM'),
    };
  },
};

const pm2: Contender = {
  title: 'pm2',
  missing: lacks('pm2'),
  async supervise(folder, services, { stopTimeout, restarts }) {
    const env = { PM2_HOME: join(folder, 'pm2'), PM2_DISABLE_VERSION_CHECK: '1' };
    const policy = {
      quick: { restart_delay: 0, min_uptime: 100, max_restarts: 1_000_000 },
      default: {},
      once: { autorestart: false },
    }[restarts];
    const apps = [...services].map(([name, script]) => {
      const run = join(folder, `${name}.sh`);
      writeFileSync(run, `#!/bin/sh\n${script}\n`);
      chmodSync(run, 0o755);
      return { name, script: run, interpreter: 'none', kill_timeout: stopTimeout * 1000, ...policy };
    });
    const file = join(folder, 'ecosystem.json');
    writeFileSync(file, JSON.stringify({ apps }));
    await command('pm2', ['start', file], env);
    const daemons = () =>
      withArgument(env.PM2_HOME).filter((pid) => argumentsOf(pid).some((word) => /God Daemon/.test(word)));
    return {
      manager: daemons,
      beside: () => [],
      stop: (names = ['all']) => command('pm2', ['stop', ...names], env),
      async end() {
        await command('pm2', ['kill'], env);
        for (const pid of daemons()) kill(pid);
      },
    };
  },
};

export const ours = orbit('orbit', false);
export const adopted = orbit('orbit, after kill -9 of itself', true);
export const contenders: readonly Contender[] = [bare, ours, adopted, runit, s6, supervisord, pm2];

/** A folder of its own for one contender; what is left in it goes with it. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
  try {
    return await work(folder);
  } finally {
    for (const pid of withArgument(folder)) kill(pid);
    await soon(() => withArgument(folder).length === 0, 5000);
    execFileSync('rm', ['-rf', folder]);
  }
}

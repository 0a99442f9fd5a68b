/** Our program as it is shipped: built, in a process of its own, spoken to through its control socket. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createControlClient } from '../../src/cli/client.ts';
import { background, type Contender, endProcess, pidOf, type Services, type Wishes } from './contender.ts';
import { argumentsOf, lives, ofFolder, sleep, soon } from './processes.ts';

const root = new URL('../..', import.meta.url).pathname;
/** Where the built program is: the whole benchmark builds once. */
const BUILT = 'ORBIT_BENCH_BUILT';

export function build(folder: string): void {
  mkdirSync(folder);
  const args = ['--import', 'tsx', 'build.ts', join(folder, 'dist')];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('our program cannot be built');
  for (const name of ['node_modules', 'locales', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  process.env[BUILT] = folder;
}

/** Our manager in `folder`, whose services.yaml is there already. */
export function startOrbit(folder: string): ChildProcess {
  return background(
    process.execPath,
    [join(process.env[BUILT] ?? root, 'dist/main.js'), 'run'],
    {
      MANAGER_BOT_TOKEN: '1000000001:no-telegram-is-there-at-all-here-000',
      ...{ ADMIN_CHAT_IDS: '1', TELEGRAM_API_ROOT: 'http://127.0.0.1:9', ORBIT_DATA_DIR: join(folder, 'data') },
      ORBIT_CONFIG: join(folder, 'services.yaml'),
    },
    folder,
  );
}

/** `measured`: whether each process is measured every ten seconds, as it is by default. */
export function configureOrbit(
  folder: string,
  services: Services,
  { stopTimeout, restarts }: Wishes,
  measured = true,
): void {
  const policies = {
    quick: { restart_delay: 0, max_restart_delay: 0, max_restarts: 1000, restart_window: 60 },
    default: {},
    once: { max_restarts: 0, restart_delay: 0 },
  };
  const common = { driver: 'process', cwd: folder, stop_timeout: stopTimeout, ...policies[restarts] };
  const seldom = measured ? {} : { health_check_interval: '1h' };
  const entries = [...services].map(([name, script]) => [
    name,
    { ...common, ...seldom, command: ['/bin/sh', '-c', script] },
  ]);
  const file = {
    services: Object.fromEntries(entries),
    http: null,
    logging: { level: 'error' },
    monitoring: measured ? {} : { metrics: { collect_interval: '1h' } },
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'services.yaml'), JSON.stringify(file));
}

export const keepersIn = (folder: string): readonly number[] => attendantsIn(folder, ['keeper.sh']);

/** All that stands of ours beside services: also who took the place of a keeper that was killed. */
export function attendantsIn(folder: string, scripts: readonly string[] = ['keeper.sh', 'witness.pl']) {
  return ofFolder(`${folder}/data/run/`).filter((pid) => {
    const script = argumentsOf(pid)[1] ?? '';
    return scripts.some((name) => script.endsWith(`/${name}`));
  });
}

export function controlOf(folder: string, deadline?: number) {
  return createControlClient(join(folder, 'data/control.sock'), 'bench', deadline);
}

function orbit(title: string, how: { readonly adopted?: true; readonly unmeasured?: true } = {}): Contender {
  return {
    title,
    missing: () => null,
    async supervise(folder, services, wishes) {
      configureOrbit(folder, services, wishes, !how.unmeasured);
      const began = performance.now();
      let child = startOrbit(folder);
      const client = controlOf(folder);
      const allRun = async () => {
        for (let tries = 0; tries < 600; tries++) {
          const seen = await client.snapshot();
          if (seen.ok && seen.value.services.every(({ state }) => state === 'running')) return;
          await sleep(50);
        }
      };
      if (how.adopted) {
        await allRun();
        child.kill('SIGKILL');
        await soon(() => !lives(pidOf(child)), 5000);
        child = startOrbit(folder);
        await allRun();
      }
      return {
        began,
        // By then what starting left on its heap is given back, and what runs each second is compiled: both are work of
        // the start, and are no part of what it costs to watch.
        settles: 120,
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

export const ours = orbit('orbit');
export const adopted = orbit('orbit, after kill -9 of itself', { adopted: true });
export const unmeasured = orbit('orbit, processes not measured', { unmeasured: true });

/** The peers, each with the settings that serve it best. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSystemd, whyNoSystemd } from '../../test/world/systemd.ts';
import {
  background,
  type Contender,
  command,
  endProcess,
  lacks,
  pidOf,
  type Services,
  writeScript,
} from './contender.ts';
import { argumentsOf, childrenOf, kill, lives, ofFolder, outerPid, soon } from './processes.ts';

function writeRuns(folder: string, services: Services): void {
  for (const [name, script] of services) {
    mkdirSync(join(folder, 'sv', name), { recursive: true });
    writeScript(join(folder, 'sv', name, 'run'), script);
  }
}

export const runit: Contender = {
  title: 'runit',
  missing: lacks('runsvdir', 'runsv', 'sv'),
  async supervise(folder, services, { stopTimeout }) {
    writeRuns(folder, services);
    const began = performance.now();
    const child = background('runsvdir', ['-P', join(folder, 'sv')]);
    return {
      began,
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

export const s6: Contender = {
  title: 's6',
  missing: lacks('s6-svscan', 's6-supervise', 's6-svc'),
  async supervise(folder, services, { stopTimeout }) {
    writeRuns(folder, services);
    for (const name of services.keys())
      writeFileSync(join(folder, 'sv', name, 'timeout-kill'), `${stopTimeout * 1000}\n`);
    const began = performance.now();
    const child = background('s6-svscan', ['-c', '1000', join(folder, 'sv')]);
    return {
      began,
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

export const supervisord: Contender = {
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
      writeScript(run, script);
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
    const began = performance.now();
    const child = background('supervisord', ['-c', file]);
    return {
      began,
      manager: () => [pidOf(child)],
      beside: () => [],
      stop: (names = ['all']) => command('supervisorctl', ['-c', file, 'stop', ...names]),
      end: () => endProcess(child, 'SIGTERM'),
    };
  },
};

export const pm2: Contender = {
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
      writeScript(run, script);
      return { name, script: run, interpreter: 'none', kill_timeout: stopTimeout * 1000, ...policy };
    });
    const file = join(folder, 'ecosystem.json');
    writeFileSync(file, JSON.stringify({ apps }));
    const began = performance.now();
    await command('pm2', ['start', file], env);
    const daemons = () =>
      ofFolder(env.PM2_HOME).filter((pid) => argumentsOf(pid).some((word) => word.includes('God Daemon')));
    return {
      began,
      manager: daemons,
      beside: () => [],
      stop: (names = ['all']) => command('pm2', ['stop', ...names], env),
      // Its own way takes 60 ms a service.
      async end() {
        for (const pid of daemons()) kill(pid);
      },
    };
  },
};

/** In namespaces of its own, since the machine's may be another: what it starts has other pids seen from here. */
export const systemd: Contender = {
  title: 'systemd',
  missing: whyNoSystemd,
  async supervise(folder, services, { stopTimeout, restarts }) {
    const policy = {
      quick: ['[Unit]', 'StartLimitIntervalSec=0', '[Service]', 'Restart=always', 'RestartSec=0'],
      default: ['[Service]', 'Restart=always'],
      once: ['[Service]', 'Restart=no'],
    }[restarts];
    const manager = await startSystemd([folder]);
    const units = join(manager.runFolder, 'systemd/system');
    mkdirSync(units, { recursive: true });
    for (const [name, script] of services) {
      const run = join(folder, `${name}.sh`);
      writeScript(run, script);
      const lines = [...policy, `ExecStart=${run}`, `TimeoutStopSec=${stopTimeout}`, 'KillMode=control-group'];
      writeFileSync(join(units, `${name}.service`), `${lines.join('\n')}\n`);
    }
    const all = [...services.keys()];
    const began = performance.now();
    await manager.inside('systemctl', 'daemon-reload');
    await manager.inside('systemctl', 'start', ...all);
    return {
      began,
      manager: () => [manager.pid],
      beside: () => [],
      outer: (pid) => outerPid(manager.pid, pid),
      stop: async (names = all) => void (await manager.inside('systemctl', 'stop', ...names)),
      end: () => manager.end(),
    };
  },
};

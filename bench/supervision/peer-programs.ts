/** Peers that come from a package registry are put into the benchmark's own folder; the others have to be installed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { lacks } from './contender.ts';

const INSTALL_MS = 120_000;

/** Makes them findable for this process and its children. What cannot be had is left out, and its row says so. */
export function fetchPeers(folder: string): void {
  if (lacks('pm2')() !== null) {
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    run('npm', ['install', '--prefix', join(folder, 'npm'), ...quiet, 'pm2@7']);
    prefer('PATH', join(folder, 'npm/node_modules/.bin'));
  }
  if (lacks('supervisord')() !== null) {
    const target = join(folder, 'python');
    run('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      target,
      'supervisor==4.*',
    ]);
    prefer('PATH', join(target, 'bin'));
    prefer('PYTHONPATH', target);
  }
}

function run(program: string, args: readonly string[]): void {
  spawnSync(program, args, { stdio: 'ignore', timeout: INSTALL_MS });
}

function prefer(variable: string, folder: string): void {
  const others = process.env[variable];
  process.env[variable] = others === undefined ? folder : `${folder}:${others}`;
}

/**
 * Memory of the manager after 60 s with four services, beside a Node process that has only imported the same
 * dependencies. `npm run build && node --import tsx bench/memory.ts [seconds]`
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { environment, makeHome, TOKEN, until } from '../test/world/manager.ts';
import { startTelegram } from '../test/world/telegram/server.ts';
import { parseRollup } from './figures.ts';

const seconds = Number(process.argv[2] ?? 60);
const root = new URL('..', import.meta.url).pathname;

/** What the manager itself has loaded with this configuration. */
const DEPENDENCIES = [
  'grammy',
  '@grammyjs/menu',
  '@grammyjs/conversations',
  '@grammyjs/runner',
  '@fluent/bundle',
  'yaml',
  'zod',
  'pino',
  'node-cron',
  'libsql',
  'commander',
  'node:http',
];

const memory = (pid: number) => parseRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1).padStart(8);

const floor = spawn(
  process.execPath,
  [
    '--input-type=module',
    '-e',
    `${DEPENDENCIES.map((name) => `await import('${name}');`).join('')}
     const { default: Database } = await import('libsql'); const db = new Database(':memory:'); db.exec('select 1');
     console.log('ready'); setInterval(() => db, 1 << 30);`,
  ],
  { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
);
const telegram = await startTelegram({ token: TOKEN });
const sleeper = { command: ['sleep', '100000'], start_grace: 0, health_check_interval: '10s' };
const home = await makeHome({ services: { a: sleeper, b: sleeper, c: sleeper, d: sleeper } });
const manager = spawn(process.execPath, ['dist/main.js', 'run'], {
  cwd: root,
  env: environment(home, telegram.apiRoot),
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  let said = '';
  manager.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => said.includes('the manager runs'));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const own = memory(manager.pid ?? 0);
  const bare = memory(floor.pid ?? 0);
  console.log(`after ${seconds} s, 4 services      RSS MB  PSS MB`);
  console.log(`manager                     ${megabytes(own.rss)}${megabytes(own.pss)}`);
  console.log(`same dependencies imported  ${megabytes(bare.rss)}${megabytes(bare.pss)}`);
  console.log(`difference                  ${megabytes(own.rss - bare.rss)}${megabytes(own.pss - bare.pss)}`);
} finally {
  manager.kill('SIGTERM');
  floor.kill();
  await new Promise((resolve) => manager.on('exit', resolve));
  await home.remove();
  await telegram.stop();
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { createLogRounds } from '../../src/drivers/log-rounds.ts';
import { eventually, makeFolder } from './playground.ts';

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };

it('logs are rotated where a service’s is too large: its own file or that in the data folder; what fails is put off', async (context) => {
  const dataDir = await makeFolder(context);
  const bot = { driver: 'process', command: ['bot'], log_max_size: '1mb' };
  const services = {
    ...{ own: { ...bot, log_file: join(dataDir, 'own.log') }, plain: bot, endless: { ...bot, log_max_size: null } },
    stuck: bot,
  };
  const loaded = loadConfig({ path: join(dataDir, 'services.yaml'), env, readFile: () => stringify({ services }) });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const ofName = (name: string) => join(dataDir, 'run', name, 'output.log');
  const paths = { own: join(dataDir, 'own.log'), plain: ofName('plain'), endless: ofName('endless') };
  for (const path of [...Object.values(paths), ofName('stuck')]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'line\n'.repeat(400_000));
  }
  // Something in the way of the copy.
  await mkdir(`${ofName('stuck')}.rotating`);
  let now = 0;
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
  const rounds = createLogRounds({
    services: () => loaded.config.services,
    pidOf: () => null,
    dataDir,
    clock: () => now,
    log,
  });
  rounds.tick();
  await eventually('all were looked at', () => said.length > 0);
  await rounds.stop();
  assert.ok(existsSync(`${paths.own}.1`));
  assert.ok(existsSync(`${paths.plain}.1`));
  assert.ok(!existsSync(`${paths.endless}.1`));
  assert.equal((await stat(paths.endless)).size, 2_000_000);

  let looks = 0;
  const counted = () => {
    looks += 1;
    return loaded.config.services;
  };
  const again = createLogRounds({ services: counted, pidOf: () => null, dataDir, clock: () => now, log });
  // A round that begins is a round before it that has ended.
  for (now = 0; now < 300_000; now += 10_000) {
    const before = looks;
    await eventually('another round', () => {
      again.tick();
      return looks > before;
    });
  }
  assert.equal(said.length, 2, said.join(''));
  await rm(`${ofName('stuck')}.rotating`, { recursive: true });
  now = 1_000_000;
  await eventually('rotated in the end', () => {
    now += 10_000;
    again.tick();
    return existsSync(`${ofName('stuck')}.1`);
  });
  await again.stop();
});

it('a log removed under its service is said once for each of its processes, whichever folder it was in', async (context) => {
  const dataDir = await makeFolder(context);
  const bot = { driver: 'process', command: ['bot'], log_max_size: '1mb' };
  const services = { own: { ...bot, log_file: join(dataDir, 'own.log') }, plain: bot, kept: bot, down: bot };
  const loaded = loadConfig({ path: join(dataDir, 'services.yaml'), env, readFile: () => stringify({ services }) });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const pathOf = (name: string) =>
    name === 'own' ? join(dataDir, 'own.log') : join(dataDir, 'run', name, 'output.log');
  const pids = new Map<string, number>();
  async function begin(name: string): Promise<void> {
    await mkdir(dirname(pathOf(name)), { recursive: true });
    const output = openSync(pathOf(name), 'a');
    const child = spawn('sh', ['-c', 'echo a line; exec sleep 600'], { stdio: ['ignore', output, output] });
    closeSync(output);
    context.after(() => child.kill('SIGKILL'));
    pids.set(name, child.pid ?? 0);
    await eventually('its line is written', async () => (await stat(pathOf(name))).size > 0);
  }
  for (const name of ['own', 'plain', 'kept']) await begin(name);
  let now = 0;
  let looks = 0;
  const said: { service: string; pid: number; bytes: number }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(JSON.parse(line)) });
  const counted = () => {
    looks += 1;
    return loaded.config.services;
  };
  const pidOf = (name: string) => pids.get(name) ?? null;
  const rounds = createLogRounds({ services: counted, pidOf, dataDir, clock: () => now, log });
  /** So many rounds begin, the one before each has ended. */
  async function goRound(times: number): Promise<void> {
    for (const wanted = looks + times; looks < wanted; now += 10_000)
      await eventually('another round', () => {
        const before = looks;
        rounds.tick();
        return looks > before;
      });
  }
  await goRound(2);
  assert.deepEqual(said, []);
  for (const name of ['own', 'plain']) await rm(pathOf(name));
  await goRound(4);
  const whose = () => said.map(({ service, pid, bytes }) => ({ service, pid, bytes }));
  const expected = ['own', 'plain'].map((service) => ({ service, pid: pids.get(service), bytes: 7 }));
  assert.deepEqual(whose(), expected);
  await begin('plain');
  await rm(pathOf('plain'));
  await goRound(3);
  await rounds.stop();
  assert.deepEqual(whose(), [...expected, { service: 'plain', pid: pids.get('plain'), bytes: 7 }]);
});

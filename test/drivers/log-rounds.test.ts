import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
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
  const rounds = createLogRounds({ services: () => loaded.config.services, dataDir, clock: () => now, log });
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
  const again = createLogRounds({ services: counted, dataDir, clock: () => now, log });
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

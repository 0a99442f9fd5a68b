import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { environment, type Home, makeHome, orbit, pidsBelow } from '../world/manager.ts';
import type { TelegramWorld } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

describe('bad input', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;

  before(async () => {
    ({ telegram, home } = await stage.set({ services: { bot: { command: ['sleep', '1000'] } } }, { started: false }));
  });

  it('a wrong token is said in a clear line, at once, with exit code 2', async () => {
    const token = '1000000001:another-token-that-nobody-ever-gave-out';
    const manager = orbit(home, environment(home, telegram.apiRoot, { MANAGER_BOT_TOKEN: token }), 'run');
    assert.deepEqual(await manager.exited, { code: 2, signal: null });
    assert.match(manager.output(), /^Telegram refuses MANAGER_BOT_TOKEN \(401\)/m);
    assert.ok(!manager.output().includes(token));
  });

  it('no admins: refuses to start, starts nothing', async () => {
    const other = await makeHome({ services: { bot: { command: ['sleep', '1000'] } } });
    stage.atEnd(() => other.remove());
    const manager = orbit(other, environment(other, telegram.apiRoot, { ADMIN_CHAT_IDS: '' }), 'run');
    assert.deepEqual(await manager.exited, { code: 2, signal: null });
    assert.match(manager.output(), /ADMIN_CHAT_IDS/);
    assert.ok(!existsSync(other.dataDir));
    assert.deepEqual(await pidsBelow(other.folder), []);
  });

  it('mistakes in the file: all of them, each with its place, nothing started', async () => {
    const other = await makeHome({
      services: { bot: { command: ['sleep', '1000'], restart_delay: '5q', comand: 'x' } },
    });
    stage.atEnd(() => other.remove());
    const manager = orbit(other, environment(other, telegram.apiRoot), 'run');
    assert.deepEqual(await manager.exited, { code: 2, signal: null });
    assert.match(manager.output(), /services\.yaml:\d+:\d+ services\.bot\.restart_delay: found "5q"/);
    assert.match(
      manager.output(),
      /services\.yaml:\d+:\d+ services\.bot\.comand: found an unknown key, did you mean command\?/,
    );
    assert.deepEqual(await pidsBelow(other.folder), []);
  });

  it('a second manager in the same folder refuses, and leaves the first alone', async () => {
    const first = await stage.run();
    const second = await stage.type('run');
    assert.equal(second.code, 1);
    assert.match(second.text, /Another manager is already running/);
    const status = await stage.type('status');
    assert.equal(status.code, 0, status.text);
    await stage.type('stop', '--all');
    first.kill('SIGTERM');
    assert.equal((await first.exited).code, 0);
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { environment, type Home, makeHome, orbit, pidsBelow, runManager, TOKEN } from '../world/manager.ts';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';

describe('bad input', () => {
  let telegram: TelegramWorld;
  let home: Home;

  before(async () => {
    telegram = await startTelegram({ token: TOKEN });
    home = await makeHome({ services: { bot: { command: ['sleep', '1000'] } } });
  });

  after(async () => {
    await home.remove();
    await telegram.stop();
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
    const manager = orbit(other, environment(other, telegram.apiRoot, { ADMIN_CHAT_IDS: '' }), 'run');
    assert.deepEqual(await manager.exited, { code: 2, signal: null });
    assert.match(manager.output(), /ADMIN_CHAT_IDS/);
    assert.ok(!existsSync(other.dataDir));
    assert.deepEqual(await pidsBelow(other.folder), []);
    await other.remove();
  });

  it('mistakes in the file: all of them, each with its place, nothing started', async () => {
    const other = await makeHome({
      services: { bot: { command: ['sleep', '1000'], restart_delay: '5q', comand: 'x' } },
    });
    const manager = orbit(other, environment(other, telegram.apiRoot), 'run');
    assert.deepEqual(await manager.exited, { code: 2, signal: null });
    assert.match(manager.output(), /services\.yaml:\d+:\d+ services\.bot\.restart_delay: found "5q"/);
    assert.match(
      manager.output(),
      /services\.yaml:\d+:\d+ services\.bot\.comand: found an unknown key, did you mean command\?/,
    );
    assert.deepEqual(await pidsBelow(other.folder), []);
    await other.remove();
  });

  it('a second manager in the same folder refuses, and leaves the first alone', async () => {
    const first = await runManager(home, telegram.apiRoot);
    const second = orbit(home, environment(home, telegram.apiRoot), 'run');
    assert.deepEqual(await second.exited, { code: 1, signal: null });
    assert.match(second.output(), /Another manager is already running/);
    const status = orbit(home, environment(home, telegram.apiRoot), 'status');
    assert.equal((await status.exited).code, 0, status.output());
    await orbit(home, environment(home, telegram.apiRoot), 'stop', '--all').exited;
    first.kill('SIGTERM');
    assert.equal((await first.exited).code, 0);
  });
});

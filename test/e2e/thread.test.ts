import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type Home, pidsBelow, type RunningManager, TOKEN, until } from '../world/manager.ts';
import type { ShownMessage, TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

/** A service that writes its pid on each start and a line a second. */
const SERVICE = ['sh', '-c', 'echo $$ >> pids; echo "Bot started..."; while :; do echo alive; sleep 1; done'];

describe('from a crash to a tapped Restart', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let manager: RunningManager;
  let vera: WorldUser;

  before(async () => {
    ({ telegram, home, vera } = await stage.set({ services: { bot: { title: 'Shop bot', command: SERVICE } } }));
    manager = await stage.run();
  });

  /** Pids of all starts so far, newest last. */
  async function pids(): Promise<number[]> {
    const text = await readFile(join(home.folder, 'pids'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).map(Number);
  }

  /** Never 0, which in a signal would be this whole process group. */
  async function lastPid(): Promise<number> {
    const pid = (await pids()).at(-1);
    assert.ok(pid !== undefined && pid > 1);
    return pid;
  }

  async function runningPid(atLeast: number): Promise<number> {
    await until(async () => (await pids()).length >= atLeast, `start number ${atLeast}`);
    return lastPid();
  }

  it('tells of the crash, brings it back, and says how long it was away', async () => {
    const first = await runningPid(1);
    process.kill(first, 'SIGKILL');
    const alert = await telegram.waitForMessage(vera.id, /Shop bot.*down/s);
    assert.match(alert.text, /SIGKILL/);
    assert.match(alert.text, /alive/, 'the last log lines are there');
    assert.ok((await runningPid(2)) !== first);
    const reply = await telegram.waitForMessage(vera.id, (message) => message.replyTo === alert.id);
    assert.match(reply.text, /Shop bot is back/);
    const edited = vera.messages().find((message) => message.id === alert.id);
    assert.ok((edited?.edits ?? 0) > 0, 'the alert itself was brought up to date');
  });

  it('restarts at a tap, after a confirmation, and says how long it took', async () => {
    const old = (await pids()).at(-1);
    vera.sends('/menu');
    const menu = await telegram.waitForMessage(vera.id, (message) => label(message, /Shop bot/));
    await vera.taps(menu, /Shop bot/);
    const screen = await telegram.waitForMessage(vera.id, (message) => label(message, /Restart/));
    await vera.taps(screen, /Restart/);
    const question = await telegram.waitForMessage(vera.id, (message) => label(message, /Confirm/));
    assert.equal((await pids()).at(-1), old, 'nothing happens before the confirmation');
    await vera.taps(question, /Confirm/);
    await telegram.waitForMessage(vera.id, /Restarted.* in \d/);
    assert.notEqual((await pids()).at(-1), old);
  });

  it('leaves services running when it is killed, knows them again, and starts nothing twice', async () => {
    const starts = (await pids()).length;
    const pid = await lastPid();
    manager.kill('SIGKILL');
    await manager.exited;
    process.kill(pid, 0);
    manager = await stage.run();
    const status = await stage.type('status', '--json');
    assert.equal(status.code, 0, status.text);
    assert.match(status.text, new RegExp(`"pid": ?${pid}\\b`));
    assert.equal((await pids()).length, starts);
  });

  it('finds out what died while no manager was there, and its exit is told', async () => {
    const pid = await lastPid();
    manager.kill('SIGKILL');
    await manager.exited;
    process.kill(pid, 'SIGTERM');
    await until(() => gone(pid), 'the end of the service');
    const since = telegram.revision;
    manager = await stage.run();
    const alert = await telegram.waitForMessage(vera.id, /Shop bot.*down/s, { since });
    assert.match(alert.text, /SIGTERM/);
    await until(async () => ((await pids()).at(-1) !== pid ? true : null), 'a new process');
  });

  it('uptime-kuma#6046, x-ui#257: supervises on and keeps an alert while Telegram is away, and sends it once, with its delay', async () => {
    await until(() => vera.messages().some((message) => /is back/.test(message.text)), 'the recovery before');
    const quietAgain = telegram.revision;
    await telegram.goOffline();
    const pid = await lastPid();
    process.kill(pid, 'SIGKILL');
    await until(async () => ((await pids()).at(-1) !== pid ? true : null), 'the restart without Telegram');
    // Later than "late" begins, on real time: the manager is a process of its own.
    const lateFrom = Date.now() + 11_000;
    await until(() => Date.now() > lateFrom, 'the alert to be late');
    await telegram.goOnline();
    const alert = await telegram.waitForMessage(vera.id, /Shop bot/, { since: quietAgain, timeoutMs: 30_000 });
    assert.match(alert.text, /delayed/i);
    const again = vera.messages().filter((message) => message.id > alert.id && /down/.test(message.text));
    assert.deepEqual(again, []);
  });

  it('says nothing at all to a stranger', async () => {
    const stranger = telegram.user({ id: 5, first_name: 'Mallory' });
    stranger.start();
    stranger.sends('/status');
    await telegram.waitForMessage(vera.id, /Mallory/);
    assert.deepEqual(
      stranger.messages().filter((message) => message.fromBot),
      [],
    );
  });

  it('has its control socket for its own user only', async () => {
    const { mode } = await stat(join(home.dataDir, 'control.sock'));
    assert.equal(mode & 0o777, 0o600);
  });

  it('leaves services running on SIGTERM; stop --all leaves nothing', async () => {
    manager.kill('SIGTERM');
    assert.equal((await manager.exited).code, 0, manager.output());
    const pid = await lastPid();
    process.kill(pid, 0);
    manager = await stage.run();
    const stop = await stage.type('stop', '--all');
    assert.equal(stop.code, 0, stop.text);
    assert.ok(await gone(pid));
    manager.kill('SIGTERM');
    await manager.exited;
    assert.deepEqual(await pidsBelow(home.folder), []);
  });

  it('never wrote the token', () => {
    assert.ok(!manager.output().includes(TOKEN));
  });
});

async function gone(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null || text.slice(text.lastIndexOf(')') + 2).startsWith('Z');
}

function label(message: ShownMessage, text: RegExp): boolean {
  return message.buttons.flat().some((button) => text.test(button));
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { openStore } from '../../src/store/database.ts';
import { createServiceTable } from '../../src/store/services.ts';
import { type Home, kill, pidsBelow, type RunningManager, until } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const run = promisify(execFile);

/** Not a byte is left where this file is. */
async function fillInto(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (let size = 1024 * 1024; size >= 1; ) {
      const { bytesWritten } = await file.write(Buffer.alloc(size)).catch(() => ({ bytesWritten: 0 }));
      if (bytesWritten < size) size = Math.floor(size / 2);
    }
  } finally {
    await file.close();
  }
}

/** A disk of its own for the manager's data. */
async function mountFor(home: Home, size: string): Promise<() => Promise<unknown>> {
  if (process.getuid?.() !== 0) throw new Error('A disk of its own needs root: run this suite as root or on CI');
  await mkdir(home.dataDir, { mode: 0o700 });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'orbit-test', home.dataDir]);
  return async () => {
    for (const pid of await pidsBelow(home.folder)) kill(pid);
    await run('umount', ['--lazy', home.dataDir]);
  };
}

describe('a full disk', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let manager: RunningManager;
  let vera: WorldUser;

  before(async () => {
    const chatty = 'while :; do echo line; sleep 0.05; done';
    const settings = { max_restarts: 50, log_max_size: '64kb' };
    ({ telegram, home, vera } = await stage.set({ services: {} }));
    await home.configure({
      http: null,
      services: {
        bot: { title: 'Bot', driver: 'process', command: ['sh', '-c', chatty, 'chatty'], ...settings, ...quick },
        pane: {
          ...{ title: 'Pane', driver: 'tmux', tmux_session: 'pane', tmux_socket: join(home.folder, 'tmux.sock') },
          ...{ command: ['sh', '-c', chatty, 'pane'], ...settings, ...quick },
        },
      },
      monitoring: { alerts: { group_window: 0 } },
    });
    // So small that no room is put aside on it.
    stage.atEnd(await mountFor(home, '6m'));
    manager = await stage.run();
    stage.atEnd(async () => {
      await rm(ballast(), { force: true });
      await stage.type('stop', '--all');
    });
    for (const name of ['bot', 'pane']) await running(name, null);
  });

  const quick = { restart_delay: '100ms', max_restart_delay: '1s', start_grace: '300ms', stop_timeout: '3s' };
  const ballast = () => join(home.dataDir, 'ballast');

  /** Its pid, once it runs and is another than `but`. */
  function running(name: string, but: number | null): Promise<number> {
    return until(async () => {
      const seen = await stage.view(name);
      return seen?.state === 'running' && seen.pid !== null && seen.pid !== but ? seen.pid : null;
    }, `${name} runs`);
  }

  const fill = () => fillInto(ballast());

  it('what dies is started again, by either driver', async () => {
    await fill();
    for (const name of ['bot', 'pane']) {
      const pid = await running(name, null);
      kill(pid);
      await fill();
      await running(name, pid);
    }
  });

  it('people can stop and start', async () => {
    await fill();
    for (const verb of ['restart', 'stop', 'start']) {
      const { code, text } = await stage.type(verb, 'bot');
      assert.equal(code, 0, text);
    }
  });

  it('the next manager starts, takes up what runs, and starts none twice', async () => {
    await fill();
    const pids = [await running('bot', null), await running('pane', null)];
    manager.kill('SIGKILL');
    await manager.exited;
    await fill();
    manager = await stage.run();
    assert.deepEqual([await running('bot', null), await running('pane', null)], pids);
  });

  it('once there is room again, what happened meanwhile is told and written', async () => {
    await fill();
    const since = telegram.revision;
    const pid = await running('bot', null);
    kill(pid);
    await running('bot', pid);
    assert.ok((await stat(ballast())).size > 0);
    await rm(ballast());
    await telegram.waitForMessage(vera.id, /Bot.*SIGKILL/s, { since });
    const { text } = await stage.type('alerts', '--all', '--json');
    const { open, past } = JSON.parse(text);
    assert.ok(
      [...open, ...past].some(({ service }) => service === 'bot'),
      text,
    );
  });

  it('a stop that could not be written is written once there is room, and the next manager keeps to it', async () => {
    await fill();
    const stopped = await stage.type('stop', 'bot');
    assert.equal(stopped.code, 0);
    assert.match(stopped.text, /could not be written down/);
    await rm(ballast());
    // The manager tries once a second; nothing else happens to this service.
    const written = () => {
      const store = openStore(home.dataDir);
      const record = createServiceTable(store).load('bot');
      store.close();
      return record?.wanted === 'down' && record.state === 'stopped';
    };
    await until(written, 'the stop to be written');
    assert.doesNotMatch((await stage.type('stop', 'bot')).text, /written/);
    manager.kill('SIGKILL');
    await manager.exited;
    manager = await stage.run();
    await running('pane', null);
    assert.equal((await stage.view('bot'))?.state, 'stopped');
  });
});

describe('a disk that somebody else fills', () => {
  const stage = makeStage();
  let home: Home;
  let manager: RunningManager;

  before(async () => {
    ({ home } = await stage.set({ services: { bot: { title: 'Bot', command: ['sleep', '1000'] } } }));
    stage.atEnd(await mountFor(home, '100m'));
    manager = await stage.run();
  });

  it('has room for the stop with which an operator answers: the next manager keeps to it, the disk still full', async () => {
    const state = async () => (await stage.view('bot'))?.state;
    await until(async () => (await state()) === 'running', 'the bot runs');
    await until(
      async () => (await stat(join(home.dataDir, 'reserve')).catch(() => null))?.size === 2 ** 20,
      'the reserve',
    );
    await fillInto(join(home.dataDir, 'ballast'));
    const stopped = await stage.type('stop', 'bot');
    assert.equal(stopped.code, 0, stopped.text);
    assert.doesNotMatch(stopped.text, /written/);
    manager.kill('SIGKILL');
    await manager.exited;
    await fillInto(join(home.dataDir, 'ballast'));
    manager = await stage.run();
    assert.equal(await state(), 'stopped');
    assert.equal(await stat(join(home.dataDir, 'reserve')).catch(() => null), null);
  });
});

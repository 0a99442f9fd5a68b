import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { freePort } from '../world/free-port.ts';
import { type Home, type RunningManager, until } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const shopBot = new URL('../world/shop-bot.mjs', import.meta.url).pathname;

const POST = { method: 'POST' };

describe('recovery', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let manager: RunningManager;
  let vera: WorldUser;
  let port: number;
  let leaky: number;

  before(async () => {
    [port, leaky] = await Promise.all([freePort(), freePort()]);
    const stand = (at: number) => ({ command: [process.execPath, shopBot, '--port', String(at)], max_restarts: 20 });
    const count = (name: string, then: string) => ['sh', '-c', `echo start >> ${name}.starts; ${then}`];
    ({ telegram, home, vera } = await stage.set({
      services: {
        frozen: {
          ...stand(port),
          title: 'Frozen bot',
          health_check_retries: 2,
          checks: [{ type: 'http', url: `http://127.0.0.1:${port}/health` }],
        },
        leaky: { ...stand(leaky), title: 'Leaky bot', max_memory: '150mb' },
        looping: { title: 'Looping bot', command: count('looping', 'exit 3'), max_restarts: 2, restart_delay: 0 },
        absent: { title: 'Absent bot', command: ['/no/such/program'] },
        needs: { title: 'Needy bot', command: count('needs', 'sleep 1000'), depends_on: ['absent'] },
        drawn: { title: 'Drawn bot', command: count('drawn', 'sleep 0.2; exit 4'), depends_on: ['looping'] },
      },
      // Each in a message of its own, with all of what was done about it.
      monitoring: { alerts: { group_window: 0 } },
    }));
    manager = await stage.run();
    stage.atEnd(() => stage.type('stop', '--all'));
  });

  const starts = async (name: string) =>
    (await readFile(join(home.folder, `${name}.starts`), 'utf8').catch(() => '')).split('\n').filter(Boolean).length;

  it('what depends on a service that is down is not started against it', async () => {
    assert.equal(await starts('needs'), 0);
    const status = await stage.type('status', '--json');
    assert.match(status.text, /held-dependency/);
  });

  it('what depends on a crash loop is not drawn into it', async () => {
    await until(async () =>
      /"name": ?"drawn"[^}]*"state": ?"backing-off"/s.test((await stage.type('status', '--json')).text),
    );
    const began = await starts('drawn');
    assert.ok(began <= 2, `${began} starts`);
  });

  it('what does not answer any more is told, restarted, and told to be back', async () => {
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/health`)
        .then((answer) => answer.ok)
        .catch(() => false);
    await until(answers, 'the service to answer');
    await fetch(`http://127.0.0.1:${port}/do/error`, POST);
    const alert = await telegram.waitForMessage(vera.id, /Frozen bot.*500/s, { timeoutMs: 15_000 });
    const back = await telegram.waitForMessage(vera.id, (message) => message.replyTo === alert.id, {
      timeoutMs: 20_000,
    });
    assert.match(back.text, /Frozen bot/);
    const now = vera.messages().find((message) => message.id === alert.id);
    assert.match(now?.text ?? '', /restarting it/);
  });

  it('what takes more memory than it may for three samples is restarted', async () => {
    await until(
      () =>
        fetch(`http://127.0.0.1:${leaky}/health`)
          .then((a) => a.ok)
          .catch(() => false),
      'the service to answer',
    );
    await fetch(`http://127.0.0.1:${leaky}/do/leak?mb=200`, POST);
    await telegram.waitForMessage(vera.id, /Leaky bot.*takes \d+ MB/s, { timeoutMs: 20_000 });
    await until(() => /"service":"leaky","from":"stopping","to":"starting"/.test(manager.output()), 'its restart');
  });
});

describe('a crash loop', () => {
  const stage = makeStage();

  it('ends in failed, with one critical alert that names it and offers Start again', async () => {
    const command = ['sh', '-c', 'echo start >> starts; exit 3'];
    const looping = { title: 'Looping bot', command, max_restarts: 2, restart_delay: 0 };
    const { telegram, home, vera } = await stage.set({ services: { looping } });
    await stage.run();
    const alert = await telegram.waitForMessage(vera.id, /Looping bot.*crash loop: 3 exits/s);
    assert.match(alert.text, /exit code 3/);
    assert.ok(
      alert.buttons.flat().some((button) => /Start/.test(button)),
      String(alert.buttons),
    );
    assert.equal(await readFile(join(home.folder, 'starts'), 'utf8'), 'start\n'.repeat(3));
  });
});

describe('a start that cannot work', () => {
  const stage = makeStage();

  it('is failed at once, not a loop, when the command does not exist', async () => {
    const missing = { title: 'Missing bot', command: ['/no/such/program'] };
    const { telegram, vera } = await stage.set({ services: { missing } });
    await stage.run();
    const alert = await telegram.waitForMessage(vera.id, /Missing bot/);
    assert.match(alert.text, /command not found: \/no\/such\/program/i);
    const status = await stage.type('status', '--json');
    assert.match(status.text, /"name": ?"missing"[^}]*"state": ?"failed"/s);
  });
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { freePort } from '../world/free-port.ts';
import { pidsBelow, until } from '../world/manager.ts';
import { makeStage } from './stage.ts';

const SERVICE = ['sh', '-c', 'while :; do echo alive; sleep 1; done'];
const HTTP_TOKEN = 'the-token-of-this-test-0123456789';

describe('the numbers of a real service', () => {
  const stage = makeStage();

  it('become a photo in the chat, points over HTTP, and blocks in a terminal; a kill -9 keeps them', async () => {
    const port = await freePort();
    const file = {
      services: { bot: { title: 'Shop bot', command: SERVICE, health_check_interval: '1s' } },
      http: { host: '127.0.0.1', port },
    };
    const { telegram, home, vera } = await stage.set(file, { env: { HTTP_TOKEN }, language: 'ru', started: false });
    const manager = await stage.run();
    const points = async () => {
      const url = `http://127.0.0.1:${port}/api/metrics/history?service=bot&metric=memory&from=1h`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${HTTP_TOKEN}` } }).catch(() => null);
      const body: { points?: { last: number }[] } = answer?.ok ? Object(await answer.json()) : {};
      return body.points ?? [];
    };
    await until(async () => (await points()).length >= 2, 'two points, so one that is written');
    assert.ok((await points()).every(({ last }) => last > 100_000));

    vera.start();
    await telegram.waitForMessage(vera.id, /bot/);
    vera.sends('/metrics bot 1h');
    const sent = await telegram.waitForMessage(vera.id, /^Shop bot, 1 ч$/, { timeoutMs: 20_000 });
    assert.deepEqual([sent.photo?.width, sent.photo?.height], [1600, 1000]);

    const typed = await stage.type('metrics', 'bot', '--range', '1h');
    assert.equal(typed.code, 0);
    assert.match(typed.text, /bot +CPU +[▁▂▃▄▅▆▇█ ]+/);
    assert.match(typed.text, /Memory +[▁▂▃▄▅▆▇█ ]+ +[\d.]+ [KM]B/);

    const written = (await points()).length;
    const drawers = async () => {
      const lines = (await pidsBelow(home.folder)).map((pid) =>
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      );
      return (await Promise.all(lines)).filter((line) => line.includes('chart-worker'));
    };
    assert.equal((await drawers()).length, 1);
    manager.kill('SIGKILL');
    await manager.exited;
    await until(async () => (await drawers()).length === 0, 'the end of the one that draws');
    await stage.run();
    await until(async () => (await points()).length >= written - 1, 'the points from before the kill');
  });
});

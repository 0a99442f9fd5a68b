import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { freePort } from '../world/free-port.ts';
import { environment, makeHome, orbit, pidsBelow, runManager, TOKEN, until, VERA } from '../world/manager.ts';
import { startTelegram } from '../world/telegram/server.ts';

const SERVICE = ['sh', '-c', 'while :; do echo alive; sleep 1; done'];
const HTTP_TOKEN = 'the-token-of-this-test-0123456789';

describe('the numbers of a real service', () => {
  it('become a photo in the chat, points over HTTP, and blocks in a terminal; a kill -9 keeps them', async (test) => {
    const telegram = await startTelegram({ token: TOKEN });
    const port = await freePort();
    const home = await makeHome({
      services: { bot: { title: 'Shop bot', command: SERVICE, health_check_interval: '1s' } },
      http: { host: '127.0.0.1', port },
    });
    const env = { HTTP_TOKEN };
    let manager = await runManager(home, telegram.apiRoot, env);
    test.after(async () => {
      manager.kill('SIGKILL');
      await manager.exited;
      await home.remove();
      await telegram.stop();
    });
    const points = async () => {
      const url = `http://127.0.0.1:${port}/api/metrics/history?service=bot&metric=memory&from=1h`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${HTTP_TOKEN}` } }).catch(() => null);
      const body: { points?: { last: number }[] } = answer?.ok ? Object(await answer.json()) : {};
      return body.points ?? [];
    };
    await until(async () => (await points()).length >= 2, 'two points, so one that is written');
    assert.ok((await points()).every(({ last }) => last > 100_000));

    const vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'ru' });
    vera.start();
    await telegram.waitForMessage(vera.id, /bot/);
    vera.sends('/metrics bot 1h');
    const sent = await telegram.waitForMessage(vera.id, /^Shop bot, 1 ч$/, { timeoutMs: 20_000 });
    assert.deepEqual([sent.photo?.width, sent.photo?.height], [1600, 1000]);

    const typed = orbit(home, environment(home, telegram.apiRoot, env), 'metrics', 'bot', '--range', '1h');
    assert.equal((await typed.exited).code, 0);
    assert.match(typed.output(), /bot +CPU +[▁▂▃▄▅▆▇█ ]+/);
    assert.match(typed.output(), /Memory +[▁▂▃▄▅▆▇█ ]+ +[\d.]+ [KM]B/);

    const written = (await points()).length;
    const drawers = async () => {
      const lines = (await pidsBelow(home.folder)).map((pid) =>
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      );
      return (await Promise.all(lines)).filter((line) => line.includes('charts/worker'));
    };
    assert.equal((await drawers()).length, 1);
    manager.kill('SIGKILL');
    await manager.exited;
    await until(async () => (await drawers()).length === 0, 'the end of the one that draws');
    manager = await runManager(home, telegram.apiRoot, env);
    await until(async () => (await points()).length >= written - 1, 'the points from before the kill');
  });
});

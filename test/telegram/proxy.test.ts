import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Api } from 'grammy';
import { createClient } from '../../src/telegram/client.ts';
import { classify } from '../../src/telegram/errors.ts';
import { startTelegram } from '../world/telegram/server.ts';
import { startConnectProxy, startSocksProxy } from './proxy-server.ts';
import { setStage, token } from './stage.ts';

async function failureOf(apiRoot: string, proxy: string, t: TestContext) {
  const client = createClient({ apiRoot, proxy }, 3_000);
  t.after(() => client.hangUp());
  const error: unknown = await new Api(token, client.options).getMe().then(
    () => assert.fail('it got through'),
    (failed: unknown) => failed,
  );
  return classify(error);
}

test('everything goes through a SOCKS5 proxy, which resolves the names when asked to', async (t) => {
  const proxy = await startSocksProxy({ 'telegram.test': '127.0.0.1' });
  t.after(() => proxy.close());
  const world = await startTelegram({ token });
  t.after(() => world.stop());
  const stage = await setStage(t, {
    world,
    telegram: { apiRoot: `http://telegram.test:${world.port}`, proxy: `socks5h://127.0.0.1:${proxy.port}` },
  });
  stage.control.add('a');
  await stage.heard();
  const vera = world.user({ id: 7 });
  vera.start();
  const menu = await world.waitForMessage(vera, /as of/);
  assert.notEqual(await vera.taps(menu, 'Refresh'), null);
  assert.equal((await stage.telegram.transport.send({ chat: '7', topic: null }, plain('x'))).outcome, 'sent');
  assert.ok(proxy.asked.length >= 2);
  assert.ok(proxy.asked.every((where) => where === `telegram.test:${world.port}`));
});

test('everything goes through a tunnel of an HTTP proxy, also to a root without TLS', async (t) => {
  const proxy = await startConnectProxy();
  t.after(() => proxy.close());
  const stage = await setStage(t, { telegram: { proxy: `http://127.0.0.1:${proxy.port}` } });
  stage.control.add('a');
  await stage.heard();
  const vera = stage.world.user({ id: 7 });
  vera.start();
  await stage.world.waitForMessage(vera, /as of/);
  assert.ok(proxy.asked.length >= 1);
  assert.ok(proxy.asked.every((where) => where === `127.0.0.1:${stage.world.port}`));
});

const plain = (text: string) => ({ text, buttons: [], silent: false, replyTo: null });

test('a proxy that refuses is said so, and nothing has arrived', async (t) => {
  const proxy = await startConnectProxy(407);
  t.after(() => proxy.close());
  for (const root of ['http://127.0.0.1:9', 'https://127.0.0.1:9']) {
    const failure = await failureOf(root, `http://127.0.0.1:${proxy.port}`, t);
    assert.deepEqual(failure, { kind: 'network', arrived: false, detail: 'proxy: answered 407' });
  }
});

test('a proxy that is not there is said so without its password', async (t) => {
  const proxy = await startSocksProxy();
  await proxy.close();
  for (const scheme of ['socks5', 'socks5h', 'http']) {
    const failure = await failureOf('http://127.0.0.1:9', `${scheme}://user:hunter2@127.0.0.1:${proxy.port}`, t);
    assert.ok(failure?.kind === 'network' && !failure.arrived, scheme);
    assert.match(failure.detail, /^proxy: .*ECONNREFUSED/);
    assert.doesNotMatch(JSON.stringify(failure), /hunter2|AAHk/);
  }
});

test('a connection that never comes up is given up as undelivered', { timeout: 20_000 }, async (t) => {
  // Takes connections and says nothing: for TLS that is as good as a line that is cut.
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
  const address = mute.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client = createClient({ apiRoot: `https://127.0.0.1:${port}`, proxy: null }, 15_000, 200);
  t.after(() => client.hangUp());
  const failed: unknown = await new Api(token, client.options).getMe().catch((error: unknown) => error);
  assert.deepEqual(classify(failed), { kind: 'network', arrived: false, detail: 'timed out while connecting' });
});

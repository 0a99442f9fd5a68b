import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, it } from 'node:test';
import type { Check } from '../../src/checks/check.ts';
import { behindLink, createLink } from '../../src/checks/link.ts';
import { hostOfUrl, isRemote, remoteHostOf } from '../../src/checks/remote.ts';
import type { CheckConfig } from '../../src/config/schema.ts';
import type { CheckResult } from '../../src/core/health.ts';
import { type Anchor, isDown, isSurelyDown } from '../../src/core/link.ts';
import { freePort } from '../world/free-port.ts';
import { ask, found } from './asking.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await close(server);
});

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}

/** A socket that takes connections, and how many it took. */
async function anchorAt(port = 0): Promise<{ anchor: Anchor; server: Server; taken: () => number }> {
  let taken = 0;
  const server = createServer((socket) => {
    taken += 1;
    socket.on('error', () => undefined).resume();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const { port: real } = server.address() as AddressInfo;
  return { anchor: { host: '127.0.0.1', port: real }, server, taken: () => taken };
}

/** A link on a clock of the test's own. */
function linkTo(anchors: readonly Anchor[], answeredAt: number | null = null) {
  const world = { now: 1_000_000, saved: answeredAt };
  const memory = {
    load: () => world.saved,
    save(at: number) {
      world.saved = at;
    },
  };
  return { world, link: createLink({ anchors, memory, clock: () => world.now }) };
}

describe('the own link', () => {
  it('is up while one of the anchors answers', async () => {
    const [dead, alive] = [{ host: '127.0.0.1', port: await freePort() }, await anchorAt()];
    const { link, world } = linkTo([dead, alive.anchor]);
    assert.equal(await link.isDown(), false);
    assert.equal(world.saved, world.now, 'and is remembered to have been');
  });

  it('is down when none answers, and up again with the first that does', async () => {
    const { anchor, server } = await anchorAt();
    const { link, world } = linkTo([anchor]);
    await link.isDown();
    await close(server);
    world.now += 10_000;
    assert.equal(await link.isDown(), true);
    assert.equal(isSurelyDown(link.view()), false, 'one round may be lost');
    world.now += 10_000;
    assert.equal(await link.isDown(), true);
    assert.ok(isSurelyDown(link.view()));
    assert.equal(link.view().silentSince, 1_010_000);
    await anchorAt(anchor.port);
    world.now += 10_000;
    assert.equal(await link.isDown(), false);
    assert.equal(isDown(link.view()), false);
  });

  it('is not thought to be down by anchors that never answered: they may be blocked', async () => {
    const { link, world } = linkTo([{ host: '127.0.0.1', port: await freePort() }]);
    for (let round = 0; round < 5; round++) {
      assert.equal(await link.isDown(), false);
      world.now += 10_000;
    }
  });

  it('is known to be down also by a manager that was started meanwhile', async () => {
    const { link } = linkTo([{ host: '127.0.0.1', port: await freePort() }], 5000);
    assert.equal(await link.isDown(), true);
  });

  it('is asked for once by all who ask at the same time, and not again within a moment', async () => {
    const { anchor, taken } = await anchorAt();
    const { link, world } = linkTo([anchor]);
    await Promise.all(Array.from({ length: 30 }, () => link.isDown()));
    await link.isDown();
    assert.equal(taken(), 1);
    world.now += 6000;
    await link.isDown();
    assert.equal(taken(), 2);
  });

  it('is never down without anchors', async () => {
    assert.equal(await linkTo([], 5000).link.isDown(), false);
  });
});

describe('a remote check', () => {
  const saying = (result: CheckResult, kind = 'http'): Check => ({
    ...{ id: 'http', kind },
    run: async () => result,
    close: async () => undefined,
  });
  const failed: CheckResult = {
    verdict: 'unhealthy',
    reason: { code: 'net-timeout', args: { address: 'a:1' } },
    metrics: [],
  };
  const fine: CheckResult = { verdict: 'healthy', reason: null, metrics: [] };

  it('is unknown, with the reason, when it fails while the host has no network', async () => {
    const { link } = linkTo([{ host: '127.0.0.1', port: await freePort() }], 5000);
    assert.equal(found(await ask(behindLink(saying(failed), link))), 'unknown own-link-down');
    assert.equal(found(await ask(behindLink(saying(fine), link))), 'healthy', 'what answers, answers');
    assert.equal(found(await ask(behindLink(saying(failed), link, () => false))), 'unhealthy net-timeout', 'here');
  });

  it('is what it is while the host has a network', async () => {
    const { anchor } = await anchorAt();
    const { link } = linkTo([anchor]);
    assert.equal(found(await ask(behindLink(saying(failed), link))), 'unhealthy net-timeout');
  });

  it('does not ask the anchors while it is well', async () => {
    const { anchor, taken } = await anchorAt();
    const { link } = linkTo([anchor]);
    await ask(behindLink(saying(fine), link));
    assert.equal(taken(), 0);
  });

  it('of the panels is unknown although what is remembered of them is good', async () => {
    const { link } = linkTo([{ host: '127.0.0.1', port: await freePort() }], 5000);
    const panel = behindLink(saying(fine, 'panel'), link);
    assert.equal(found(await ask(panel)), 'healthy');
    await link.isDown();
    assert.equal(found(await ask(panel)), 'unknown own-link-down');
  });

  it('keeps what else a check can do', () => {
    const { link } = linkTo([]);
    const rich = { ...saying(fine), details: () => 42 };
    assert.equal(behindLink(rich, link).details(), 42);
  });
});

describe('what is remote', () => {
  const config = (more: object) => more as CheckConfig;

  it('is not this host: by its name, its loopback, its own addresses, a socket', () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
    for (const host of ['localhost', 'LOCALHOST', 'bot.localhost', '127.0.0.1', '127.1.2.3', '::1', '0.0.0.0', ...own])
      assert.equal(isRemote(host), false, host);
    for (const host of ['example.com', '192.0.2.1', '2001:db8::1']) assert.equal(isRemote(host), true, host);
  });

  it('is read from each kind of check', () => {
    const hosts = [
      { type: 'http', url: 'https://shop.example.com/health' },
      { type: 'http', url: 'http://127.0.0.1:5000/' },
      { type: 'tcp', host: '192.0.2.1', port: 1 },
      { type: 'tls', host: 'localhost', port: 443 },
      { type: 'dns', name: 'shop.example.com', server: null },
      { type: 'dns', name: 'a.example.com', server: '127.0.0.1:53' },
      { type: 'redis', url: 'redis://:p%40ss@cache.example.com:6379/0' },
      { type: 'redis', url: 'unix:///run/redis.sock' },
      { type: 'postgres', url: 'postgresql+asyncpg://bot:secret@[2001:db8::5]:5432/shop' },
      { type: 'postgres', url: 'postgresql:///shop' },
      { type: 'command', command: ['curl'] },
      { type: 'log' },
    ].map((each) => remoteHostOf(config(each)));
    assert.deepEqual(hosts, [
      ...['shop.example.com', null, '192.0.2.1', null, 'shop.example.com', '127.0.0.1:53'],
      ...['cache.example.com', null, '2001:db8::5', null, null, null],
    ]);
    assert.equal(hostOfUrl('redis://user:a@b@c.example.com'), 'c.example.com');
  });
});

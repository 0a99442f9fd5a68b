import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { before, it } from 'node:test';
import { dnsTypes, startDns } from '../world/dns.ts';
import { until, VERA } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const stage = makeStage();
let telegram: TelegramWorld;
let vera: WorldUser;
let anchor: Server;
let port = 0;
/** Connections that the anchor took. */
let taken = 0;
/** Whether the name server, which stands for all that is beyond this host, answers. */
let world = true;

async function listen(): Promise<void> {
  anchor = createServer((socket) => {
    taken += 1;
    socket.on('error', () => undefined).resume();
  });
  anchor.listen(port, '127.0.0.1');
  await once(anchor, 'listening');
  port = (anchor.address() as AddressInfo).port;
}

before(async () => {
  stage.atEnd(() => anchor?.close());
  await listen();
  const dns = await startDns(() =>
    world ? { type: dnsTypes.A, records: [Buffer.from([203, 0, 113, 7])] } : { rcode: 2 },
  );
  stage.atEnd(() => dns.close());
  const lookup = (name: string) => ({ driver: 'external', checks: [{ type: 'dns', name, server: dns.address }] });
  ({ telegram, vera } = await stage.set({
    services: { shop: lookup('shop.example.com'), panel: lookup('panel.example.com') },
    monitoring: { link_anchors: [`127.0.0.1:${port}`] },
  }));
  await stage.start();
});

const saw = (what: RegExp) => telegram.waitForMessage(VERA, what);

it('uptime-kuma#774: without a network of its own the host says so, once, and blames nobody', async () => {
  await until(() => taken > 0, 'a first look at the anchor');
  anchor.close();
  world = false;
  await saw(/This host has no network/);
  const mine = vera.messages().filter(({ text, fromBot }) => fromBot && /shop|panel/.test(text));
  assert.deepEqual(mine, []);
  world = true;
  await listen();
  await saw(/has its network back/);
  world = false;
  // One by one, or both in one message.
  await saw(/(shop|panel) is not healthy|(shop|panel): the name server/);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, it } from 'node:test';
import { type App, startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/logger.ts';
import { dnsTypes, startDns } from '../world/dns.ts';
import { environment, type Home, makeHome, TOKEN, until, VERA } from '../world/manager.ts';
import { startTelegram, type TelegramWorld, type WorldUser } from '../world/telegram/server.ts';

let telegram: TelegramWorld;
let home: Home;
let app: App | null = null;
let vera: WorldUser;
let anchor: Server;
let port = 0;
/** Connections that the anchor took. */
let taken = 0;
/** Whether the name server, which stands for all that is beyond this host, answers. */
let world = true;
let dns: Awaited<ReturnType<typeof startDns>>;
const ahead = 0;

async function listen(): Promise<void> {
  anchor = createServer((socket) => {
    taken += 1;
    socket.on('error', () => undefined).resume();
  });
  anchor.listen(port, '127.0.0.1');
  await once(anchor, 'listening');
  port = (anchor.address() as AddressInfo).port;
}

async function start(): Promise<App> {
  const env = environment(home, telegram.apiRoot);
  const read = () => loadConfig({ path: home.config, env });
  const loaded = read();
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const log = createLogger({ level: 'fatal', format: 'json', to: { write: () => undefined } });
  return startApp(loaded.config, { log, version: '0', read, clock: () => Date.now() + ahead });
}

before(async () => {
  telegram = await startTelegram({ token: TOKEN });
  await listen();
  dns = await startDns(() => (world ? { type: dnsTypes.A, records: [Buffer.from([203, 0, 113, 7])] } : { rcode: 2 }));
  const lookup = (name: string) => ({ driver: 'external', checks: [{ type: 'dns', name, server: dns.address }] });
  home = await makeHome({
    services: { shop: lookup('shop.example.com'), panel: lookup('panel.example.com') },
    monitoring: { link_anchors: [`127.0.0.1:${port}`] },
  });
  vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' });
  vera.start();
  app = await start();
});

after(async () => {
  await app?.stop('the test is over');
  anchor.close();
  await dns.close();
  await home.remove();
  await telegram.stop();
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

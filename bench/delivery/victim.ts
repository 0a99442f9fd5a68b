/**
 * What bench/delivery/kills.ts kills: opens, takes on and ends incidents as fast as it can, and tells Telegram.
 * `<folder> <api root> <token> <chat> <name of this life | drain>`; with `drain` it only delivers what is left.
 */
import { Api } from 'grammy';
import { openStore } from '../../src/store/database.ts';
import { createTransport } from '../../src/telegram/transport.ts';
import { makeParts } from '../../test/world/delivery.ts';

const [folder = '', apiRoot = '', token = '', chat = '', life = ''] = process.argv.slice(2);
const store = openStore(folder);
const api = new Api(token, { apiRoot, timeoutSeconds: 5 });
const transport = createTransport({ api, clock: Date.now, onUnauthorized: () => undefined });
const { ledger, outbox, table, down, up } = makeParts({ store, transport, chats: [chat], clock: Date.now });
console.log('ready');
outbox.kick();

if (life === 'drain') {
  for (const { service } of ledger.open().slice(5)) up(service);
  while (table.waiting().waiting > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await outbox.stop(5000);
  store.close();
} else {
  for (let i = 0; ; i += 1) {
    down(`${life}x${i}e`);
    const open = ledger.open();
    const one = open[Math.floor(Math.random() * open.length)];
    if (one !== undefined && Math.random() < 0.3) ledger.acknowledge([one.id], 'Vera');
    const other = open[Math.floor(Math.random() * open.length)];
    if (other !== undefined && Math.random() < 0.7) up(other.service);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from 'grammy';
import { openStore } from '../../src/store/database.ts';
import { createTransport } from '../../src/telegram/transport.ts';
import { makeParts } from '../../test/world/delivery.ts';
import { startTelegram } from '../../test/world/telegram/server.ts';
import { callsTo, line, people, soon, token, tooMany } from './world.ts';

/** 200 services die within one second, on real time. */
export async function storm(): Promise<void> {
  const telegram = await startTelegram({ token, limits: 'real' });
  const { chats, users } = people(telegram);
  const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
  const store = openStore(folder);
  const api = new Api(token, { apiRoot: telegram.apiRoot });
  const transport = createTransport({ api, clock: Date.now, onUnauthorized: () => undefined });
  const { outbox, table, down } = makeParts({ store, transport, chats, clock: Date.now });
  const names = Array.from({ length: 200 }, (_, i) => `service-${i}-end`);
  const start = Date.now();
  let first = 0;
  const stopListening = telegram.listen((event) => {
    if (first === 0 && event.kind !== 'network' && telegram.callsOf('sendMessage').length > 0)
      first = Date.now() - start;
  });
  for (const [i, name] of names.entries()) {
    while (Date.now() - start < i * 5) await soon();
    down(name);
    await soon();
  }
  while (table.waiting().waiting > 0 && Date.now() - start < 60_000) await new Promise((r) => setTimeout(r, 20));
  const took = Date.now() - start;
  const texts = users[0]?.messages().filter((message) => message.fromBot) ?? [];
  const shown = texts.map(({ text }) => text).join('\n');
  line('200 die in 1 s: first message after', `${first} ms`);
  line(
    '  new messages per chat (private, private, private, group)',
    chats.map((chat) => callsTo(telegram, 'sendMessage', chat).length).join(', '),
  );
  line('  edits per chat', chats.map((chat) => callsTo(telegram, 'editMessageText', chat).length).join(', '));
  line('  named of 200', String(names.filter((name) => shown.includes(name)).length));
  line('  longest text', `${Math.max(...texts.map(({ text }) => text.length))} of 4096`);
  line('  all told after, 429s', `${(took / 1000).toFixed(1)} s, ${tooMany(telegram)}`);
  stopListening();
  await outbox.stop(1000);
  store.close();
  rmSync(folder, { recursive: true });
  await telegram.stop();
}

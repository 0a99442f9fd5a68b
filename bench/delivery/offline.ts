import { Api } from 'grammy';
import { openStore } from '../../src/store/database.ts';
import { createTransport } from '../../src/telegram/transport.ts';
import { makeParts } from '../../test/world/delivery.ts';
import { startTelegram } from '../../test/world/telegram/server.ts';
import { callsTo, line, people, START, soon, token, tooMany } from './world.ts';

/** An hour without Telegram on a simulated clock: 500 transitions of 100 services. */
export async function offline(): Promise<void> {
  const time = { now: START };
  const clock = () => time.now;
  const telegram = await startTelegram({ token, limits: 'real', clock });
  const { chats } = people(telegram);
  const store = openStore(':memory:');
  const api = new Api(token, { apiRoot: telegram.apiRoot });
  const transport = createTransport({ api, clock, onUnauthorized: () => undefined });
  const { outbox, table, ledger, incidents, down, up } = makeParts({ store, transport, chats, clock });
  const state = new Map(Array.from({ length: 100 }, (_, i) => [`svc-${i}-end`, true]));
  const step = async (ms: number) => {
    time.now += ms;
    ledger.tick();
    outbox.kick();
    // What is under way has real answers to wait for.
    const until = Date.now() + 15;
    while (Date.now() < until) await soon();
  };
  await telegram.goOffline();
  for (let i = 0; i < 500; i += 1) {
    const names = [...state.keys()];
    const name = names[(i * 7) % names.length] ?? '';
    const well = state.get(name) ?? true;
    if (well) down(name);
    else up(name);
    state.set(name, !well);
    await step(7200);
  }
  await telegram.goOnline();
  outbox.reachable();
  const back = time.now;
  const before = telegram.calls.length;
  while (table.waiting().waiting > 0 && time.now - back < 3600_000) await step(250);
  const sent = chats.map((chat) => callsTo(telegram, 'sendMessage', chat).length);
  const chat = chats[0] ?? '';
  const own = telegram
    .user({ id: Number(chat) })
    .messages()
    .filter((message) => message.fromBot);
  const heads = own.filter(({ replyTo }) => replyTo === null);
  const allIncidents = [...ledger.open(), ...incidents.past(time.now + 1, 1000)];
  const wrong = allIncidents.filter(({ id, service, resolvedAt }) => {
    const copy = table.copy(id, chat);
    const text = own.find((message) => message.id === copy?.message)?.text;
    return text === undefined || !text.includes(service) || (resolvedAt === null && !text.includes('problem'));
  });
  const openShown = ledger.open().filter(({ service }) => heads.some(({ text }) => text.includes(service))).length;
  line(
    '1 h without Telegram, 500 transitions: incidents, open at the end',
    `${allIncidents.length}, ${ledger.open().length}`,
  );
  line('  final states wrong or missing; open ones shown', `${wrong.length}; ${openShown}`);
  line('  messages needed per chat', sent.join(', '));
  line('  edits, 429s', `${telegram.callsOf('editMessageText').length}, ${tooMany(telegram)}`);
  line(
    '  time until all was told',
    `${((time.now - back) / 1000).toFixed(1)} s (${telegram.calls.length - before} calls)`,
  );
  line('  the same message twice', String(heads.length - new Set(heads.map(({ text }) => text)).size));
  await outbox.stop(0);
  await telegram.stop();
}

/**
 * Whether alerts arrive: storms, an hour without Telegram, a day of flapping, a million transitions, and a manager that
 * is killed again and again. Ledger and outbox are the manager's own, Telegram is the simulated one with its limits.
 *
 *   node --import tsx --expose-gc bench/delivery.ts [kills] [transitions]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from 'grammy';
import type { Message, Transport } from '../src/outbox/transport.ts';
import { openStore } from '../src/store/database.ts';
import { createTransport } from '../src/telegram/transport.ts';
import { makeParts } from '../test/world/delivery.ts';
import { startTelegram, type TelegramWorld } from '../test/world/telegram/server.ts';

const kills = Number(process.argv[2] ?? 100);
const transitions = Number(process.argv[3] ?? 1_000_000);
const token = '1000000001:test-token-of-the-simulated-telegram';
const lines: string[] = [];
const line = (name: string, value: string) => {
  lines.push(`${name.padEnd(64)} ${value}`);
  console.error(lines.at(-1));
};
const soon = () => new Promise((resolve) => setImmediate(resolve));

function people(telegram: TelegramWorld) {
  const users = [11, 12, 13].map((id) => telegram.user({ id, first_name: `U${id}`, language_code: 'en' }));
  for (const user of users) user.start();
  const group = telegram.group({ id: -1001, title: 'Ops', members: users });
  return { users, chats: [...users.map(({ id }) => String(id)), String(group.id)] };
}

const tooMany = (telegram: TelegramWorld) => telegram.calls.filter(({ status }) => status === 429).length;
const callsTo = (telegram: TelegramWorld, method: string, chat: string) =>
  telegram.callsOf(method).filter((call) => call.status === 200 && String(call.params.chat_id) === chat);

/** 200 services die within one second, on real time. */
async function storm(): Promise<void> {
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

/** An hour without Telegram on a simulated clock: 500 transitions of 37 services. */
async function offline(): Promise<void> {
  const time = { now: 1_700_000_000_000 };
  const clock = () => time.now;
  const telegram = await startTelegram({ token, limits: 'real', clock });
  const { chats } = people(telegram);
  const store = openStore(':memory:');
  const api = new Api(token, { apiRoot: telegram.apiRoot });
  const transport = createTransport({ api, clock, onUnauthorized: () => undefined });
  const { outbox, table, ledger, incidents, down, up } = makeParts({ store, transport, chats, clock });
  const state = new Map(Array.from({ length: 37 }, (_, i) => [`svc-${i}-end`, true]));
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

/** A transport that takes everything, and counts. */
function sink() {
  const count = { sends: 0, sounding: 0, edits: 0 };
  let id = 0;
  const transport: Transport = {
    async send(_to, message: Message) {
      id += 1;
      count.sends += 1;
      if (!message.silent) count.sounding += 1;
      return { outcome: 'sent', messageId: id };
    },
    async edit(_to, messageId) {
      count.edits += 1;
      return { outcome: 'sent', messageId };
    },
  };
  return { count, transport };
}

async function day(every: number, name: string): Promise<void> {
  const time = { now: 1_700_000_000_000 };
  const { count, transport } = sink();
  const store = openStore(':memory:');
  const { ledger, outbox, down, up } = makeParts({ store, transport, chats: ['11'], clock: () => time.now });
  const end = time.now + 24 * 3600_000;
  let changes = 0;
  for (let second = 0; time.now < end; second += 1, time.now += 1000) {
    if (second % every === 0) {
      changes += 1;
      if (changes % 2 === 1) down('bot');
      else up('bot');
    }
    ledger.tick();
    if (second % 5 === 0) outbox.kick();
    await soon();
  }
  line(name, `${changes} changes: ${count.sends} messages (${count.sounding} sounding), ${count.edits} edits`);
  await outbox.stop(0);
}

/** Transitions on a simulated clock, what is old is forgotten as in life, only sooner. */
async function memory(): Promise<void> {
  const time = { now: 1_700_000_000_000 };
  const { transport } = sink();
  const store = openStore(':memory:');
  const { ledger, outbox, table, incidents, down, up } = makeParts({
    store,
    transport,
    chats: ['11', '12'],
    clock: () => time.now,
  });
  const rss: string[] = [];
  const tenth = Math.floor(transitions / 10);
  const start = Date.now();
  for (let i = 1; i <= transitions; i += 1) {
    const name = `svc-${Math.floor(i / 2) % 500}`;
    if (i % 2 === 1) down(name);
    else up(name);
    if (i % 10 === 0) {
      time.now += 1000;
      ledger.tick();
      await soon();
    }
    if (i % 10_000 === 0) {
      table.prune(time.now - 600_000);
      incidents.prune(time.now - 600_000);
    }
    if (i % tenth === 0) {
      globalThis.gc?.();
      rss.push(String(Math.round(process.memoryUsage().rss / 1024 / 1024)));
    }
  }
  const perSecond = Math.round((transitions / (Date.now() - start)) * 1000);
  line(`${transitions} transitions (${perSecond}/s): MB resident at each tenth`, rss.join(' '));
  await outbox.stop(0);
}

/** SIGKILL at random points; then everything that was written has to have been told, once, and as it ended. */
async function killing(): Promise<void> {
  const telegram = await startTelegram({ token });
  const vera = telegram.user({ id: 11, first_name: 'Vera' });
  vera.start();
  const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
  const run = (life: string) =>
    spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        new URL('delivery-victim.ts', import.meta.url).pathname,
        folder,
        telegram.apiRoot,
        token,
        '11',
        life,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  for (let i = 0; i < kills; i += 1) {
    const child = run(`k${i}`);
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 700));
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await once(run('drain'), 'exit');
  const store = openStore(folder);
  const { incidents, table } = makeParts({ store, transport: sink().transport, chats: [], clock: Date.now });
  const open = incidents.open();
  const all = [...open, ...incidents.past(Date.now() + 1, 1_000_000)];
  const messages = vera.messages().filter((message) => message.fromBot);
  // The short answer at the end names it, too; an answer that repeats an alert does not count as one.
  const answer = / is back after |All \d+ problems are over|\d+ problem is over/;
  const shows = (service: string) =>
    messages.filter(({ text, replyTo }) => text.includes(service) && !(replyTo !== null && answer.test(text)));
  const lost = all.filter(({ service }) => shows(service).length === 0);
  const twice = all.filter(({ service }) => shows(service).length > 1);
  const zombies = all.filter(({ id, service, resolvedAt }) => {
    const text = messages.find((message) => message.id === table.copy(id, '11')?.message)?.text ?? '';
    const own = text.split('\n').find((each) => each.includes(service)) ?? '';
    const over =
      own.includes('✅') || own.includes('over') || text.startsWith('✅') || new RegExp(`✅ ${service}`).test(text);
    return (resolvedAt !== null) !== over;
  });
  // As it was sent: a later edit takes the mark away.
  const sent = telegram.callsOf('sendMessage').map(({ params }) => String(params.text));
  const marks = sent.filter((text) => text.includes('got this already'));
  const unmarked = twice.filter(({ service }) => !marks.some((text) => text.includes(service)));
  line(`${kills} SIGKILLs: incidents written, messages`, `${all.length}, ${messages.length}`);
  line('  lost', String(lost.length));
  line('  told twice (killed between accepted and written); of these unmarked', `${twice.length}; ${unmarked.length}`);
  line(
    '  zombies (shown otherwise than they ended); two open of one key',
    `${zombies.length}; ${open.length - new Set(open.map(({ key }) => key)).size}`,
  );
  store.close();
  rmSync(folder, { recursive: true });
  await telegram.stop();
}

const wanted = process.env.ONLY?.split(',') ?? ['storm', 'offline', 'day', 'killing', 'memory'];
if (wanted.includes('storm')) await storm();
if (wanted.includes('offline')) await offline();
if (wanted.includes('day')) {
  await day(20, '24 h of flapping, a change every 20 s');
  await day(150, '24 h up and down, a change every 150 s');
}
if (wanted.includes('killing')) await killing();
if (wanted.includes('memory')) await memory();
console.log(lines.join('\n'));

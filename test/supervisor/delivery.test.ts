import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import type { Incident, IncidentInput } from '../../src/core/incident.ts';
import type { Reason } from '../../src/core/reason.ts';
import { createAnnouncer, type Recipient } from '../../src/outbox/announce.ts';
import { channelOf } from '../../src/outbox/channel.ts';
import { createOutbox, type Outbox } from '../../src/outbox/outbox.ts';
import type { Delivery, Message, Transport } from '../../src/outbox/transport.ts';
import { openStore, type SqlStore } from '../../src/store/database.ts';
import { createIncidentTable } from '../../src/store/incidents.ts';
import { createOutboxTable } from '../../src/store/outbox.ts';
import { createDelivery } from '../../src/supervisor/delivery.ts';
import { createLedger } from '../../src/supervisor/ledger.ts';

const log = pino({ level: 'silent' });
const OPS = 'mailto:ops@example.org';

const NINA = '3';
const running: Outbox[] = [];
afterEach(async () => {
  for (const outbox of running.splice(0)) await outbox.stop(0);
});

/** Ledger, outbox and watch as the manager wires them; Telegram (two admins) answers as `sky` says, mail always. */
function world(store: SqlStore = openStore(':memory:'), start = 1_000_000, nina = false) {
  const sky = { away: false, blocked: new Set<string>(), muted: false };
  const clock = { now: start };
  const told: { chat: string; text: string }[] = [];
  let message = start;
  const answer = async (chat: string, what: Message): Promise<Delivery> => {
    const cause: Reason = { code: 'telegram-no-answer' };
    if (channelOf(chat) === 'telegram') {
      if (sky.blocked.has(chat)) return { outcome: 'recipient-gone', cause };
      if (sky.away) return { outcome: 'retry', at: clock.now + 1000, uncertain: false, scope: 'all', cause };
    }
    told.push({ chat, text: what.text });
    message += 1;
    return { outcome: 'sent', messageId: message };
  };
  const transport: Transport = {
    send: ({ chat }, what) => answer(chat, what),
    edit: async ({ chat }, id, what) => {
      if (channelOf(chat) !== 'telegram') return { outcome: 'sent', messageId: id };
      const delivery = await answer(chat, { ...what, text: `edit ${what.text}` });
      return delivery.outcome === 'sent' ? { outcome: 'sent', messageId: id } : delivery;
    },
  };
  const say = (all: readonly Incident[]) => all.map((one) => `${one.key} ${one.resolvedAt === null ? 'open' : 'over'}`);
  const plain = (text: string): Message => ({ text, buttons: [], silent: false, replyTo: null });
  const incidents = createIncidentTable(store);
  const table = createOutboxTable(store);
  const recipients = (): readonly Recipient[] => [
    ...['1', '2'].map((chat): Recipient => ({ chat, topic: null, level: 'info', quiet: null, tier: 'first' })),
    ...(nina ? [{ chat: NINA, topic: null, level: 'info', quiet: null, tier: 'next' } as const] : []),
    { chat: OPS, topic: null, level: 'warning', quiet: null, tier: watch.takenOver() ? 'first' : 'next' },
  ];
  const announcer = createAnnouncer(table, recipients, () => clock.now, store.attempt);
  const ledger = createLedger({
    ...{ store, log, table: incidents },
    announce: announcer.change,
    announced: () => outbox.added(),
    needs: () => [],
    rules: () => ({
      ...{ repeat_every: nina ? 3600_000 : 0, escalate_after: 900_000 },
      channels: nina ? 'after-admins' : 'with-admins',
    }),
    clock: () => clock.now,
  });
  const outbox = createOutbox({
    ...{ table, incidents, transport, log },
    render: {
      incidents: (_chat, all) => plain(say(all).join(', ')),
      recovery: (_chat, all) => plain(`back: ${say(all).join(', ')}`),
      text: (_chat, body) => plain(body),
      digest: () => plain('digest'),
    },
    view: () => ({ flapping: false, caused: false }),
    chatView: () => {
      const scope = { covers: 'all' } as const;
      const mute = { id: 1, kind: 'mute', scope, from: 0, until: clock.now + 1000, by: 'Vera' } as const;
      const usual = { timezone: 'UTC', level: 'info', quiet: null } as const;
      return { ...usual, mutes: sky.muted ? [mute] : [] };
    },
    groupWindow: 5000,
    onParked: () => undefined,
    onMoved: () => undefined,
    clock: () => clock.now,
  });
  running.push(outbox);
  const watch = createDelivery({
    ...{ ledger, canTakeOver: true, soundingSince: outbox.soundingSince, handOver: announcer.handOver },
    telegram: () => ({ state: sky.away ? 'unreachable' : 'polling', since: 0, reason: null, ...outbox.view() }),
    tellOnTelegram: (what) => announcer.text(['1', '2'], what, true),
    clock: () => clock.now,
  });
  const input = (level: 'error' | 'critical' | 'info'): IncidentInput => ({
    ...{ type: 'problem', kind: 'down', level, reason: { code: 'exit-code' }, attempt: null, lines: [] },
  });
  return {
    ...{ sky, clock, ledger, outbox, watch, told },
    to: (chat: string) => told.filter((each) => each.chat === chat).map(({ text }) => text),
    fall: (service: string, level: 'error' | 'critical' | 'info' = 'error') => ledger.commit(service, [input(level)]),
    rise: (service: string) => ledger.commit(service, [{ type: 'over', kind: 'down', resolution: 'recovered' }]),
    /** Lets so many seconds pass, one by one. */
    async pass(seconds: number) {
      for (let i = 0; i < seconds; i += 1) {
        clock.now += 1000;
        ledger.tick();
        watch.tick();
        outbox.kick();
        for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe('delivery while Telegram is away', () => {
  it('is taken over by mail after two minutes: all that is open in one message, then whatever comes', async () => {
    const w = world();
    w.sky.away = true;
    w.fall('redis');
    w.fall('bot');
    await w.pass(115);
    assert.deepEqual(w.to(OPS), []);
    for (let i = 0; i < 20 && w.to(OPS).length === 0; i += 1) await w.pass(1);
    assert.deepEqual(w.to(OPS), ['redis/down open, bot/down open, (manager)/telegram-away open']);
    // Within the window in which Telegram's message would be edited; mail cannot be.
    w.fall('postgres');
    await w.pass(60);
    assert.deepEqual(w.to(OPS).slice(1), ['postgres/down open']);
  });

  it('goes back to Telegram, which hears how long it was away, and mail is told that it is over', async () => {
    const w = world();
    w.sky.away = true;
    w.fall('redis');
    await w.pass(12 * 60);
    w.sky.away = false;
    await w.pass(60);
    const back = w.to('1').find((text) => text.includes('telegram-was-away'));
    assert.deepEqual(JSON.parse(back ?? '{}'), { code: 'telegram-was-away', args: { minutes: 12, delayed: 2 } });
    assert.equal(w.to('1').filter((text) => text === 'redis/down open').length, 1);
    assert.ok(w.to(OPS).some((text) => text.includes('telegram-away over')));
    assert.ok(
      !w
        .to('1')
        .concat(w.to('2'))
        .some((text) => text.includes('telegram-away')),
      'not told where it is away',
    );
    const mails = w.to(OPS).length;
    w.fall('bot');
    await w.pass(120);
    assert.equal(w.to(OPS).length, mails, 'Telegram has it again');
  });

  it('is nothing to talk about while nothing sounding waits: silence, information, what is muted', async () => {
    const w = world();
    w.sky.away = true;
    w.fall('redis', 'info');
    await w.pass(300);
    w.sky.muted = true;
    w.fall('bot');
    await w.pass(300);
    assert.deepEqual(w.to(OPS), []);
  });

  it('is no matter of one admin who blocked the bot: the other was told', async () => {
    const w = world();
    w.sky.blocked.add('2');
    w.fall('redis');
    await w.pass(300);
    assert.deepEqual(w.to('1'), ['redis/down open']);
    assert.deepEqual(w.to(OPS), []);
    w.sky.blocked.add('1');
    w.fall('bot');
    await w.pass(200);
    assert.deepEqual(w.to(OPS), ['redis/down open, bot/down open, (manager)/telegram-away open']);
  });

  it('is remembered by the next manager, which ends it when Telegram is back', async () => {
    const store = openStore(':memory:');
    const first = world(store);
    first.sky.away = true;
    first.fall('redis');
    await first.pass(200);
    await first.outbox.stop(0);
    const second = world(store, first.clock.now);
    second.ledger.endWithoutService((name) => name === 'redis');
    assert.ok(second.watch.takenOver());
    await second.pass(60);
    assert.ok(!second.watch.takenOver());
    assert.ok(second.to(OPS).some((text) => text.includes('telegram-away over')));
    assert.ok(second.to('1').some((text) => text.includes('telegram-was-away')));
  });

  it('tells mail what is critical and nobody took on, and that it is over', async () => {
    const w = world();
    w.fall('bot', 'critical');
    await w.pass(16 * 60);
    assert.deepEqual(w.to(OPS), ['bot/down open']);
    w.rise('bot');
    await w.pass(60);
    assert.deepEqual(w.to(OPS), ['bot/down open', 'back: bot/down over']);
  });

  it('hands on what is critical to the next admins, then to mail, also over restarts; they hear its reminders', async () => {
    const store = openStore(':memory:');
    const first = world(store, 1_000_000, true);
    first.fall('bot', 'critical');
    await first.pass(10 * 60);
    assert.deepEqual([first.to(NINA), first.to(OPS)], [[], []]);
    const second = world(store, first.clock.now, true);
    await second.pass(6 * 60);
    assert.deepEqual([second.to(NINA), second.to(OPS)], [['bot/down open'], []]);
    const third = world(store, second.clock.now, true);
    await third.pass(10 * 60);
    assert.deepEqual([third.to(NINA).length, third.to(OPS)], [0, []]);
    await third.pass(6 * 60);
    assert.deepEqual(third.to(OPS), ['bot/down open']);
    await third.pass(30 * 60);
    assert.deepEqual(third.to(OPS), ['bot/down open', 'bot/down open'], 'the hourly reminder');
    assert.ok(third.to(NINA).includes('bot/down open'), 'theirs, too');
    third.rise('bot');
    await third.pass(60);
    assert.ok(third.to(OPS).some((text) => text.startsWith('back')));
  });
});

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import type { Change, Incident, Level } from '../../src/core/incident.ts';
import type { Hours } from '../../src/core/local-time.ts';
import type { Mute } from '../../src/core/mute.ts';
import { createAnnouncer, type Recipient } from '../../src/outbox/announce.ts';
import { createOutbox, type Outbox } from '../../src/outbox/outbox.ts';
import type { Renderer } from '../../src/outbox/teller.ts';
import type { Delivery, Destination, Message, Transport } from '../../src/outbox/transport.ts';
import { openStore } from '../../src/store/database.ts';
import { createIncidentTable } from '../../src/store/incidents.ts';
import { createOutboxTable } from '../../src/store/outbox.ts';
import { anIncident as opened } from '../core/an-incident.ts';

const quiet = pino({ level: 'silent' });

interface Sent {
  readonly how: 'send' | 'edit';
  readonly chat: string;
  readonly text: string;
  readonly replyTo: number | null;
  readonly messageId: number;
}

const running: Outbox[] = [];
afterEach(async () => {
  for (const outbox of running.splice(0)) await outbox.stop(0);
});

/** A store, a chat that answers as told, and an outbox between them, on a clock of its own. */
function world(store = openStore(':memory:')) {
  const seen: Sent[] = [];
  const answers: ((to: Destination) => Delivery | null)[] = [];
  let lastMessage = 100;
  const clock = { now: 1_000_000 };
  const sky: { mutes: Mute[]; caused: Set<number>; quiet: Hours | null; level: Level } = {
    ...{ mutes: [], caused: new Set(), quiet: null, level: 'info' },
  };
  const answer = (how: Sent['how'], to: Destination, message: Message, id: number): Delivery => {
    const planned = answers.shift()?.(to) ?? null;
    if (planned !== null && planned.outcome !== 'sent') return planned;
    seen.push({ how, chat: to.chat, text: message.text, replyTo: message.replyTo, messageId: id });
    return { outcome: 'sent', messageId: id };
  };
  const transport: Transport = {
    send: async (to, message) => answer('send', to, message, ++lastMessage),
    edit: async (to, id, message) => answer('edit', to, message, id),
  };
  const late = ({ delayedBy, repeat }: { delayedBy: number | null; repeat: boolean }) =>
    `${delayedBy === null ? '' : ` late ${delayedBy / 1000}`}${repeat ? ' repeat' : ''}`;
  const plain = (text: string): Message => ({ text, buttons: [], silent: false, replyTo: null });
  const render: Renderer = {
    incidents: (_chat, all, how) =>
      plain(
        `${all.map((one) => `#${one.id} ${one.level} ${one.resolvedAt === null ? 'open' : 'over'}`).join(', ')}${late(how)}`,
      ),
    recovery: (_chat, all, how) => plain(`${all.map((one) => `#${one.id}`).join(', ')} back${late(how)}`),
    digest: (_chat, { from, to }, how) => plain(`digest ${from}-${to}${late(how)}`),
    text: (_chat, body, how) => {
      if (body === 'unsayable') throw new Error('no words for it');
      return plain(`${body}${late(how)}`);
    },
  };
  const incidents = createIncidentTable(store);
  const table = createOutboxTable(store);
  const make = () => {
    const outbox = createOutbox({
      table,
      incidents,
      transport,
      render,
      chatView: () => ({ timezone: 'UTC', mutes: sky.mutes, level: sky.level, quiet: sky.quiet }),
      view: (incident) => ({ flapping: false, caused: sky.caused.has(incident.id) }),
      groupWindow: 5000,
      onParked: () => undefined,
      onMoved: () => undefined,
      clock: () => clock.now,
      log: quiet,
    });
    running.push(outbox);
    return outbox;
  };
  const everyone: readonly Recipient[] = ['1', '2'].map((chat) => ({
    chat,
    topic: null,
    level: 'info',
    quiet: null,
    tier: 'first',
  }));
  const announcer = createAnnouncer(
    table,
    () => everyone,
    () => clock.now,
    store.attempt,
  );
  return {
    seen,
    answers,
    clock,
    sky,
    table,
    outbox: make(),
    make,
    muteAll(until: number) {
      sky.mutes.push({ id: 1, kind: 'mute', scope: { covers: 'all' }, from: 0, until, by: 'Vera' });
    },
    tell(change: Change['change'], incident: Incident) {
      store.transaction(() => {
        incidents.save(incident);
        announcer.change({ change, incident });
      });
    },
    digest: (level: Level, from = 1) => announcer.digest({ from, to: from + 1, level }),
    /** Lets what can be delivered at this moment be delivered. */
    async flush(outbox: Outbox) {
      outbox.kick();
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const texts = (seen: readonly Sent[], chat: string) =>
  seen.filter((each) => each.chat === chat).map((each) => `${each.how} ${each.text}`);

const resolved: Incident = { ...opened, resolvedAt: 5000, resolution: 'recovered' };

describe('the outbox', () => {
  it('tells an incident in one message, edited as it moves, and answered when it is over', async () => {
    const w = world();
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.tell('updated', opened);
    await w.flush(w.outbox);
    w.tell('resolved', resolved);
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), [
      'send #1 error open',
      'edit #1 error open',
      'edit #1 error over',
      'send #1 back',
    ]);
    const own = w.seen.filter((each) => each.chat === '1');
    assert.equal(own[3]?.replyTo, own[0]?.messageId);
  });

  it('sounds again when it gets worse', async () => {
    const w = world();
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.clock.now += 5000;
    w.tell('worse', { ...opened, level: 'critical' });
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '2'), ['send #1 error open', 'send #1 critical open', 'edit #1 critical open']);
  });

  it('uptime-kuma#6046: nothing is lost while Telegram is away; the last state arrives once and says how late', async () => {
    const w = world();
    const away = (): Delivery => ({
      outcome: 'retry',
      at: w.clock.now + 1000,
      uncertain: false,
      scope: 'all',
      cause: { code: 'telegram-unreachable' },
    });
    w.answers.push(away, away);
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.clock.now += 60_000;
    w.tell('updated', opened);
    w.tell('resolved', resolved);
    w.answers.length = 0;
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error over late 60']);
    assert.deepEqual(texts(w.seen, '2'), ['send #1 error over late 60']);
    assert.equal(w.outbox.view().waiting, 0);
  });

  it('goes on after the manager was killed, and marks what may be there already', async () => {
    const store = openStore(':memory:');
    const first = world(store);
    first.answers.push(() => ({
      outcome: 'retry',
      at: 0,
      uncertain: true,
      scope: 'chat',
      cause: { code: 'telegram-unreachable' },
    }));
    first.tell('opened', opened);
    await first.flush(first.outbox);
    await first.outbox.stop(0);
    const second = world(store);
    second.clock.now = first.clock.now + 2000;
    await second.flush(second.outbox);
    assert.deepEqual(texts([...first.seen, ...second.seen], '1'), ['send #1 error open repeat']);
    assert.deepEqual(texts([...first.seen, ...second.seen], '2'), ['send #1 error open']);
  });

  it('Marzban report(): one who blocked the bot stops nobody else, and hears it when he is back', async () => {
    const w = world();
    w.answers.push((to) => (to.chat === '1' ? { outcome: 'recipient-gone', cause: { code: 'blocked' } } : null));
    w.tell('opened', opened);
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), []);
    assert.deepEqual(texts(w.seen, '2'), ['send #1 error open']);
    w.outbox.unpark('1');
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error open']);
  });

  it('obeys the time it was told to wait, for that chat only', async () => {
    const w = world();
    w.answers.push((to) =>
      to.chat === '1'
        ? { outcome: 'retry', at: w.clock.now + 30_000, uncertain: false, scope: 'chat', cause: { code: 'flood' } }
        : null,
    );
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.clock.now += 29_000;
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), []);
    assert.deepEqual(texts(w.seen, '2'), ['send #1 error open']);
    w.clock.now += 1000;
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error open late 30']);
  });

  it('follows a group to its new id', async () => {
    const w = world();
    w.answers.push((to) => (to.chat === '1' ? { outcome: 'moved', chat: '-1001' } : null));
    w.tell('opened', opened);
    await w.flush(w.outbox);
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '-1001'), ['send #1 error open']);
  });

  it('buries what is refused for good and goes on with the next', async () => {
    const w = world();
    w.answers.push((to) => (to.chat === '1' ? { outcome: 'refused', cause: { code: 'bad-request' } } : null));
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.tell('opened', { ...opened, id: 2, key: 'redis/down' });
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #2 error open']);
    assert.equal(w.table.deadLetters(), 1);
  });

  it('sends anew when the message it would edit is gone', async () => {
    const w = world();
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.answers.push(() => ({ outcome: 'message-gone' }));
    w.tell('updated', opened);
    await w.flush(w.outbox);
    assert.equal(w.seen.filter((each) => each.how === 'send' && each.chat === '1').length, 2);
  });

  it('uptime-kuma#6242: thirty at once are one message, edited into one place, and one answer when all are back', async () => {
    const w = world();
    const thirty = Array.from({ length: 30 }, (_, i) => ({
      ...opened,
      id: i + 1,
      key: `s${i}/down`,
      service: `s${i}`,
    }));
    for (const one of thirty) w.tell('opened', one);
    await w.flush(w.outbox);
    assert.equal(w.seen.filter((each) => each.chat === '1').length, 1);
    w.clock.now += 60_000;
    for (const one of thirty.slice(0, 29)) w.tell('resolved', { ...one, resolvedAt: 5000, resolution: 'recovered' });
    await w.flush(w.outbox);
    assert.equal(w.seen.filter((each) => each.chat === '1' && /back/.test(each.text)).length, 0);
    const last = thirty[29];
    assert.ok(last);
    w.tell('resolved', { ...last, resolvedAt: 5000, resolution: 'recovered' });
    await w.flush(w.outbox);
    const own = w.seen.filter((each) => each.chat === '1');
    assert.equal(own.filter((each) => each.how === 'send').length, 2);
    assert.ok(own.length <= 4, `${own.length} calls`);
  });

  it('lets what follows within the window join the message just sent, and a critical one sound on its own', async () => {
    const w = world();
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.clock.now += 2000;
    w.tell('opened', { ...opened, id: 2, key: 'redis/down', service: 'redis' });
    await w.flush(w.outbox);
    w.tell('opened', { ...opened, id: 3, key: 'pg/down', service: 'pg', level: 'critical' });
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), [
      'send #1 error open',
      'edit #1 error open, #2 error open',
      'send #3 critical open',
    ]);
  });

  it('uptime-kuma#6764: holds what is muted, acts on what is queued already, and speaks up when the mute ends', async () => {
    const w = world();
    w.tell('opened', opened);
    w.muteAll(w.clock.now + 60_000);
    await w.flush(w.outbox);
    assert.deepEqual(w.seen, []);
    w.clock.now += 60_000;
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error open']);
  });

  it('does not repeat what the chat was told after the mute had ended', async () => {
    const w = world();
    const until = w.clock.now + 60_000;
    w.muteAll(until);
    w.tell('opened', opened);
    await w.flush(w.outbox);
    // What was held goes out by itself; the reminder that the end of the mute causes comes a moment later.
    w.clock.now = until + 300;
    await w.flush(w.outbox);
    w.clock.now = until + 900;
    w.tell('repeat', { ...opened, saidAt: until });
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error open', 'edit #1 error open']);
    w.clock.now = until + 3600_000;
    w.tell('repeat', { ...opened, saidAt: w.clock.now });
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1').slice(2), ['send #1 error open', 'edit #1 error open']);
  });

  it('Pulse#1068: does not say "back" of what was held and never told', async () => {
    const w = world();
    w.muteAll(w.clock.now + 60_000);
    w.tell('opened', opened);
    await w.flush(w.outbox);
    w.tell('resolved', resolved);
    w.clock.now += 120_000;
    await w.flush(w.outbox);
    assert.deepEqual(w.seen, []);
    assert.equal(w.table.waiting().waiting, 0);
  });

  it('tells the cause, not the effect; the effect speaks up when it stays', async () => {
    const w = world();
    w.sky.caused.add(2);
    w.tell('opened', opened);
    w.tell('opened', { ...opened, id: 2, key: 'bot/unhealthy' });
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error open']);
    w.sky.caused.clear();
    w.clock.now += 30_000;
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1').at(-1), 'send #2 error open');
  });

  it('keeps 10,000 rows at most, and lets go of quiet updates first', () => {
    const w = world();
    for (let i = 0; i < 20; i += 1) w.tell('opened', { ...opened, id: i + 1, key: `s${i}/down` });
    assert.equal(w.table.enforceBound(30), 10);
    assert.equal(w.outbox.view().waiting, 30);
  });

  it('buries a text that cannot be put into words, and goes on with what is behind it', async () => {
    const w = world();
    w.table.add({
      ...{ chat: '1', topic: null, kind: 'text', incident: null, silent: false, createdAt: w.clock.now },
      body: 'unsayable',
    });
    w.tell('opened', opened);
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), ['send #1 error open']);
    assert.equal(w.table.deadLetters(), 1);
  });

  it('tells the digest by the gate: not by night, not muted, not to who wants to hear worse only', async () => {
    const w = world();
    const nine = Date.UTC(2026, 10, 23, 9);
    w.clock.now = nine;
    w.digest('info');
    await w.flush(w.outbox);
    assert.deepEqual(texts(w.seen, '1'), [`send digest 1-2`]);

    w.sky.quiet = { from: 8 * 60, to: 10 * 60 };
    w.digest('error');
    await w.flush(w.outbox);
    assert.equal(texts(w.seen, '1').length, 1);
    w.clock.now = nine + 3600_000;
    await w.flush(w.outbox);
    assert.equal(texts(w.seen, '1').length, 2);

    w.muteAll(nine + 2 * 3600_000);
    w.digest('error');
    await w.flush(w.outbox);
    assert.equal(texts(w.seen, '1').length, 2);
    w.sky.mutes = [];
    w.outbox.reconsider();
    await w.flush(w.outbox);
    assert.equal(texts(w.seen, '1').length, 3);

    w.sky.level = 'warning';
    w.digest('info');
    await w.flush(w.outbox);
    assert.equal(texts(w.seen, '1').length, 3);
    w.digest('warning');
    await w.flush(w.outbox);
    assert.equal(texts(w.seen, '1').length, 4);
  });

  it('tells one digest only after days without Telegram, and it survives the manager', async () => {
    const w = world();
    w.digest('info');
    w.clock.now += 86_400_000;
    w.digest('error', 2);
    const next = w.make();
    await w.flush(next);
    assert.match(texts(w.seen, '1').join(), /^send digest 2-3/);
    assert.equal(texts(w.seen, '1').length, 1);
  });

  it('does not pile up quiet updates of what still waits', () => {
    const w = world();
    w.tell('opened', opened);
    for (let i = 0; i < 1000; i += 1) w.tell('updated', opened);
    assert.equal(w.outbox.view().waiting, 2);
  });
});

/** How tools like ours lost alerts or drowned people in them, each story by its name; through the real way to Telegram. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Api } from 'grammy';
import type { Hours } from '../../src/core/local-time.ts';
import { openStore } from '../../src/store/database.ts';
import { createTransport } from '../../src/telegram/transport.ts';
import { makeParts } from '../world/delivery.ts';
import { type Limits, startTelegram } from '../world/telegram/server.ts';
import { until } from '../world/until.ts';

const token = '1000000001:test-token-of-the-simulated-telegram';
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Wishes {
  readonly limits?: Limits;
  readonly inGroup?: boolean;
  readonly chats?: number;
  readonly quiet?: Hours;
  /** Epoch ms. */
  readonly now?: number;
}

/** Three people and a basic group on a simulated Telegram, and one clock for all. */
async function world(options: Wishes = {}) {
  const time = { now: options.now ?? 1_700_000_000_000 };
  const clock = () => time.now;
  const telegram = await startTelegram({ token, clock, ...(options.limits && { limits: options.limits }) });
  endings.push(() => telegram.stop());
  const users = [11, 12, 13].map((id) => telegram.user({ id, first_name: `U${id}`, language_code: 'en' }));
  for (const user of users) user.start();
  const group = telegram.group({ id: -1001, title: 'Ops', members: users });
  const own = users.slice(0, options.chats ?? 1).map(({ id }) => String(id));
  const chats = options.inGroup ? [String(group.id)] : own;
  const store = openStore(':memory:');
  const make = () => {
    const api = new Api(token, { apiRoot: telegram.apiRoot });
    const transport = createTransport({ api, clock, onUnauthorized: () => undefined });
    const parts = makeParts({ store, transport, chats, clock, quiet: options.quiet ?? null });
    endings.push(() => parts.outbox.stop(1000));
    return parts;
  };
  const parts = make();
  const from = (user: (typeof users)[number] | undefined) => user?.messages().filter((each) => each.fromBot) ?? [];
  return {
    ...{ telegram, group, time, make, store },
    ...parts,
    vera: () => from(users[0]),
    oleg: () => from(users[1]),
    /** Until nothing waits, a quarter of a second of the world's time after the other. */
    async deliver(which = parts) {
      await until(async () => {
        time.now += 250;
        which.ledger.tick();
        which.outbox.kick();
        return which.table.waiting().waiting === 0;
      }, 'everything to be told');
    },
    /** Lets time pass, five seconds at a time; what is under way gets its answer before it goes on. */
    async leap(seconds: number, which = parts) {
      for (let i = 0; i < seconds; i += 5) {
        time.now += 5000;
        which.ledger.tick();
        which.outbox.kick();
        if (which.table.waiting().waiting > 0)
          await until(() => {
            which.outbox.kick();
            return which.table.waiting().waiting === 0;
          }, 'what waits to be told');
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async pass(seconds: number) {
      for (let i = 0; i < seconds; i += 1) {
        time.now += 1000;
        parts.ledger.tick();
        parts.outbox.kick();
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  };
}

const nasty = (i: number) => `<svc&"${String(i).padStart(3, '0')}">_with_*a*_rather_long_name`;

describe('lost alerts', () => {
  it('grafana#48812: 200 alerts at once arrive, every one of them by name, in few messages', async () => {
    const w = await world();
    const names = Array.from({ length: 200 }, (_, i) => nasty(i));
    for (const name of names) w.down(name);
    await w.deliver();
    const text = w
      .vera()
      .map((each) => each.text)
      .join('\n');
    for (const name of names) assert.ok(text.includes(name.slice(0, 12)), name);
    assert.ok(w.vera().length <= 3, `${w.vera().length} messages`);
    for (const each of w.vera()) assert.ok([...each.text].length <= 4096);
  });

  it('grafana PR #89397, docksentry 1.11.2: no name breaks the markup, not even where it is cut', async () => {
    const w = await world();
    for (let i = 0; i < 80; i += 1) w.down(nasty(i));
    await w.deliver();
    assert.deepEqual(
      w.telegram.calls.filter(({ status }) => status === 400),
      [],
    );
    assert.match(w.vera()[0]?.html ?? '', /<b>/);
  });

  it('netdata PR #13119: a 429 costs nothing but time, and is obeyed to the second', async () => {
    const w = await world();
    w.telegram.inject({ fault: { status: 429, description: 'Too Many Requests', retry_after: 40 }, times: 1 });
    const start = w.time.now;
    w.down('bot');
    await w.deliver();
    assert.equal(w.vera().length, 1);
    assert.ok(w.time.now - start >= 40_000);
    assert.equal(w.telegram.callsOf('sendMessage').length, 2, 'no call while it was to wait');
  });

  it('Marzban#1330: a chat that has to wait for 72 minutes keeps nobody else waiting', async () => {
    const w = await world({ chats: 2 });
    const fault = { status: 429, description: 'Too Many Requests', retry_after: 4310 };
    w.telegram.inject({ chat: 11, fault, times: 1 });
    w.down('bot');
    await w.pass(60);
    assert.equal(w.oleg().length, 1);
    assert.equal(w.vera().length, 0);
    w.up('bot');
    await w.pass(60);
    assert.equal(w.telegram.calls.filter(({ params }) => String(params.chat_id) === '11').length, 1);
    w.time.now += 4_310_000;
    await w.deliver();
    assert.equal(w.vera().length, 1, 'told and ended in one message');
    assert.match(w.vera()[0]?.text ?? '', /bot is back/);
  });

  it('keeps under the limits with several chats, so that 429 is the exception', async () => {
    const strict = { perSecond: 1, burst: 5 };
    const group = { perSecond: 20 / 60, burst: 3 };
    const overall = { perSecond: 30, burst: 30 };
    const w = await world({ chats: 3, limits: { privateChat: strict, group, groupEdits: group, overall } });
    for (let i = 0; i < 30; i += 1) {
      w.down(`svc${i}`, 'critical');
      await w.pass(1);
    }
    await w.deliver();
    assert.deepEqual(
      w.telegram.calls.filter(({ status }) => status === 429),
      [],
    );
    assert.equal(w.vera().filter(({ text }) => text.includes('svc29')).length, 1);
  });

  it('Healthchecks#132: a group that became a supergroup is followed, and what is told later goes there at once', async () => {
    const w = await world({ inGroup: true });
    const to = w.group.migrate();
    w.down('bot');
    await w.deliver();
    const alert = to.messages().find(({ fromBot }) => fromBot);
    assert.match(alert?.text ?? '', /bot is down/);
    const before = w.telegram.calls.length;
    await w.pass(10);
    w.up('bot');
    await w.deliver();
    const calls = w.telegram.calls.slice(before).map(({ params }) => Number(params.chat_id));
    assert.deepEqual(new Set(calls), new Set([to.id]));
    assert.match(to.messages().find(({ id }) => id === alert?.id)?.text ?? '', /bot is back/, 'edited to its end');
  });

  it('says an alert whose answer was lost once more at most, and marks it', async () => {
    const w = await world();
    w.telegram.inject({ method: 'sendMessage', fault: 'accepted-lost', times: 1 });
    w.down('bot');
    await w.deliver();
    await w.pass(120);
    assert.equal(w.vera().length, 2);
    assert.doesNotMatch(w.vera()[0]?.text ?? '', /got this already/);
    assert.match(w.vera()[1]?.text ?? '', /got this already/);
  });

  it('gatus#679: what was told and written down is not told again by the next manager, and ends there', async () => {
    const w = await world();
    w.down('bot');
    await w.deliver();
    const row = w.table.copy(1, '11');
    // Killed after the message was written down, before the row was ticked off.
    await w.outbox.stop(1000);
    w.store.connection.prepare("UPDATE outbox SET state = 'sending'").run();
    const next = w.make();
    next.up('bot');
    await w.deliver(next);
    const heads = w.vera().filter(({ replyTo }) => replyTo === null);
    assert.equal(heads.length, 1);
    assert.equal(heads[0]?.id, row?.message);
    assert.match(heads[0]?.text ?? '', /bot is back/);
    assert.deepEqual(next.ledger.open(), []);
  });

  it('3x-ui tgEventLimiter: down, up, down inside a minute ends with "down"', async () => {
    const w = await world();
    w.down('bot');
    await w.pass(15);
    w.up('bot');
    await w.pass(15);
    w.down('bot');
    await w.deliver();
    await w.pass(10);
    assert.match(w.vera().at(-1)?.text ?? '', /bot is down/);
  });

  it('nagioscore#91: the end of flapping is told, and how it stands then', async () => {
    const w = await world();
    for (let i = 0; i < 10; i += 1) {
      w.down('bot');
      await w.pass(10);
      w.up('bot');
      await w.pass(10);
    }
    const during = w.vera().length;
    w.down('bot');
    await w.pass(320);
    await w.deliver();
    const texts = w
      .vera()
      .slice(during)
      .map(({ text }) => text)
      .join('\n');
    assert.match(texts, /stable again/);
    assert.match(texts, /bot is down/, 'what was held while it flapped is told when it stays');
  });
});

describe('lost alerts, and why', () => {
  it('RWA 9a90dfa8: what is not told leaves its reason behind, and nothing but the gate decides it', async () => {
    const w = await world();
    for (let i = 0; i < 3; i += 1) {
      w.down('bot');
      await w.leap(30);
      w.up('bot');
      await w.leap(30);
    }
    const rows = w.store.connection.prepare("SELECT kind, state, cause FROM outbox WHERE state = 'dropped'").all();
    assert.ok(rows.length > 0, 'the last ups and downs were those of something that flaps');
    for (const row of rows) assert.match(JSON.stringify(row), /"cause":"(over-before-told|not-shown)"/);
    const untold = w.store.connection.prepare("SELECT state FROM outbox WHERE state NOT IN ('sent', 'dropped')").all();
    assert.deepEqual(untold, []);
  });

  it('beszel#1052: an end that was told by the last manager is not told by the next', async () => {
    const w = await world();
    w.down('bot');
    await w.deliver();
    w.up('bot');
    await w.deliver();
    const before = w.telegram.callsOf('sendMessage').length;
    await w.outbox.stop(1000);
    const next = w.make();
    await w.leap(60, next);
    assert.equal(w.telegram.callsOf('sendMessage').length, before);
    assert.deepEqual(next.ledger.open(), []);
  });

  it('keeps 10,000 at most without Telegram: what is over is dropped first, counted, and all that is open arrives', async () => {
    const w = await world({ chats: 3 });
    await w.telegram.goOffline();
    for (let i = 0; i < 1740; i += 1) {
      w.down(`svc${i}`);
      if (i > 0 && i < 1660) w.up(`svc${i}`);
    }
    const { waiting, dropped } = w.outbox.view();
    assert.ok(waiting <= 10_000, `${waiting}`);
    assert.equal(dropped, 197, 'counted, and said on /status and /readyz');
    await w.telegram.goOnline();
    w.outbox.reachable();
    await w.deliver();
    const text = w
      .vera()
      .map((each) => each.text)
      .join('\n');
    for (const i of [0, ...Array.from({ length: 80 }, (_, n) => 1660 + n)])
      assert.ok(text.includes(`svc${i}`), `svc${i}`);
  });
});

describe('quiet hours', () => {
  const evening = Date.UTC(2026, 10, 23, 23, 30);

  it('Pulse#1068: the morning sums up what is still wrong; what was over by then is left out', async () => {
    const w = await world({ quiet: { from: 23 * 60, to: 8 * 60 }, now: evening });
    for (const name of ['a1', 'b2', 'c3', 'd4']) w.down(name);
    await w.leap(600);
    assert.deepEqual(w.vera(), []);
    w.up('a1');
    w.up('b2');
    await w.leap(600);
    assert.deepEqual(w.vera(), [], 'no "back" of what was never told');
    w.time.now = Date.UTC(2026, 10, 24, 8, 0, 1);
    await w.leap(60);
    assert.equal(w.vera().length, 1);
    assert.match(w.vera()[0]?.text ?? '', /^🔴 2 problems at once/);
    assert.match(w.vera()[0]?.text ?? '', /c3[\s\S]*d4/);
    assert.doesNotMatch(w.vera()[0]?.text ?? '', /a1|b2|delayed/);
  });

  it('what is critical sounds by night, and what was told so is not told again in the morning', async () => {
    const w = await world({ quiet: { from: 23 * 60, to: 8 * 60 }, now: evening });
    w.down('bot');
    await w.leap(300);
    assert.deepEqual(w.vera(), []);
    w.down('bot', 'critical');
    await w.leap(30);
    assert.equal(w.vera().length, 1);
    assert.equal(w.vera()[0]?.silent, false);
    w.ledger.acknowledge([1], 'Vera');
    w.time.now = Date.UTC(2026, 10, 24, 8, 0, 1);
    await w.leap(60);
    assert.equal(w.vera().length, 1);
  });
});

describe('alert storms', () => {
  it('3x-ui#5968: a night of going up and down every few minutes is a handful of messages', async () => {
    const w = await world();
    for (let i = 0; i < 80; i += 1) {
      w.down('bot');
      await w.leap(150);
      w.up('bot');
      await w.leap(150);
    }
    assert.ok(w.vera().length <= 12, `${w.vera().length} messages in eight hours`);
    assert.match(w.vera().at(-1)?.text ?? '', /still flapping/);
    const before = w.vera().length;
    await w.leap(1860);
    await w.deliver();
    assert.equal(w.vera().length, before + 1);
    assert.match(w.vera().at(-1)?.text ?? '', /stable again/);
  });

  it('what flaps slowly and then stays down is told within minutes, and its end, too', async () => {
    const w = await world();
    for (let i = 0; i < 8; i += 1) {
      w.down('bot');
      await w.leap(150);
      w.up('bot');
      await w.leap(150);
    }
    const before = w.vera().length;
    w.down('bot');
    await w.leap(270);
    assert.equal(w.vera().length, before, 'so long it has been down before');
    await w.leap(60);
    assert.match(w.vera().at(-1)?.text ?? '', /bot is down/);
    w.up('bot');
    await w.deliver();
    assert.match(w.vera().at(-1)?.text ?? '', /bot is back after 5 min/);
  });

  it('what gets critical while it flaps sounds at once, the first time', async () => {
    const w = await world();
    for (let i = 0; i < 4; i += 1) {
      w.down('bot');
      await w.leap(60);
      w.up('bot');
      await w.leap(60);
    }
    const before = w.vera().length;
    for (let i = 0; i < 3; i += 1) {
      w.down('bot');
      await w.leap(10);
      w.down('bot', 'critical');
      await w.leap(30);
      w.up('bot');
      await w.leap(20);
    }
    const since = w
      .vera()
      .slice(before)
      .map(({ text }) => text.split('\n')[0]);
    assert.equal(since.length, 2, since.join('; '));
    assert.match(since[1] ?? '', /bot is back/);
  });

  it('gatus#679: what flaps goes on to do so under the next manager, and ends there', async () => {
    const w = await world();
    for (let i = 0; i < 4; i += 1) {
      w.down('bot');
      await w.leap(150);
      w.up('bot');
      await w.leap(150);
    }
    await w.outbox.stop(1000);
    const next = w.make();
    const before = w.vera().length;
    next.down('bot');
    await w.leap(60, next);
    next.up('bot');
    await w.leap(60, next);
    assert.equal(w.vera().length, before);
    await w.leap(1800, next);
    assert.match(w.vera().at(-1)?.text ?? '', /stable again/);
    assert.deepEqual(next.ledger.open(), []);
  });

  it('Marzban PR #1117: the same problem seen every 10 s is one message', async () => {
    const w = await world();
    for (let i = 0; i < 60; i += 1) {
      w.down('node');
      await w.pass(10);
    }
    await w.deliver();
    assert.equal(w.vera().length, 1);
  });

  it('bedolaga 3756ad66: trouble with telling is never told where it is', async () => {
    const w = await world();
    w.telegram.inject({ method: 'sendMessage', fault: { status: 400, description: 'Bad Request: odd' } });
    w.down('bot');
    await w.deliver();
    w.telegram.clearFaults();
    await w.pass(30);
    assert.deepEqual(w.vera(), []);
    assert.equal(w.table.deadLetters(), 1, 'counted and shown on the status screen instead');
  });
});

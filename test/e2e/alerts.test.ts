import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { App } from '../../src/app.ts';
import { type Home, kill, lastPid, until, VERA } from '../world/manager.ts';
import type { ShownMessage, TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const OLEG = 777000778;
const GUEST = 777000779;
const NINA = 777000780;
const minute = 60_000;

const forever = (name: string) => ['sh', '-c', `echo $$ >> ${name}.pids; while :; do sleep 0.2; done`];
/** Stays down when it dies, so that a test can look at the alert for as long as it wants. */
const fragile = (title: string, name: string) => ({ title, command: forever(name), restart_policy: 'never' });

describe('alerts that people act on', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let app: App;
  const people = new Map<number, WorldUser>();
  const person = (id: number): WorldUser => people.get(id) ?? assert.fail(`nobody has the id ${id}`);

  before(async () => {
    const file = {
      services: {
        // One for each test: five changes of one service in five minutes would be flapping, which is told otherwise.
        bot: fragile('Shop bot', 'bot'),
        mail: fragile('Mail', 'mail'),
        redis: fragile('Redis', 'redis'),
        pages: fragile('Pages', 'pages'),
        queue: fragile('Queue', 'queue'),
        web: fragile('Web', 'web'),
        proxy: fragile('Proxy', 'proxy'),
        // No shell of its own: it gives up at its first exit, which is critical.
        panel: { title: 'Panel', command: forever('panel'), max_restarts: 0 },
      },
      admins: [
        { id: VERA, name: 'Vera', role: 'owner' },
        { id: OLEG, name: 'Oleg', role: 'operator' },
        { id: GUEST, name: 'Guest', role: 'viewer' },
        { id: NINA, name: 'Nina', role: 'operator', tier: 'next' },
      ],
      monitoring: { timezone: 'UTC', alerts: { group_window: '0s', repeat_every: '1h', escalate_after: '15m' } },
    };
    const set = await stage.set(file, { env: { SUDO_USER: 'nina' } });
    ({ telegram, home } = set);
    people.set(VERA, set.vera);
    for (const [id, first_name] of [[OLEG, 'Oleg'] as const, [GUEST, 'Guest'] as const, [NINA, 'Nina'] as const]) {
      const user = telegram.user({ id, first_name, language_code: 'en' });
      people.set(id, user);
      user.start();
    }
    app = await start();
  });

  async function start(): Promise<App> {
    const started = await stage.start();
    // What people wrote before it listens is too old to be acted on.
    await telegram.waitFor(() => telegram.pollsInFlight > 0);
    return started;
  }

  const crash = async (name: string): Promise<void> => kill(await lastPid(home, `${name}.pids`));

  async function openServices(): Promise<readonly string[]> {
    const asked = await stage.client().alerts(0);
    return asked.ok ? asked.value.open.map(({ service }) => service) : [];
  }

  /** Starts it again and waits until nothing is wrong with it. */
  async function revive(name: string): Promise<void> {
    const done = await stage.client().act(name, 'start');
    assert.ok(done.ok && done.value.ok);
    await until(async () => !(await openServices()).includes(name), `${name} to be well`);
  }

  const alertOf = (id: number, text: RegExp, since: number): Promise<ShownMessage> =>
    telegram.waitForMessage(id, (message) => message.fromBot && text.test(message.text), { since, timeoutMs: 15_000 });

  /** New messages of the bot to somebody since then; edits do not count. */
  const newTo = (id: number, lastId: number) => fullTo(id, lastId).map((text) => text.split('\n')[0]);

  const fullTo = (id: number, lastId: number) =>
    person(id)
      .messages()
      .filter((message) => message.fromBot && message.id > lastId)
      .map(({ text }) => text);

  const lastId = (id: number) => person(id).messages().at(-1)?.id ?? 0;

  it('an acknowledgement by anyone edits every copy and names the one; a viewer cannot give it', async () => {
    const since = telegram.revision;
    await crash('bot');
    const text = /Shop bot is down/;
    const [vera, oleg, guest] = await Promise.all([VERA, OLEG, GUEST].map((id) => alertOf(id, text, since)));
    assert.ok(vera && oleg && guest);
    assert.ok(vera.buttons.flat().includes('Acknowledge'));
    assert.deepEqual(guest.buttons, [['Logs', 'Chart']], 'who may only look is offered nothing else');
    const stolen = vera.keyboard.flat().find((button) => button.text === 'Acknowledge')?.callback_data ?? '';
    const refused = await person(GUEST).forges(guest.id, stolen);
    assert.match(refused?.text ?? '', /You may look, but not act/);
    assert.doesNotMatch((await alertOf(VERA, text, since)).text, /Taken on/);

    const answer = await person(OLEG).taps(oleg, 'Acknowledge');
    assert.match(answer?.text ?? '', /You have taken it on/);
    for (const [id, message] of [
      [VERA, vera],
      [OLEG, oleg],
      [GUEST, guest],
    ] as const) {
      const edited = await alertOf(id, /Taken on by Oleg at \d\d:\d\d:\d\d/, since);
      assert.equal(edited.id, message.id, 'the same message');
      assert.ok(!edited.buttons.flat().includes('Acknowledge'));
    }
    const late = await person(VERA).tapsStale(vera, 'Acknowledge');
    assert.equal(late?.text, 'Oleg has taken it on already');
    await revive('bot');
  });

  it('orbit ack edits the chat, too, and orbit audit has it', async () => {
    const since = telegram.revision;
    await crash('mail');
    const alert = await alertOf(VERA, /Mail is down/, since);
    const list = await stage.type('alerts', '--json');
    const ack = await stage.type('ack', String(JSON.parse(list.text).open[0].id));
    assert.equal(ack.code, 0, ack.text);
    const edited = await alertOf(VERA, /Taken on by nina at/, since);
    assert.equal(edited.id, alert.id);
    const audit = await stage.type('audit', '-n', '1');
    assert.match(audit.text, /nina +acknowledge +mail +done/);
    await revive('mail');
  });

  it('a mute from the button is seen on every copy, holds the next alert, and Unmute lets it out', async () => {
    const since = telegram.revision;
    await crash('redis');
    const alert = await alertOf(VERA, /Redis is down/, since);
    await alertOf(OLEG, /Redis is down/, since);
    const answer = await person(VERA).taps(alert, 'Mute 2 h');
    assert.match(answer?.text ?? '', /^Muted until/);
    // Late in the evening the end is tomorrow, and said with its date.
    const muted = await alertOf(OLEG, /🔕 Redis: muted until (?:\d+ \w+, )?\d\d:\d\d \(Vera\)/, since);
    assert.ok(muted.buttons.flat().includes('Unmute'));
    const before = { vera: lastId(VERA), oleg: lastId(OLEG) };
    await revive('redis');
    await alertOf(OLEG, /✅ Redis is back/, since);
    await crash('redis');
    await until(async () => (await openServices()).includes('redis'), 'the incident behind the mute');
    const status = await stage.type('status');
    assert.match(status.text, /redis is muted for 1h 59m[\s\S]*Open alerts:\n.*\n.*redis +down/);
    assert.deepEqual(newTo(VERA, before.vera), [], 'neither the end of the first nor the second');
    assert.deepEqual(newTo(OLEG, before.oleg), []);

    person(OLEG).sends('/mute redis');
    const screen = await alertOf(OLEG, /Redis: mutes and maintenance/, telegram.revision - 1);
    await person(OLEG).taps(screen, /Unmute/);
    const let_out = await telegram.waitForMessage(VERA, (message) => message.id > before.vera);
    assert.match(let_out.text, /Redis is down/);
    assert.equal(newTo(VERA, before.vera).length, 1);
    await revive('redis');
  });

  it('a mute that ends by itself speaks up once: what was held and what is still wrong', async () => {
    const since = telegram.revision;
    await crash('pages');
    const alert = await alertOf(VERA, /Pages is down/, since);
    await alertOf(OLEG, /Pages is down/, since);
    await person(VERA).taps(alert, 'Mute 30 min');
    await alertOf(OLEG, /🔕 Pages: muted/, since);
    person(OLEG).sends('/mute queue 30m');
    await alertOf(OLEG, /🔕 Queue: muted until/, since);
    await crash('queue');
    await until(async () => (await openServices()).includes('queue'), 'the incident behind the mute');
    await until(async () => {
      const asked = await stage.client().snapshot();
      return asked.ok && asked.value.telegram.waiting === 0;
    }, 'the gate to have held it');
    const before = lastId(VERA);
    stage.ahead += 31 * minute;
    // In one message or in two, as it falls together; what was held goes out by the same end.
    const told = await until(() => {
      const texts = fullTo(VERA, before);
      return ['Pages', 'Queue'].every((name) => texts.some((text) => text.includes(name))) ? texts : null;
    }, 'both to be told');
    assert.ok(told.length <= 2, told.join('\n'));
    for (const text of told) assert.match(text, /3\d min/);
    assert.doesNotMatch(told.join('\n'), /delayed|🔕/);
    const old = await telegram.waitForMessage(VERA, ({ id, buttons }) => id === alert.id && buttons.length === 0);
    assert.match(old.text, /3\d min/, 'the older message is no place to act any more');
    await revive('pages');
    await revive('queue');
  });

  it('each hears from the level up that they chose in /settings', async () => {
    person(OLEG).sends('/settings');
    const settings = await alertOf(OLEG, /^Settings/, telegram.revision - 1);
    await person(OLEG).taps(settings, 'Critical');
    await alertOf(OLEG, /Alerts: only critical ones/, 0);
    const [since, before] = [telegram.revision, lastId(OLEG)];
    await crash('web');
    await alertOf(VERA, /Web is down/, since);
    await revive('web');
    await alertOf(VERA, /Web is back/, since);
    assert.deepEqual(
      newTo(OLEG, before).filter((line) => line?.includes('Web')),
      [],
    );
  });

  it('what is critical and nobody takes on goes to the next admin, who heard of nothing before', async () => {
    assert.deepEqual(
      newTo(NINA, 0).filter((line) => / down|back/.test(line ?? '')),
      [],
    );
    const since = telegram.revision;
    await crash('panel');
    await alertOf(OLEG, /🚨 Panel is down, and the manager gave up/, since);
    stage.ahead += 16 * minute;
    const handed = await alertOf(NINA, /🚨 Panel is down[\s\S]*⏫ Nobody has reacted for 1[56] min/, since);
    await person(NINA).taps(handed, 'Acknowledge');
    await alertOf(VERA, /Taken on by Nina/, since);
    await revive('panel');
  });

  it('knows after a restart of the manager who has it, what is muted, and when that ended', async () => {
    const since = telegram.revision;
    await crash('proxy');
    const alert = await alertOf(VERA, /Proxy is down/, since);
    await person(VERA).taps(alert, 'Mute 30 min');
    await alertOf(VERA, /🔕 Proxy: muted/, since);
    await app.stop('restart');
    stage.ahead += 40 * minute;
    app = await start();
    const again = await telegram.waitForMessage(VERA, ({ id, text }) => id > alert.id && text.includes('Proxy'));
    assert.match(again.text, /Proxy is still down, for 4\d min/);
    await person(VERA).taps(again, 'Acknowledge');
    await alertOf(VERA, /Taken on by Vera/, since);
    await app.stop('restart');
    app = await start();
    person(VERA).sends('/alerts');
    const list = await alertOf(VERA, /^Alerts/, telegram.revision - 1);
    assert.match(list.text, /🔴 Proxy: down since .* · 👤 Vera/);
  });
});

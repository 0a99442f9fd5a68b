import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../src/telegram/callback-data.ts';
import type { ShownMessage, WorldUser } from '../world/telegram/server.ts';
import { until } from '../world/until.ts';
import { noon, type Stage, type StageOptions, setStage } from './stage.ts';

type Test = Parameters<typeof setStage>[0];

/** A stage that hears, with a person in it. */
async function begin(t: Test, id = 7, options: StageOptions = {}): Promise<{ stage: Stage; user: WorldUser }> {
  const stage = await setStage(t, options);
  stage.control.add('shop', { title: 'Shop <bot>' });
  stage.control.add('redis', { title: 'Redis' });
  const user = stage.world.user({ id, first_name: `User ${id}`, language_code: 'en' });
  await stage.heard();
  return { stage, user };
}

/** What the bot answers to a command. */
async function says(stage: Stage, user: WorldUser, command: string): Promise<ShownMessage> {
  const { id } = user.sends(command);
  return await stage.world.waitForMessage(user, (message) => message.fromBot && message.id > id);
}

/** What becomes of a message at a press; and what popped up. */
async function tap(stage: Stage, user: WorldUser, message: ShownMessage, button: string | RegExp) {
  const since = stage.world.revision;
  const answer = await user.taps(message, button);
  const shown = await stage.world.waitForMessage(user, (each) => each.id === message.id, { since });
  return { popped: answer?.text ?? null, shown };
}

test('/alerts without any says so, and what one would look like', async (t) => {
  const { stage, user } = await begin(t);
  const empty = await says(stage, user, '/alerts');
  assert.match(empty.text, /Nothing is open, and nothing was\.[\s\S]*🔴 Shop bot: down since/);
  assert.deepEqual(empty.buttons, [['Refresh', 'Menu']]);
  const { shown } = await tap(stage, user, empty, 'Menu');
  assert.match(shown.text, /All 2 services healthy/);
});

test('/alerts: open ones first and worst first, who has them, what is muted; then the past by day', async (t) => {
  const { stage, user } = await begin(t);
  stage.now = noon - 26 * 3600_000;
  stage.incidents.problem('redis', { kind: 'unhealthy' });
  stage.now += 252_000;
  stage.incidents.over('redis', 'unhealthy');
  stage.now = noon - 3600_000;
  stage.incidents.problem('redis');
  stage.now = noon - 240_000;
  stage.incidents.over('redis');
  stage.incidents.problem('redis', { kind: 'unhealthy' });
  stage.incidents.problem('shop', { level: 'critical' });
  stage.now = noon;
  stage.incidents.alerting.acknowledge([4], { kind: 'cli', id: 'oleg', name: 'oleg' });
  stage.incidents.alerting.mute('mute', [{ covers: 'service', service: 'redis' }], noon + 60_000, {
    ...{ kind: 'cli', id: 'oleg', name: 'oleg' },
  });
  const list = await says(stage, user, '/alerts');
  // Newer versions of the time zone data set the comma after the weekday, older ones do not.
  assert.deepEqual(list.text.replaceAll('day, ', 'day ').split('\n').slice(0, -2), [
    'Alerts',
    '',
    'Open',
    '🚨 Shop <bot>: down, the manager gave up, since 11:56 (4 min) · 👤 oleg',
    '🔴 Redis: not healthy since 11:56 (4 min) · 🔕 12:01',
    '',
    'Monday 23 November 2026',
    '✅ 11:00 Redis: down for 56 min',
    '',
    'Sunday 22 November 2026',
    '✅ 10:00 Redis: not healthy for 4 min 12 s',
  ]);
  assert.deepEqual(list.buttons.slice(0, 2), [['🚨 Shop <bot>, 11:56'], ['🔴 Redis, 11:56']]);
});

test('the alerts come in pages, and none is passed over; each can be opened and left', async (t) => {
  const { stage, user } = await begin(t);
  for (let n = 10; n < 30; n++) {
    stage.control.add(`s${n}`, { title: `Service ${n}` });
    stage.incidents.problem(`s${n}`);
  }
  for (let n = 13; n < 30; n++) stage.incidents.over(`s${n}`);
  const first = await says(stage, user, '/alerts');
  assert.equal(first.buttons.length, 10);
  assert.deepEqual(first.buttons.at(-2), ['Next ›']);
  const second = (await tap(stage, user, first, 'Next ›')).shown;
  assert.deepEqual(second.buttons.at(-2), ['‹ Previous', 'Next ›']);
  const third = (await tap(stage, user, second, 'Next ›')).shown;
  const named = [first, second, third].flatMap(({ text }) => [...text.matchAll(/Service (\d+)/g)].map(([, n]) => n));
  assert.deepEqual(
    named.toSorted(),
    Array.from({ length: 20 }, (_, n) => String(n + 10)),
  );
  assert.deepEqual(third.buttons.at(-2), ['‹ Previous']);
  const opened = (await tap(stage, user, third, /Service/)).shown;
  assert.match(opened.text, /✅ Service \d+ is back after/);
  assert.deepEqual(opened.buttons, [['Logs', 'Chart'], ['Back']]);
  const back = (await tap(stage, user, opened, 'Back')).shown;
  assert.equal(back.text, third.text);
});

test('an opened alert is taken on, muted and unmuted right there', async (t) => {
  const { stage, user } = await begin(t);
  stage.incidents.problem('shop');
  const list = await says(stage, user, '/alerts');
  const opened = (await tap(stage, user, list, /Shop/)).shown;
  assert.deepEqual(opened.buttons, [
    ['Acknowledge', 'Restart'],
    ['Logs', 'Chart'],
    ['Mute 30 min', 'Mute 2 h', 'Till morning'],
    ['Back'],
  ]);
  const taken = await tap(stage, user, opened, 'Acknowledge');
  assert.equal(taken.popped, 'You have taken it on. It will not be repeated.');
  assert.match(taken.shown.text, /👤 Taken on by Vera at 12:00:00/);
  const muted = await tap(stage, user, taken.shown, 'Mute 2 h');
  assert.equal(muted.popped, 'Muted until 14:00');
  assert.match(muted.shown.text, /🔕 Shop <bot>: muted until 14:00 \(Vera\)/);
  assert.deepEqual(muted.shown.buttons.at(-2), ['Unmute']);
  const loud = await tap(stage, user, muted.shown, 'Unmute');
  assert.doesNotMatch(loud.shown.text, /🔕/);
  assert.deepEqual(
    stage.incidents.alerting.audit(3).map(({ by, action, service }) => [by.kind, by.id, by.name, action, service]),
    ['unmute', 'mute', 'ack'].map((action) => ['telegram', '7', 'Vera', action, 'shop']),
  );
});

test('what is wrong with no service, but with the manager or a panel, is shown, taken on and muted alone', async (t) => {
  const { stage, user } = await begin(t);
  for (const name of ['(manager)', 'panel:main']) stage.incidents.problem(name);
  for (const name of ['(manager)', 'panel:main']) {
    const list = await says(stage, user, '/alerts');
    const opened = (await tap(stage, user, list, new RegExp(`^🔴 ${name.replace(/[()]/g, '.')}`))).shown;
    assert.deepEqual(opened.buttons[0], ['Acknowledge']);
    assert.deepEqual(opened.buttons.slice(-2), [['Mute 30 min', 'Mute 2 h', 'Till morning'], ['Back']]);
    assert.ok(!opened.buttons.flat().includes('Logs'), 'there is no log of it');
    const taken = (await tap(stage, user, opened, 'Acknowledge')).shown;
    const muted = (await tap(stage, user, taken, 'Mute 30 min')).shown;
    assert.match(muted.text, /🔕 Alert \d is muted until 12:30/);
    assert.deepEqual(muted.buttons.slice(-2), [['Unmute'], ['Back']]);
  }
  const { alerting } = stage.incidents;
  assert.deepEqual(
    alerting.mutes().map(({ scope }) => scope),
    [1, 2].map((incident) => ({ covers: 'incident', incident })),
  );
  const status = await says(stage, user, '/status');
  assert.deepEqual(status.buttons.slice(0, 2), [['Unmute: #1'], ['Unmute: #2']]);
  const { id } = status;
  alerting.unmute([1, 2], { kind: 'cli', id: 'root', name: 'root' });
  stage.copies.set(`7 ${id}`, [1, 2]);
  await user.forges(id, encode({ kind: 'mute-all', length: 'half-hour' }));
  await until(() => alerting.mutes().length === 2, 'both to be muted');
});

test('a press that makes no sense any more says why, and does nothing', async (t) => {
  const { stage, user } = await begin(t);
  stage.incidents.problem('shop');
  const opened = (await tap(stage, user, await says(stage, user, '/alerts'), /Shop/)).shown;
  stage.incidents.alerting.acknowledge([1], { kind: 'cli', id: 'oleg', name: 'oleg' });
  assert.equal((await user.tapsStale(opened, 'Acknowledge'))?.text, 'oleg has taken it on already');
  stage.incidents.over('shop');
  for (const button of ['Acknowledge', 'Mute 30 min'])
    assert.equal((await user.tapsStale(opened, button))?.text, 'it is over already');
  const unmute = encode({ kind: 'unmute', mute: 99, incident: 1 });
  assert.equal((await user.forges(opened.id, unmute))?.text, 'it has ended already');
  assert.equal((await user.forges(opened.id, encode({ kind: 'ack', incident: 77 })))?.text, 'it is over already');
  assert.deepEqual(stage.incidents.alerting.mutes(), []);
});

test('till morning is the end of that admin’s quiet hours, else eight in the configured zone', async (t) => {
  const night = { from: 22 * 60, to: 6 * 60 + 30 };
  const admins = [
    { id: 7, name: 'Vera', role: 'operator', language: null, level: 'info', quiet_hours: night },
    { id: 8, name: 'Oleg', role: 'operator', language: null, level: 'info', quiet_hours: null },
  ] as const;
  const { stage, user } = await begin(t, 7, { telegram: { admins, timezone: 'Europe/Moscow' } });
  stage.incidents.problem('shop');
  const opened = (await tap(stage, user, await says(stage, user, '/alerts'), /Shop/)).shown;
  assert.equal((await tap(stage, user, opened, 'Till morning')).popped, 'Muted until 24 Nov, 06:30');
  const oleg = stage.world.user({ id: 8, first_name: 'Oleg' });
  const mutes = await says(stage, oleg, '/mute redis');
  assert.equal((await tap(stage, oleg, mutes, 'Till morning')).popped, 'Muted until 24 Nov, 08:00');
});

test('a viewer sees alerts and mutes, but cannot act: not by buttons, forged ones, or commands', async (t) => {
  const { stage, user: guest } = await begin(t, 9);
  stage.incidents.problem('shop');
  const opened = (await tap(stage, guest, await says(stage, guest, '/alerts'), /Shop/)).shown;
  assert.deepEqual(opened.buttons, [['Logs', 'Chart'], ['Back']]);
  const mutes = await says(stage, guest, '/mute');
  assert.deepEqual(mutes.buttons, [['Refresh', 'Back']]);
  stage.copies.set(`9 ${opened.id}`, [1]);
  for (const data of [
    { kind: 'ack', incident: 1 },
    { kind: 'mute', length: 'two-hours', incident: 1 },
    { kind: 'unmute', mute: 1, incident: 1 },
    { kind: 'ack-all' },
    { kind: 'mute-all', length: 'half-hour' },
    { kind: 'unmute-all' },
    { kind: 'hush', as: 'maintenance', length: 'day', target: '*' },
    { kind: 'lift', mute: 1, target: '*' },
  ] as const) {
    const said = await guest.forges(opened.id, encode(data));
    assert.deepEqual([said?.text, said?.show_alert], ['You may look, but not act. Ask an operator.', true], data.kind);
  }
  for (const command of ['/mute shop 30m', '/maintenance all 1h'])
    assert.equal((await says(stage, guest, command)).text, 'You may look, but not act. Ask an operator.');
  assert.equal(stage.incidents.alerting.get(1)?.acknowledgedAt, null);
  assert.deepEqual(stage.incidents.alerting.mutes(), []);
});

test('the buttons under a group of alerts act on what that message shows, and on nothing else', async (t) => {
  const { stage, user } = await begin(t);
  stage.control.add('panel', { title: 'Panel' });
  for (const name of ['shop', 'redis', 'panel']) stage.incidents.problem(name);
  const { id } = await says(stage, user, '/help');
  stage.copies.set(`7 ${id}`, [1, 2]);
  assert.match((await user.forges(id, encode({ kind: 'ack-all' })))?.text ?? '', /^You have taken on 2 alerts\./);
  const { alerting } = stage.incidents;
  await until(() => alerting.get(2)?.acknowledgedBy === 'Vera', 'the second to be taken on');
  assert.equal(alerting.get(3)?.acknowledgedAt, null);
  assert.match((await user.forges(id, encode({ kind: 'ack-all' })))?.text ?? '', /^All of these have been taken on/);
  const muteAll = encode({ kind: 'mute-all', length: 'half-hour' });
  assert.equal((await user.forges(id, muteAll))?.text, '2 services are muted until 12:30');
  await until(() => alerting.mutes().length === 2, 'two mutes');
  assert.deepEqual(
    alerting.mutes().map(({ scope }) => scope),
    ['shop', 'redis'].map((service) => ({ covers: 'service', service })),
  );
  await user.forges(id, encode({ kind: 'unmute-all' }));
  await until(() => alerting.mutes().length === 0, 'no mute');
  const list = await tapAnew(stage, user, id);
  assert.match(list.text, /^Alerts/);
});

async function tapAnew(stage: Stage, user: WorldUser, id: number): Promise<ShownMessage> {
  await user.forges(id, encode({ kind: 'show-alerts' }));
  return await stage.world.waitForMessage(user, (message) => message.id > id && message.fromBot);
}

test('/mute and /maintenance with a length of time do it, say until when, and end it with one tap', async (t) => {
  const { stage, user } = await begin(t);
  const muted = await says(stage, user, '/mute Redis 1h30m');
  assert.equal(muted.text, '🔕 Redis: muted until 13:30 (Vera)');
  const lifted = await tap(stage, user, muted, 'Unmute');
  assert.equal(lifted.popped, 'Unmuted');
  assert.match(lifted.shown.text, /Redis: mutes and maintenance\nNothing is muted\./);
  const work = await says(stage, user, '/maintenance all 30 m');
  assert.equal(work.text, '🛠 Maintenance of everything until 12:30 (Vera)');
  assert.deepEqual(work.buttons, [['End maintenance']]);
  assert.equal((await says(stage, user, '/mute all 8d')).text, 'Not done: 7 days at most');
});

test('/mute takes a title of several words, too', async (t) => {
  const { stage, user } = await begin(t);
  stage.control.add('panel', { title: 'Main panel' });
  assert.equal((await says(stage, user, '/mute main Panel 2 ч')).text, '🔕 Main panel: muted until 14:00 (Vera)');
  assert.match((await says(stage, user, '/maintenance main panel')).text, /Main panel: mutes and maintenance/);
});

test('in a group everybody sees an alert, and each press is asked who it was', async (t) => {
  const { stage, user: vera } = await begin(t);
  const guest = stage.world.user({ id: 9, first_name: 'Guest' });
  const stranger = stage.world.user({ id: 666, first_name: 'Mallory' });
  const group = stage.world.group({ id: -1001, title: 'Ops', members: [vera, guest, stranger] });
  stage.incidents.problem('shop');
  const { id } = group.sends(vera, '/alerts');
  const list = await stage.world.waitForMessage(group, (message) => message.fromBot && message.id > id);
  await group.taps(vera, list, /Shop/);
  const opened = await stage.world.waitForMessage(group, /exit code 1/, { since: list.revision });
  const refused = await group.taps(guest, opened, 'Acknowledge');
  assert.deepEqual([refused?.text, refused?.show_alert], ['You may look, but not act. Ask an operator.', true]);
  const ignored = group.taps(stranger, opened, 'Acknowledge');
  assert.match((await group.taps(vera, opened, 'Acknowledge'))?.text ?? '', /^You have taken it on/);
  const taken = await stage.world.waitForMessage(group, /Taken on by/, { since: opened.revision });
  assert.match(taken.text, /Taken on by Vera at/);
  assert.equal(await Promise.race([ignored, Promise.resolve('no answer')]), 'no answer');
});

test('mistyped /mute: how it is meant, with an example and the names', async (t) => {
  const { stage, user } = await begin(t);
  assert.match((await says(stage, user, '/mute redis soon')).text, /for how long\? \/mute service 30m/);
  const unknown = await says(stage, user, '/maintenance <b> 30m');
  assert.match(unknown.text, /There is no service <b>\.[\s\S]*\/maintenance service 30m[\s\S]*all, shop, redis/);
  assert.deepEqual(stage.incidents.alerting.mutes(), []);
});

test('by taps: from the menu and from a service to the lengths of time, and back', async (t) => {
  const { stage, user } = await begin(t);
  const menu = await says(stage, user, '/menu');
  const service = (await tap(stage, user, menu, 'Redis')).shown;
  const mutes = (await tap(stage, user, service, 'Mute…')).shown;
  assert.deepEqual(mutes.buttons, [
    ['Mute 30 min', 'Mute 2 h'],
    ['Till morning', 'Mute 1 day'],
    ['Work 30 min', 'Work 2 h', 'Work 1 day'],
    ['Refresh', 'Back'],
  ]);
  const muted = (await tap(stage, user, mutes, 'Mute 30 min')).shown;
  assert.match(muted.text, /🔕 Redis: muted until 12:30 \(Vera\)/);
  const both = (await tap(stage, user, muted, 'Work 2 h')).shown;
  assert.match(both.text, /🛠 Redis: maintenance until 14:00 \(Vera\)/);
  const back = (await tap(stage, user, both, 'Back')).shown;
  assert.match(back.text, /🔕 Redis: muted until 12:30 \(Vera\)\n🛠 Redis: maintenance until 14:00/);
  assert.deepEqual(back.buttons.at(-1), ['Unmute', 'Mute…', 'Back']);
  const loud = (await tap(stage, user, back, 'Unmute')).shown;
  assert.doesNotMatch(loud.text, /🔕|🛠/);
  const list = (await tap(stage, user, loud, 'Back')).shown;
  const all = (await tap(stage, user, list, 'Mute…')).shown;
  assert.match((await tap(stage, user, all, 'Mute 1 day')).shown.text, /🔕 Everything is muted until 24 Nov, 12:00/);
});

test('the list and /status show what is open and what is muted, and end a mute with one tap', async (t) => {
  const { stage, user } = await begin(t);
  const { alerting } = stage.incidents;
  const oleg = { kind: 'cli', id: 'oleg', name: 'Oleg' } as const;
  stage.incidents.problem('shop');
  stage.incidents.problem('redis');
  alerting.acknowledge([1], oleg);
  const services = ['shop', 'redis'].map((service) => ({ covers: 'service', service }) as const);
  alerting.mute('mute', services, noon + 600_000, oleg);
  alerting.mute('maintenance', [{ covers: 'all' }], noon + 1_200_000, oleg);
  const list = await says(stage, user, '/menu');
  assert.match(list.text, /🔔 2 open alerts, 1 not taken on\n🔕 Shop <bot>, Redis: muted until 12:10 \(Oleg\)\n🛠 /);
  assert.deepEqual(list.buttons.slice(2, 6), [
    ['Unmute: Shop <bot>'],
    ['Unmute: Redis'],
    ['Unmute everything'],
    ['Alerts', 'Mute…', 'Charts'],
  ]);
  const fewer = (await tap(stage, user, list, 'Unmute: Redis')).shown;
  assert.match(fewer.text, /🔕 Shop <bot>: muted until 12:10/);
  const status = await says(stage, user, '/status');
  assert.match(status.text, /🛠 Maintenance of everything until 12:20 \(Oleg\)/);
  assert.deepEqual(status.buttons, [['Unmute: Shop <bot>'], ['End maintenance'], ['Alerts', 'Menu']]);
  await tap(stage, user, status, 'End maintenance');
  assert.deepEqual(
    alerting.mutes().map(({ scope }) => scope),
    [{ covers: 'service', service: 'shop' }],
  );
});

test('/audit: owners see who did what, twenty a page; nobody else does', async (t) => {
  const { stage, user: oleg } = await begin(t, 8);
  const { alerting } = stage.incidents;
  assert.match((await says(stage, oleg, '/audit')).text, /Nobody has done anything yet/);
  for (let n = 0; n < 24; n++) alerting.acknowledge([n + 50], { kind: 'cli', id: 'root', name: 'root' });
  stage.incidents.problem('shop');
  alerting.acknowledge([1], { kind: 'telegram', id: '7', name: 'Vera <3' });
  const first = await says(stage, oleg, '/audit');
  assert.match(
    first.text,
    /\n✅ 12:00:00 Vera <3: acknowledge Shop <bot>\n✖️ 12:00:00 root \(command line\): acknowledge .*there is no alert 73/,
  );
  assert.equal(first.text.match(/acknowledge/g)?.length, 20);
  const second = (await tap(stage, oleg, first, 'Next ›')).shown;
  assert.equal(second.text.match(/acknowledge/g)?.length, 5);
  assert.deepEqual(second.buttons, [['‹ Previous'], ['Menu']]);
  const vera = stage.world.user({ id: 7, first_name: 'Vera' });
  assert.equal((await says(stage, vera, '/audit')).text, 'Only owners can see who did what.');
  const forged = await vera.forges(1, encode({ kind: 'audit', page: 0 }));
  assert.equal(forged?.text, 'Only owners can see who did what.');
});

test('/settings: from which level up and quiet hours, for oneself; the choice is kept and acted on', async (t) => {
  const { stage, user } = await begin(t);
  const settings = await says(stage, user, '/settings');
  assert.match(settings.text, /Alerts: all\nQuiet hours: off \(23:00–08:00 when on\)/);
  const fewer = (await tap(stage, user, settings, 'Errors up')).shown;
  assert.match(fewer.text, /Alerts: errors and worse/);
  const quiet = (await tap(stage, user, fewer, 'Quiet hours on')).shown;
  assert.match(quiet.text, /Quiet hours: 23:00–08:00, only what is critical may sound then/);
  assert.ok(quiet.buttons.flat().includes('Quiet hours off'));
  assert.equal(stage.settings.get('admin:7:level'), 'error');
  assert.equal(stage.settings.get('admin:7:quiet'), 'on');
  assert.equal(stage.preferences, 2, 'what the gate holds is asked again');
  const oleg = stage.world.user({ id: 8, first_name: 'Oleg' });
  const his = await says(stage, oleg, '/settings');
  assert.match(his.text, /Alerts: all/);
  assert.ok(his.buttons.flat().includes('Audit'));
  assert.ok(!quiet.buttons.flat().includes('Audit'));
});

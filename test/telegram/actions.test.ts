import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import type { ServiceView } from '../../src/core/snapshot.ts';
import { encode } from '../../src/telegram/callback-data.ts';
import type { ShownMessage } from '../world/telegram/server.ts';
import { until } from '../world/until.ts';
import { noon, type Stage, setStage } from './stage.ts';

const user = (stage: Stage, id = 7) => stage.world.user({ id, first_name: id === 7 ? 'Vera' : `User ${id}` });

/** The screen of the shop bot in the chat of `id`. */
async function openShop(stage: Stage, id = 7): Promise<ShownMessage> {
  await stage.heard();
  const person = user(stage, id);
  person.start();
  const menu = await stage.world.waitForMessage(person, /as of/, { since: person.last()?.revision ?? -1 });
  await person.taps(menu, 'Shop bot');
  return await stage.world.waitForMessage(person, /Checks:/);
}

async function askRestart(stage: Stage, id = 7): Promise<ShownMessage> {
  const screen = await openShop(stage, id);
  await user(stage, id).taps(screen, 'Restart');
  return await stage.world.waitForMessage(id, /Restart Shop bot\?/);
}

test('Restart asks, says what will happen, and then tells how it goes and ends', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage);
  assert.match(question.text, /up for 3 h\.[\s\S]*healthy now[\s\S]*cannot use it until it is up[\s\S]*Only Vera/);
  assert.deepEqual(question.buttons, [['Confirm restart', 'Cancel']]);
  assert.equal(stage.control.asked.length, 0);
  assert.deepEqual(await user(stage).taps(question, 'Confirm restart'), { text: '', show_alert: false, url: '' });
  const running = await stage.world.waitForMessage(7, /Restarting Shop bot… \(asked by Vera\)/);
  assert.equal(running.id, question.id);
  const [asked] = stage.control.asked;
  assert.deepEqual(
    [asked?.service, asked?.verb, asked?.by],
    ['shop', 'restart', { kind: 'telegram', id: '7', name: 'Vera' }],
  );
  asked?.end({ ok: true, took: 1234, note: null });
  const result = await stage.world.waitForMessage(7, /✅ Restarted in 1\.2 s \(asked by Vera\)[\s\S]*Checks:/);
  assert.equal(result.id, question.id);
  assert.deepEqual(result.buttons, [
    ['Restart', 'Stop'],
    ['Logs', 'Chart', 'Refresh'],
    ['Mute…', 'Back'],
  ]);
});

test('a failure says why, a note what was special', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  stage.control.instead = () => ({ ok: false, took: 20_000, reason: reason('telegram-server', { code: '<7>' }) });
  await user(stage).taps(await askRestart(stage), 'Confirm restart');
  await stage.world.waitForMessage(7, /❌ Not restarted: .*<7>.* \(asked by Vera, after 20 s\)/);
  stage.control.instead = () => ({ ok: true, took: 10, note: reason('telegram-server', { code: '8' }) });
  await user(stage).taps(await askRestart(stage), 'Confirm restart');
  await stage.world.waitForMessage(7, /✅ Restarted in 10 ms[\s\S]*error 8/);
});

test('Start does not ask', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot', state: 'stopped', wanted: 'down', can: ['start'] });
  const screen = await openShop(stage);
  assert.deepEqual(screen.buttons[0], ['Start']);
  await user(stage).taps(screen, 'Start');
  await stage.world.waitForMessage(7, /Starting Shop bot… \(asked by Vera\)/);
  stage.control.asked[0]?.end({ ok: true, took: 900, note: null });
  await stage.world.waitForMessage(7, /Started in 900 ms/);
});

/** The shop bot is down, and so is what it needs. */
async function openDownShop(stage: Stage, postgres: Partial<ServiceView> = {}): Promise<ShownMessage> {
  const down = { state: 'stopped', wanted: 'down', can: ['start'] } as const;
  stage.control.add('shop', { title: 'Shop bot', needs: ['postgres', 'redis'], ...down });
  stage.control.add('postgres', { title: 'PostgreSQL', state: 'failed', can: ['start'], ...postgres });
  stage.control.add('redis', { title: 'Redis' });
  return await openShop(stage);
}

test('Start says what it needs is down, and asks: that first, anyway, or not at all', async (t) => {
  const stage = await setStage(t);
  await user(stage).taps(await openDownShop(stage), 'Start');
  const question = await stage.world.waitForMessage(7, /Start Shop bot\?/);
  assert.match(question.text, /It needs PostgreSQL, which is down: down, the manager gave up 3 h ago[\s\S]*Only Vera/);
  assert.ok(!question.text.includes('Redis'));
  assert.deepEqual(question.buttons, [['Start PostgreSQL first'], ['Start anyway', 'Cancel']]);
  assert.equal(stage.control.asked.length, 0);
  await user(stage).taps(question, 'Start PostgreSQL first');
  await stage.world.waitForMessage(7, /Starting Shop bot… \(asked by Vera\)/);
  const [asked] = stage.control.asked;
  assert.deepEqual([asked?.service, asked?.verb, asked?.needs], ['shop', 'start', 'first']);
  asked?.end({ ok: false, took: 900, reason: reason('need-not-started', { name: 'PostgreSQL' }) });
  await stage.world.waitForMessage(7, /❌ Not started: it needs PostgreSQL, which could not be started/);
});

test('Start anyway is one person’s word and dies after a minute', async (t) => {
  const stage = await setStage(t);
  const screen = await openDownShop(stage);
  await user(stage).taps(screen, 'Start');
  const dead = await stage.world.waitForMessage(7, /Start Shop bot\?/);
  stage.now += 60_000;
  for (const button of ['Start PostgreSQL first', 'Start anyway'])
    assert.equal(
      (await user(stage).tapsStale(dead, button))?.text,
      'This question is no longer open. Nothing was done.',
    );
  const fresh = await stage.world.waitForMessage(7, /Checks:[\s\S]*12:01:00/);
  await user(stage).taps(fresh, 'Start');
  const question = await stage.world.waitForMessage(7, /Start Shop bot\?/);
  await user(stage).taps(question, 'Start anyway');
  await stage.world.waitForMessage(7, /Starting Shop bot…/);
  assert.deepEqual(
    stage.control.asked.map(({ service, needs }) => [service, needs]),
    [['shop', 'ignore']],
  );
});

test('what cannot be started from here is not offered to be started first', async (t) => {
  const stage = await setStage(t);
  await user(stage).taps(await openDownShop(stage, { state: 'unknown', can: ['stop'] }), 'Start');
  const question = await stage.world.waitForMessage(7, /It needs PostgreSQL/);
  assert.deepEqual(question.buttons, [['Start anyway', 'Cancel']]);
});

test('Restart says what is down that it needs, Stop says who needs it', async (t) => {
  const stage = await setStage(t);
  const screen = await openDownShop(stage);
  stage.control.change('shop', { state: 'running', wanted: 'up', can: ['restart', 'stop'] });
  stage.control.add('site', { title: 'Site', needs: ['shop'] });
  await user(stage).taps(screen, 'Refresh');
  await user(stage).taps(await stage.world.waitForMessage(7, /Running for/), 'Restart');
  const restart = await stage.world.waitForMessage(7, /Restart Shop bot\?/);
  assert.match(restart.text, /It needs PostgreSQL, which is down[\s\S]*Depending on it: Site\./);
  assert.deepEqual(restart.buttons, [['Start PostgreSQL first'], ['Restart anyway', 'Cancel']]);
  await user(stage).taps(restart, 'Cancel');
  await user(stage).taps(await stage.world.waitForMessage(7, /Checks:/, { since: restart.revision }), 'Stop');
  const stop = await stage.world.waitForMessage(7, /Stop Shop bot\?/);
  assert.match(stop.text, /Depending on it: Site\./);
  assert.ok(!stop.text.includes('PostgreSQL'));
  assert.deepEqual(stop.buttons, [['Confirm stop', 'Cancel']]);
});

test('Cancel does nothing and says so', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage);
  assert.equal((await user(stage).taps(question, 'Cancel'))?.text, 'Cancelled. Nothing was done.');
  await stage.world.waitForMessage(7, /Checks:/, { since: question.revision });
  assert.equal(
    (await user(stage).tapsStale(question, 'Confirm restart'))?.text,
    'This question is no longer open. Nothing was done.',
  );
  assert.equal(stage.control.asked.length, 0);
});

test('a confirmation dies after a minute', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage);
  stage.now += 60_000;
  assert.equal(
    (await user(stage).taps(question, 'Confirm restart'))?.text,
    'This question is no longer open. Nothing was done.',
  );
  const fresh = await stage.world.waitForMessage(7, /Checks:[\s\S]*12:01:00/);
  assert.equal(fresh.id, question.id);
  assert.equal(stage.control.asked.length, 0);
});

test('a confirmation a moment before the minute is over is good', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage);
  stage.now += 59_999;
  await user(stage).taps(question, 'Confirm restart');
  await stage.world.waitForMessage(7, /Restarting/);
});

test('in a group only the one who asked can confirm or cancel', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const [asker, other] = [user(stage, 7), user(stage, 8)];
  const group = stage.world.group({ id: -1_001_234_567_890, title: 'Night shift', members: [asker, other] });
  await stage.heard();
  group.sends(asker, '/menu');
  const menu = await stage.world.waitForMessage(group, /as of/);
  await group.taps(asker, menu, 'Shop bot');
  const screen = await stage.world.waitForMessage(group, /Checks:/);
  await group.taps(asker, screen, 'Restart');
  const question = await stage.world.waitForMessage(group, /Restart Shop bot\?/);
  for (const button of ['Confirm restart', 'Cancel']) {
    const said = await group.taps(other, question, button);
    assert.match(said?.text ?? '', /Only Vera can confirm or cancel/);
    assert.equal(said?.show_alert, true);
  }
  assert.equal(stage.control.asked.length, 0);
  assert.equal(group.last()?.edits, question.edits, 'the question stands as it was');
  await group.taps(asker, question, 'Confirm restart');
  await stage.world.waitForMessage(group, /Restarting/);
});

test('two quick presses of Confirm act once', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage);
  const vera = user(stage);
  const both = await Promise.all([vera.taps(question, 'Confirm restart'), vera.tapsStale(question, 'Confirm restart')]);
  assert.ok(
    both.every((said) => said !== null),
    'both are answered',
  );
  await stage.world.waitForMessage(7, /Restarting/);
  assert.equal(stage.control.asked.length, 1);
  stage.control.asked[0]?.end({ ok: true, took: 5, note: null });
  await stage.world.waitForMessage(7, /Restarted in 5 ms/);
  const third = await vera.tapsStale(question, 'Confirm restart');
  assert.equal(third?.text, 'This question is no longer open. Nothing was done.');
  assert.equal(stage.control.asked.length, 1);
});

test('two quick presses of Start act once', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot', state: 'stopped', wanted: 'down', can: ['start'] });
  const screen = await openShop(stage);
  const vera = user(stage);
  await Promise.all([vera.taps(screen, 'Start'), vera.tapsStale(screen, 'Start')]);
  await stage.world.waitForMessage(7, /Starting Shop bot…/);
  assert.equal(stage.control.asked.length, 1);
});

test('while something runs, another verb says what, by whom and since when', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage, 8);
  const mine = await askRestart(stage, 7);
  await user(stage, 8).taps(question, 'Confirm restart');
  await stage.world.waitForMessage(8, /Restarting/);
  stage.now += 4_000;
  const said = await user(stage, 7).taps(mine, 'Confirm restart');
  assert.equal(said?.text, 'User 8 is restarting Shop bot, since 12:00:00 (4 s).');
  const screen = await stage.world.waitForMessage(7, /Being restarted by User 8/);
  assert.deepEqual(
    screen.buttons,
    [
      ['Logs', 'Chart', 'Refresh'],
      ['Mute…', 'Back'],
    ],
    'nothing to press that makes no sense',
  );
  assert.equal(stage.control.asked.length, 1);
});

test('the chat stays usable while an operation runs, and its end finds its way', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const question = await askRestart(stage);
  await user(stage).taps(question, 'Confirm restart');
  const running = await stage.world.waitForMessage(7, /Restarting/);
  stage.now += 1_000;
  await user(stage).taps(running, 'Refresh');
  const refreshed = await stage.world.waitForMessage(7, /Restarting[\s\S]*12:00:01/);
  assert.equal(refreshed.id, running.id);
  await user(stage).taps(refreshed, 'Back');
  const list = await stage.world.waitForMessage(7, /⏳ Shop bot: being restarted by Vera, for 1 s \(1 min at most\)/);
  stage.control.asked[0]?.end({ ok: true, took: 3_000, note: null });
  const result = await stage.world.waitForMessage(7, /Restarted in 3 s/);
  assert.notEqual(result.id, list.id, 'the list one went to is left alone');
});

test('a viewer sees but does not act', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const screen = await openShop(stage, 9);
  assert.deepEqual(screen.buttons, [
    ['Logs', 'Chart', 'Refresh'],
    ['Mute…', 'Back'],
  ]);
  const guest = user(stage, 9);
  for (const verb of ['start', 'stop', 'restart'] as const) {
    const said = await guest.forges(screen.id, encode({ kind: 'act', verb, service: 'shop' }));
    assert.deepEqual([said?.text, said?.show_alert], ['You may look, but not act. Ask an operator.', true]);
  }
  // The button of an operator's screen, replayed.
  const theirs = await openShop(stage, 8);
  const stolen = theirs.keyboard[0]?.[1]?.callback_data ?? '';
  assert.notEqual(stolen, '');
  await guest.forges(screen.id, stolen);
  assert.equal(stage.control.asked.length, 0);
  assert.doesNotMatch(guest.last()?.text ?? '', /Stop Shop bot\?/);
});

test('the press goes by what the button says, when the buttons changed places', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot', can: ['stop', 'restart'] });
  const screen = await openShop(stage);
  stage.control.change('shop', { can: ['restart', 'stop'] });
  const said = await user(stage).taps(screen, 'Stop');
  assert.equal(said?.text, 'This button is out of date. Here is the current state.');
  const fresh = await stage.world.waitForMessage(7, /Checks:/, { since: screen.revision });
  assert.deepEqual(fresh.buttons[0], ['Restart', 'Stop']);
  await user(stage).taps(fresh, 'Stop');
  await stage.world.waitForMessage(7, /Stop Shop bot\?[\s\S]*It stays down, also after a restart of the manager/);
});

test('a press whose query is too old does nothing', async (t) => {
  const stage = await setStage(t, { queryLifetimeMs: 500 });
  stage.control.add('shop', { title: 'Shop bot', state: 'stopped', wanted: 'down', can: ['start'] });
  const screen = await openShop(stage);
  const tooOld = {
    status: 400,
    description: 'Bad Request: query is too old and response timeout expired or query ID is invalid',
  };
  stage.world.inject({ method: 'answerCallbackQuery', fault: tooOld, times: 1 });
  void user(stage).taps(screen, 'Start');
  await stage.world.waitFor(() => stage.world.callsOf('answerCallbackQuery').some(({ status }) => status === 400));
  user(stage).sends('/help');
  await stage.world.waitForMessage(7, /What you can do/);
  assert.equal(stage.control.asked.length, 0);
});

test('an old or unknown button is answered and leads to the present', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const screen = await openShop(stage);
  for (const data of ['v0:restart:shop', 'list/0/0/0:shop/hxxxx', 'old/0/0/x/h1234', encode({ kind: 'leave' })]) {
    const said = await user(stage).forges(screen.id, data);
    assert.ok(said !== null, `${data} is answered`);
  }
  const said = await user(stage).forges(screen.id, 'v0:restart:shop');
  assert.equal(said?.text, 'This button is out of date. Here is the current state.');
  assert.equal(stage.control.asked.length, 0);
});

test('an operation whose end Telegram does not take at first is told in the end', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  await user(stage).taps(await askRestart(stage), 'Confirm restart');
  await stage.world.waitForMessage(7, /Restarting/);
  stage.world.inject({ method: 'editMessageText', fault: { status: 502, description: 'Bad Gateway' }, times: 4 });
  stage.control.asked[0]?.end({ ok: true, took: 5, note: null });
  await stage.world.waitForMessage(7, /Restarted in 5 ms/, { timeoutMs: 10_000 });
});

test('what the bot stops in the middle of is waited for', async (t) => {
  const stage = await setStage(t, { timing: { handlerGrace: 10_000 } });
  stage.control.add('shop', { title: 'Shop bot' });
  await user(stage).taps(await askRestart(stage), 'Confirm restart');
  await stage.world.waitForMessage(7, /Restarting/);
  let stopped = false;
  const stopping = stage.telegram.stop().then(() => {
    stopped = true;
  });
  await until(() => stage.world.pollsInFlight === 0, 'polling to end');
  assert.equal(stopped, false);
  stage.control.asked[0]?.end({ ok: true, took: 5, note: null });
  await stopping;
  assert.match(user(stage).last()?.text ?? '', /Restarted in 5 ms/);
});

test('buttons under an alert: Restart asks in a new message, Start again starts, Logs shows lines', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  stage.control.lines = ['first line', 'token=abcdef and <b>'];
  const vera = user(stage);
  await stage.heard();
  vera.sends('/help');
  await stage.world.waitForMessage(7, /What you can do/);
  const alert = { text: 'Shop bot is down', silent: false, replyTo: null };
  const button = (text: string, verb: 'start' | 'restart') => ({
    text,
    data: encode({ kind: 'act', verb, service: 'shop' }),
  });
  const buttons = [[button('Restart', 'restart'), { text: 'Logs', data: encode({ kind: 'logs', service: 'shop' }) }]];
  const sent = await stage.telegram.transport.send({ chat: '7', topic: null }, { ...alert, buttons });
  assert.equal(sent.outcome, 'sent');
  const shown = await stage.world.waitForMessage(7, 'Shop bot is down');
  await vera.taps(shown, 'Logs');
  const logs = await stage.world.waitForMessage(7, /the last 2 lines\nfirst line\ntoken=\[redacted\] and <b>/);
  assert.notEqual(logs.id, shown.id);
  await vera.taps(shown, 'Restart');
  const question = await stage.world.waitForMessage(7, /Restart Shop bot\?/);
  assert.notEqual(question.id, shown.id);
  // Down by now: whoever restarts it wants it up.
  stage.control.change('shop', { state: 'failed', can: ['start'] });
  await vera.taps(shown, 'Restart');
  await stage.world.waitForMessage(7, /Starting Shop bot…/);
  stage.control.asked[0]?.end({ ok: true, took: 5, note: null });
  await stage.world.waitForMessage(7, /Started in 5 ms/);
  assert.deepEqual([shown.edits, vera.messages().find(({ id }) => id === shown.id)?.edits], [0, 0], 'the alert stays');
});

test('an alert whose service makes no sense to act on says why', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot', state: 'stopping', since: noon - 5_000, can: [] });
  await stage.heard();
  const vera = user(stage);
  vera.sends('/help');
  const help = await stage.world.waitForMessage(7, /What you can do/);
  const said = await vera.forges(help.id, encode({ kind: 'act', verb: 'restart', service: 'shop' }));
  assert.equal(said?.text, 'Shop bot cannot be restarted now: stopping for 5 s.');
  const gone = await vera.forges(help.id, encode({ kind: 'act', verb: 'restart', service: 'gone' }));
  assert.equal(gone?.text, 'There is no service gone.');
});

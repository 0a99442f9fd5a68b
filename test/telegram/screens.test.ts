import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import { noon, type Stage, setStage, vera } from './stage.ts';

async function openMenu(stage: Stage, id = 7) {
  const user = stage.world.user({ id, first_name: 'Vera', language_code: 'en' });
  await stage.heard();
  const since = stage.world.revision;
  user.start();
  const menu = await stage.world.waitForMessage(user, /as of/, { since });
  return { user, menu };
}

test('/start shows how everything stands, worst first, and a button for each service', async (t) => {
  const stage = await setStage(t);
  stage.control.add('redis', { title: 'Redis' });
  stage.control.add('shop', {
    title: 'Shop <bot>',
    state: 'backing-off',
    reason: reason('exit-code', { code: '1' }),
    retryAt: noon + 8_000,
    can: ['start', 'stop'],
  });
  stage.control.add('panel', { title: 'Panel', state: 'stopped', wanted: 'down', can: ['start'] });
  const { menu } = await openMenu(stage);
  const lines = menu.text.split('\n');
  assert.match(lines[0] ?? '', /1 of 3 has a problem \(1 stopped by an operator\)/);
  assert.match(lines[2] ?? '', /^🔴 Shop <bot>: down, next try in 8 s: .*code 1/);
  assert.match(lines[3] ?? '', /^⚫ Panel: stopped by an operator, 3 h ago/);
  assert.match(lines[4] ?? '', /^🟢 Redis: running for 3 h/);
  assert.deepEqual(menu.buttons, [
    ['Shop <bot>'],
    ['Panel'],
    ['Redis'],
    ['Alerts', 'Mute…', 'Charts'],
    ['Refresh', 'Summary'],
    ['All at once…', 'Settings'],
  ]);
});

test('all healthy is said so, and only then', async (t) => {
  const stage = await setStage(t);
  for (const name of ['a', 'b', 'c']) stage.control.add(name);
  const { user, menu } = await openMenu(stage);
  assert.match(menu.text, /^🟢 All 3 services healthy/);
  stage.control.change('b', { health: 'unknown' });
  await user.taps(menu, 'Refresh');
  await stage.world.waitForMessage(user, /⚪ 1 of 3 not known to be healthy yet/);
});

test('an empty list says what to do next', async (t) => {
  const stage = await setStage(t);
  const { menu } = await openMenu(stage);
  assert.match(menu.text, /config\/services\.yaml/);
});

test('alerts that wait and trouble with Telegram stand in the menu', async (t) => {
  const stage = await setStage(t);
  stage.control.add('a');
  stage.control.telegram = {
    ...stage.control.telegram,
    ...{ waiting: 3, oldestWaiting: noon - 240_000, reason: reason('telegram-flood', { seconds: 30 }) },
  };
  const { menu } = await openMenu(stage);
  assert.match(menu.text, /3 alerts wait to be delivered, the oldest for 4 min/);
  assert.match(menu.text, /Telegram asks to wait 30 s/);
});

test('a service opens with all that is known of it, and Back leads to the list', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', {
    title: 'Shop bot',
    health: 'unhealthy',
    healthSince: noon - 240_000,
    healthReason: reason('telegram-no-answer', { detail: 'x <y>' }),
  });
  const { user, menu } = await openMenu(stage);
  await user.taps(menu, 'Shop bot');
  const screen = await stage.world.waitForMessage(user, /Checks:/);
  assert.equal(screen.id, menu.id, 'the screen turns, no new message');
  assert.match(screen.text, /Running for 3 h: unhealthy/);
  assert.match(screen.text, /Unhealthy for 4 min: .*x <y>/);
  assert.match(screen.text, /Process 4242, up 3 h/);
  assert.match(screen.text, /Restarts by the manager: 2; recent exits that count: 1/);
  assert.match(screen.text, /Last exit: .*1.*, 09:00:00/);
  assert.match(screen.text, /🟢 process cpu 3\.2 %/);
  assert.deepEqual(screen.buttons, [
    ['Restart', 'Stop'],
    ['Logs', 'Chart', 'Refresh'],
    ['Mute…', 'Back'],
  ]);
  await user.taps(screen, 'Back');
  await stage.world.waitForMessage(user, /1 of 1 has a problem/, { since: screen.revision });
});

test('a button opens the service it names, wherever that stands by now', async (t) => {
  const stage = await setStage(t);
  stage.control.add('api', { title: 'Api' });
  stage.control.add('db', { title: 'Db' });
  const { user, menu } = await openMenu(stage);
  assert.deepEqual(menu.buttons.slice(0, 2), [['Api'], ['Db']]);
  stage.control.change('db', { state: 'failed' });
  stage.control.add('aaa', { state: 'failed' });
  await user.taps(menu, 'Db');
  assert.match((await stage.world.waitForMessage(user, /Checks:/)).text, /🔴 Db/);
});

test('more than eight services come in pages', async (t) => {
  const stage = await setStage(t);
  for (let n = 10; n < 30; n++) stage.control.add(`service-${n}`);
  const { user, menu } = await openMenu(stage);
  assert.equal(menu.buttons.length, 12);
  assert.match(menu.text, /Page 1 of 3/);
  assert.match(menu.text, /All 20 services healthy/);
  await user.taps(menu, 'Next ›');
  const second = await stage.world.waitForMessage(user, /Page 2 of 3/);
  assert.deepEqual(second.buttons[0], ['service-18']);
  await user.taps(second, 'Next ›');
  const third = await stage.world.waitForMessage(user, /Page 3 of 3/);
  assert.deepEqual(third.buttons.at(-4), ['‹ Previous']);
  await user.taps(third, 'service-29');
  const screen = await stage.world.waitForMessage(user, /service-29[\s\S]*Checks:/);
  await user.taps(screen, 'Back');
  await stage.world.waitForMessage(user, /Page 3 of 3/, { since: screen.revision });
});

test('a service that is gone from the configuration is said so, with the list', async (t) => {
  const stage = await setStage(t);
  stage.control.add('old', { title: 'Old' });
  stage.control.add('new');
  const { user, menu } = await openMenu(stage);
  stage.control.services.delete('old');
  await user.taps(menu, 'Old');
  await stage.world.waitForMessage(user, /There is no service old\.[\s\S]*The service is healthy/);
});

test('names of 32 characters and a last page fit into the buttons', async (t) => {
  const stage = await setStage(t);
  for (let n = 100; n < 109; n++) stage.control.add(`${'n'.repeat(29)}${n}`, { can: ['start', 'stop', 'restart'] });
  const { user, menu } = await openMenu(stage);
  await user.taps(menu, 'Next ›');
  const second = await stage.world.waitForMessage(user, /Page 2/);
  await user.taps(second, /^nnn/);
  const screen = await stage.world.waitForMessage(user, /Checks:/);
  await user.taps(screen, 'Logs');
  await stage.world.waitForMessage(user, /the log is empty/);
});

test('/status says everything in one text, split when it is long', async (t) => {
  const stage = await setStage(t);
  for (let n = 100; n < 300; n++) stage.control.add(`service-${n}`, { title: `Service <${n}> & more` });
  const user = stage.world.user({ id: 7 });
  await stage.heard();
  for (const command of ['/status', '/services', '/health']) {
    const before = user.messages().length;
    user.sends(command);
    const last = await stage.world.waitForMessage(user, /Manager 0\.1\.0 on vpn-1, up 1 h/, {
      since: user.messages().at(-1)?.revision ?? 0,
    });
    assert.deepEqual(last.buttons, [['Alerts', 'Menu']]);
    const parts = user.messages().slice(before + 1);
    assert.ok(parts.length >= 2);
    const text = parts.map((part) => part.text).join('\n');
    for (let n = 100; n < 300; n++) assert.ok(text.includes(`Service <${n}> & more: running`));
  }
});

test('/help, /settings, an unknown command and plain words are all answered', async (t) => {
  const stage = await setStage(t);
  stage.control.add('a');
  const user = stage.world.user({ id: 7 });
  await stage.heard();
  user.sends('/help');
  const help = await stage.world.waitForMessage(user, /What you can do here/);
  await user.taps(help, 'Menu');
  await stage.world.waitForMessage(user, /The service is healthy/);
  for (const text of ['/reboot', 'hello']) {
    const since = user.messages().at(-1)?.revision ?? 0;
    user.sends(text);
    await stage.world.waitForMessage(user, /\/help says what I understand/, { since });
  }
  user.sends('/settings');
  const settings = await stage.world.waitForMessage(user, /Settings/);
  assert.match(settings.text, /You: Vera \(7\)\nRole: operator/);
});

test('the language is that of the setting, else of Telegram, and changes at once', async (t) => {
  const stage = await setStage(t);
  stage.control.add('a');
  const user = stage.world.user({ id: 7, language_code: 'ru' });
  await stage.heard();
  user.start();
  const menu = await stage.world.waitForMessage(user, /Сервис в порядке/);
  assert.equal(stage.telegram.languageOf(7), 'ru');
  await user.taps(menu, 'Настройки');
  const settings = await stage.world.waitForMessage(user, /Язык: Русский/);
  await user.taps(settings, 'English');
  const english = await stage.world.waitForMessage(user, /Language: English/);
  assert.equal(stage.telegram.languageOf(7), 'en');
  await stage.world.waitFor(() => user.commands()[0]?.description.startsWith('All services'));
  await user.taps(english, 'Back');
  await stage.world.waitForMessage(user, /The service is healthy/);
  // An old screen in the other language is brought up to date by its next press.
  assert.equal(stage.settings.get('telegram.language.7'), 'en');
});

test('the configured language counts until the person chooses another', async (t) => {
  const stage = await setStage(t, {
    telegram: { admins: [{ ...vera, role: 'viewer', language: 'ru' }] },
  });
  stage.control.add('a');
  const user = stage.world.user({ id: 7, language_code: 'en' });
  await stage.heard();
  user.start();
  await stage.world.waitForMessage(user, /Сервис в порядке/);
  assert.equal(stage.telegram.languageOf(7), 'ru');
});

test('commands are set for each admin who opened the chat, once, and for nobody else', async (t) => {
  const settings = new Map<string, string>();
  const first = await setStage(t, { settings });
  const user = first.world.user({ id: 7, language_code: 'ru' });
  await first.heard();
  user.sends('/help');
  await first.world.waitForMessage(user, /Что здесь можно/);
  await first.world.waitFor(() => user.commands().some(({ command }) => command === 'status'));
  assert.deepEqual(first.world.user({ id: 666 }).commands(), []);
  await first.telegram.stop();
  const calls = first.world
    .callsOf('setMyCommands')
    .filter(({ params }) => JSON.stringify(params).includes('"chat_id":7'));
  const done = calls.filter(({ status }) => status === 200).length;
  assert.equal(done, 1);
  const second = await setStage(t, { settings, world: first.world });
  await second.heard();
  user.sends('/help');
  await first.world.waitFor(() => user.messages().filter(({ text }) => /Что здесь/.test(text)).length === 2);
  const again = first.world
    .callsOf('setMyCommands')
    .filter(({ params, status }) => status === 200 && JSON.stringify(params).includes('"chat_id":7'));
  assert.equal(again.length, done, 'what is set is not set again');
});

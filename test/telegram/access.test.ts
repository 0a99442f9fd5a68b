import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../src/telegram/callback-data.ts';
import { setStage } from './stage.ts';

test('strangers get no answer of any kind, and the owners one notice each', async (t) => {
  const settings = new Map<string, string>();
  const stage = await setStage(t, { settings, queryLifetimeMs: 300 });
  stage.control.add('shop', { title: 'Shop bot' });
  const admin = stage.world.user({ id: 7 });
  const stranger = stage.world.user({ id: 666, first_name: 'Mallory', last_name: 'M', username: 'mallory' });
  await stage.heard();
  admin.start();
  const menu = await stage.world.waitForMessage(admin, /as of/);
  const before = stage.world.callsOf('answerCallbackQuery').length;

  stranger.start();
  stranger.sends('/status');
  stranger.sends('hello');
  stranger.blocks();
  stranger.unblocks();
  const data = menu.keyboard[0]?.[0]?.callback_data ?? '';
  const answers = await Promise.all([
    stranger.forges(menu.id, data),
    stranger.forges(menu.id, encode({ kind: 'act', verb: 'restart', service: 'shop' })),
    stranger.forges(menu.id, 'nonsense'),
  ]);
  assert.deepEqual(answers, [null, null, null]);
  admin.sends('/help');
  await stage.world.waitForMessage(admin, /What you can do/);

  assert.equal(stranger.last(), null);
  assert.equal(stage.world.callsOf('answerCallbackQuery').length, before);
  assert.ok(stage.world.calls.every(({ params }) => params.chat_id !== 666));
  assert.deepEqual(stage.strangers, [{ id: 666, name: 'Mallory M', username: 'mallory' }]);
  assert.ok(!stage.seen.includes(666));
  assert.equal(stage.control.asked.length, 0);

  await stage.telegram.stop();
  const next = await setStage(t, { settings, world: stage.world });
  await next.heard();
  stranger.sends('again');
  admin.sends('/settings');
  await stage.world.waitForMessage(admin, /Settings/);
  assert.deepEqual(next.strangers, [], 'not told again after a restart');
});

test('a crowd of strangers does not become a flood of notices', async (t) => {
  const stage = await setStage(t);
  await stage.heard();
  for (let id = 1000; id < 1300; id++) stage.world.user({ id }).sends('hi');
  const admin = stage.world.user({ id: 7 });
  admin.sends('/help');
  await stage.world.waitForMessage(admin, /What you can do/);
  assert.equal(stage.strangers.length, 200);
});

test('every update of an admin says that the chat can be written to; blocking does not', async (t) => {
  const stage = await setStage(t);
  await stage.heard();
  const vera = stage.world.user({ id: 7 });
  vera.sends('/help');
  await stage.world.waitForMessage(vera, /What you can do/);
  const seen = stage.seen.length;
  assert.ok(seen >= 1);
  vera.blocks();
  const oleg = stage.world.user({ id: 8 });
  oleg.sends('/help');
  await stage.world.waitForMessage(oleg, /What you can do/);
  assert.equal(stage.seen.filter((id) => id === 7).length, seen);
  vera.unblocks();
  oleg.sends('/settings');
  await stage.world.waitForMessage(oleg, /Settings/);
  assert.equal(stage.seen.filter((id) => id === 7).length, seen + 1);
});

test('in a group it reacts to admins who speak to it, and to nothing else', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const [vera, mallory] = [stage.world.user({ id: 7 }), stage.world.user({ id: 666 })];
  const group = stage.world.group({
    ...{ id: -1_001_234_567_890, title: 'Night shift', members: [vera, mallory] },
    // Sees everything, as a bot without privacy mode does.
    botStatus: 'administrator',
  });
  await stage.heard();
  group.sends(vera, 'who took my coffee?');
  group.sends(vera, '/status@some_other_bot');
  group.sends(vera, '/play music');
  group.sends(mallory, '/status@orbit_manager_bot');
  group.sends(vera, '/status@orbit_manager_bot');
  await stage.world.waitForMessage(group, /The service is healthy/);
  assert.equal(group.messages().filter(({ fromBot }) => fromBot).length, 1);
  group.sends(vera, '/nonsense@orbit_manager_bot');
  await stage.world.waitForMessage(group, /\/help says/);
});

test('presses and commands from before the start are dropped', async (t) => {
  const first = await setStage(t, { queryLifetimeMs: 500 });
  first.control.add('shop', { title: 'Shop bot', state: 'stopped', wanted: 'down', can: ['start'] });
  const vera = first.world.user({ id: 7 });
  await first.heard();
  vera.start();
  const menu = await first.world.waitForMessage(vera, /as of/);
  await first.telegram.stop();
  const pressed = vera.forges(menu.id, encode({ kind: 'act', verb: 'start', service: 'shop' }));
  vera.sends('/status');
  const second = await setStage(t, { world: first.world });
  second.control.add('shop', { title: 'Shop bot', state: 'stopped', wanted: 'down', can: ['start'] });
  await second.heard();
  vera.sends('/help');
  await second.world.waitForMessage(vera, /What you can do/);
  assert.equal(await pressed, null);
  assert.equal(second.control.asked.length, 0);
  assert.equal(vera.messages().filter(({ text }) => /Manager 0\.1\.0 on/.test(text)).length, 0);
});

test('a bug in a handler is in the log, is told to the person, and hurts nobody else', async (t) => {
  const stage = await setStage(t);
  stage.control.add('shop', { title: 'Shop bot' });
  const vera = stage.world.user({ id: 7 });
  await stage.heard();
  const { snapshot } = stage.control;
  stage.control.snapshot = () => {
    throw new Error('a bug, with password=hunter2 in it');
  };
  vera.start();
  await stage.world.waitForMessage(vera, /Something went wrong here/);
  assert.ok(stage.log.some((line) => line.includes('a handler of the chat failed')));
  stage.control.snapshot = snapshot;
  vera.start();
  await stage.world.waitForMessage(vera, /The service is healthy/);
});

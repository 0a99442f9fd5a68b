import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import { type Stage, setStage } from './stage.ts';

const person = (stage: Stage, id: number) => stage.world.user({ id, first_name: `User ${id}`, language_code: 'en' });

async function openMenu(stage: Stage, id = 7) {
  const user = person(stage, id);
  await stage.heard();
  const since = stage.world.revision;
  user.start();
  return { user, menu: await stage.world.waitForMessage(user, /as of/, { since }) };
}

async function openAll(stage: Stage, id = 7) {
  const { user, menu } = await openMenu(stage, id);
  await user.taps(menu, 'All at once…');
  return { user, screen: await stage.world.waitForMessage(user, /All services at once/) };
}

/** Two run, one was stopped by an operator, and one is only watched. */
function several(stage: Stage): void {
  stage.control.add('redis', { title: 'Redis' });
  stage.control.add('shop', { title: 'Shop <bot>', needs: ['redis'] });
  stage.control.add('site', { title: 'Site', state: 'stopped', wanted: 'down', can: ['start'] });
  stage.control.add('host', { title: 'Host', driver: 'external', can: [] });
}

test('Stop all says which ones and what it means, asks once, tells how far it is and how it went', async (t) => {
  const stage = await setStage(t);
  several(stage);
  const { user, screen } = await openAll(stage);
  assert.match(screen.text, /2 of 3 run/);
  assert.deepEqual(screen.buttons, [['Start all', 'Stop all', 'Restart all'], ['Back']]);
  await user.taps(screen, 'Stop all');
  const question = await stage.world.waitForMessage(user, /Stop all services\?/);
  assert.match(
    question.text,
    /2 services will stop, dependants first:\n• Redis\n• Shop <bot>\nUsers cannot[\s\S]*Only Vera/,
  );
  assert.equal(stage.control.asked.length, 0);
  await user.taps(question, 'Yes, stop all');
  await stage.world.waitForMessage(user, /Stopping all services… 0 of 2 done \(asked by Vera\)/);
  const [redis, shop, ...others] = stage.control.asked;
  assert.deepEqual([redis?.verb, redis?.by.name, redis?.by.kind], ['stop', 'Vera', 'telegram']);
  stage.now += 3_000;
  redis?.end({ ok: true, took: 3_000, note: reason('had-to-be-killed', { what: 'redis', seconds: 20 }) });
  await stage.world.waitForMessage(user, /1 of 2 done/);
  shop?.end({ ok: false, took: 9, reason: reason('signal-forbidden', { pid: '7' }) });
  for (const other of others) other.end({ ok: true, took: 0, note: reason('already-stopped') });
  const result = await stage.world.waitForMessage(user, /❌ 1 service stopped in 3 s \(asked by Vera\)/);
  assert.equal(result.id, question.id);
  assert.match(result.text, /It did not work with 1:\n❌ Shop <bot>: .*process 7.*\n• Redis: did not go within 20 s/);
  assert.ok(!result.text.includes('Site'), 'what was down already is not worth a line');
});

test('Start all says whom an operator had stopped; Restart all leaves that one alone', async (t) => {
  const stage = await setStage(t);
  several(stage);
  const { user, screen } = await openAll(stage);
  await user.taps(screen, 'Start all');
  const start = await stage.world.waitForMessage(user, /Start all services\?/);
  assert.match(start.text, /1 service will start:\n• Site\n1 of them was stopped by an operator\./);
  const said = await user.taps(start, 'Cancel');
  assert.equal(said?.text, 'Cancelled. Nothing was done.');
  const again = await stage.world.waitForMessage(user, /All services at once/, { since: start.revision });
  await user.taps(again, 'Restart all');
  const restart = await stage.world.waitForMessage(user, /Restart all services\?/);
  assert.match(restart.text, /2 services will be restarted, .*\n• Redis\n• Shop <bot>\nUsers/);
  assert.equal(stage.control.asked.length, 0);
});

test('the question is one person’s and dies after a minute; two quick presses act once', async (t) => {
  const stage = await setStage(t);
  several(stage);
  const { user, screen } = await openAll(stage);
  await user.taps(screen, 'Stop all');
  const dead = await stage.world.waitForMessage(user, /Stop all services\?/);
  stage.now += 60_000;
  assert.match((await user.taps(dead, 'Yes, stop all'))?.text ?? '', /no longer open/);
  const fresh = await stage.world.waitForMessage(user, /All services at once/, { since: dead.revision });
  await user.taps(fresh, 'Stop all');
  const question = await stage.world.waitForMessage(user, /Stop all services\?/, { since: fresh.revision });
  await Promise.all([user.taps(question, 'Yes, stop all'), user.tapsStale(question, 'Yes, stop all')]);
  await stage.world.waitForMessage(user, /Stopping all services…/);
  assert.equal(stage.control.asked.length, 4, 'each service once');
});

test('nothing to do is said at once', async (t) => {
  const stage = await setStage(t);
  for (const name of ['a', 'b']) stage.control.add(name);
  const { user, screen } = await openAll(stage);
  assert.equal((await user.taps(screen, 'Start all'))?.text, 'There is nothing to start now.');
});

test('a viewer, and who has only one service, are not offered it', async (t) => {
  const stage = await setStage(t);
  several(stage);
  const { menu } = await openMenu(stage, 9);
  assert.ok(!menu.buttons.flat().includes('All at once…'));
  for (const name of ['shop', 'site']) stage.control.services.delete(name);
  const alone = await openMenu(stage);
  assert.ok(!alone.menu.buttons.flat().includes('All at once…'));
});

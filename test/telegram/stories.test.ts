/** How bots of others died in silence, froze, or drowned in refusals: each story by its name, against ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../world/until.ts';
import { setStage } from './stage.ts';

const flood = { status: 429, description: 'Too Many Requests: retry after 12', retry_after: 12 };

test('bedolaga b7c37f9e, c923c783: a chat that has to wait holds up nobody else, and no alert', async (t) => {
  const stage = await setStage(t);
  stage.control.add('bot');
  await stage.heard();
  const [vera, oleg] = [7, 8].map((id) => stage.world.user({ id, language_code: 'en' }));
  assert.ok(vera && oleg);
  vera.start();
  oleg.start();
  await stage.world.waitForMessage(vera, /as of/);
  await stage.world.waitForMessage(oleg, /as of/);
  stage.world.inject({ chat: 7, method: 'sendMessage', fault: flood });
  const since = stage.world.revision;
  for (let i = 0; i < 5; i += 1) vera.sends('/status');
  await until(() => stage.world.calls.some(({ status }) => status === 429), 'the refusal');
  const start = Date.now();
  oleg.sends('/status');
  await stage.world.waitForMessage(oleg, /Manager 0\.1\.0/, { since });
  const alert = { text: 'down', buttons: [], silent: false, replyTo: null };
  assert.equal((await stage.telegram.transport.send({ chat: '8', topic: null }, alert)).outcome, 'sent');
  assert.ok(Date.now() - start < 12_000, 'sooner than the other chat may be written to again');
  stage.world.clearFaults();
});

test('bedolaga 9046bee9: a send that is never answered has an end, and says that it may have arrived', async (t) => {
  const stage = await setStage(t);
  await stage.heard();
  stage.world.user({ id: 7 }).start();
  stage.world.inject({ method: 'sendMessage', fault: 'hang' });
  const alert = { text: 'down', buttons: [], silent: false, replyTo: null };
  const delivery = await stage.telegram.transport.send({ chat: '7', topic: null }, alert);
  assert.equal(delivery.outcome, 'retry');
  assert.ok(delivery.outcome === 'retry' && delivery.uncertain);
  stage.world.clearFaults();
});

test('docksentry 1.11.3: names with every sign that markup knows are shown as they are', async (t) => {
  const stage = await setStage(t);
  stage.control.add('bot', { title: 'a_b*c`d[e](f)<g>&"h"' });
  await stage.heard();
  const vera = stage.world.user({ id: 7, language_code: 'en' });
  vera.start();
  const list = await stage.world.waitForMessage(vera, /as of/);
  assert.ok(list.text.includes('a_b*c`d[e](f)<g>&"h"'));
  assert.deepEqual(
    stage.world.callsOf('sendMessage').filter(({ status }) => status === 400),
    [],
  );
});

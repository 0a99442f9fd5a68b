import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Api } from 'grammy';
import type { Delivery, Message } from '../../src/outbox/transport.ts';
import { createClient } from '../../src/telegram/client.ts';
import { createTransport } from '../../src/telegram/transport.ts';
import type { FaultKind } from '../world/telegram/server.ts';
import { startTelegram } from '../world/telegram/server.ts';
import { png } from '../world-tests/bare-client.ts';
import { token } from './stage.ts';

const now = 1_000_000;
const chat = { chat: '7', topic: null };

function message(text: string, more: Partial<Message> = {}): Message {
  return { text, buttons: [], silent: false, replyTo: null, ...more };
}

async function ready(test: TestContext, request = 1_000) {
  const world = await startTelegram({ token });
  const client = createClient({ apiRoot: world.apiRoot, proxy: null }, request);
  let unauthorized = 0;
  const transport = createTransport({
    api: new Api(token, client.options),
    clock: () => now,
    onUnauthorized: () => void unauthorized++,
  });
  const vera = world.user({ id: 7 });
  vera.start();
  test.after(async () => {
    client.hangUp();
    await world.stop();
  });
  return { world, transport, vera, refusals: () => unauthorized };
}

test('a message arrives with its buttons, sound and reply', async (t) => {
  const { transport, vera } = await ready(t);
  const buttons = [[{ text: 'Logs', data: 'logs:shop' }]];
  const first = await transport.send(chat, message('<b>down</b> &lt;x&gt;', { buttons }));
  assert.deepEqual(first, { outcome: 'sent', messageId: vera.last()?.id });
  assert.equal(vera.last()?.html, '<b>down</b> &lt;x&gt;');
  assert.deepEqual(vera.last()?.buttons, [['Logs']]);
  assert.equal(vera.last()?.previewOff, true);
  const replyTo = vera.last()?.id ?? 0;
  await transport.send(chat, message('up', { silent: true, replyTo }));
  assert.deepEqual([vera.last()?.silent, vera.last()?.replyTo], [true, replyTo]);
  const orphan = await transport.send(chat, message('still told', { replyTo: 99_999 }));
  assert.equal(orphan.outcome, 'sent', 'what it answers is gone');
});

test('a picture goes with its text when that fits under it, else after it, and never instead of it', async (t) => {
  const { world, transport, vera } = await ready(t);
  const picture = async () => png(160, 80);
  const buttons = [[{ text: 'Alerts', data: 'show-alerts' }]];
  assert.equal((await transport.send(chat, message('<b>all</b> fine', { picture, buttons }))).outcome, 'sent');
  assert.deepEqual([vera.last()?.html, vera.last()?.buttons], ['<b>all</b> fine', [['Alerts']]]);
  assert.ok(vera.last()?.photo);

  const long = 'word '.repeat(400).trim();
  assert.equal((await transport.send(chat, message(long, { picture, buttons }))).outcome, 'sent');
  const [text, photo] = vera.messages().slice(-2);
  assert.deepEqual([text?.text, text?.buttons, text?.photo], [long, [['Alerts']], null]);
  assert.deepEqual([photo?.text, photo?.silent], ['', true]);
  assert.ok(photo?.photo);

  const odd = { status: 400, description: 'Bad Request: PHOTO_INVALID_DIMENSIONS' };
  world.inject({ method: 'sendPhoto', fault: odd });
  assert.equal((await transport.send(chat, message('told', { picture }))).outcome, 'sent');
  assert.deepEqual([vera.last()?.text, vera.last()?.photo], ['told', null]);
  assert.equal((await transport.send(chat, message(long, { picture }))).outcome, 'sent', 'the text has arrived');
  world.clearFaults();

  const undrawn = [() => Promise.reject(new Error('no')), async () => null];
  for (const picture of undrawn) {
    assert.equal((await transport.send(chat, message('told', { picture }))).outcome, 'sent');
    assert.deepEqual([vera.last()?.text, vera.last()?.photo], ['told', null]);
  }
  world.inject({
    method: 'sendPhoto',
    fault: { status: 429, description: 'Too Many Requests', retry_after: 3 },
    times: 1,
  });
  const later = await transport.send(chat, message('told', { picture }));
  assert.deepEqual([later.outcome, vera.last()?.photo], ['retry', null]);
});

test('a long text becomes several messages with the buttons under the last', async (t) => {
  const { transport, vera } = await ready(t);
  const buttons = [[{ text: 'Logs', data: 'logs:shop' }]];
  const sent = await transport.send(chat, message(`<b>${'word '.repeat(1700)}</b>`, { buttons }));
  const parts = vera.messages().filter(({ fromBot }) => fromBot);
  assert.equal(parts.length, 3);
  assert.deepEqual(
    parts.map((part) => part.buttons.length),
    [0, 0, 1],
  );
  assert.deepEqual(sent, { outcome: 'sent', messageId: parts[2]?.id });
  const edited = await transport.edit(chat, parts[2]?.id ?? 0, message('y'.repeat(5000), { buttons }));
  assert.equal(edited.outcome, 'sent');
  assert.equal(vera.last()?.text, `${'y'.repeat(4095)}…`);
});

test('3x-ui#6340: an edit changes text and buttons in place; the same again is as good as done', async (t) => {
  const { transport, vera } = await ready(t);
  await transport.send(chat, message('one', { buttons: [[{ text: 'Logs', data: 'logs:a' }]] }));
  const id = vera.last()?.id ?? 0;
  assert.deepEqual(await transport.edit(chat, id, message('two')), { outcome: 'sent', messageId: id });
  assert.deepEqual([vera.last()?.text, vera.last()?.buttons], ['two', []]);
  assert.deepEqual(await transport.edit(chat, id, message('two')), { outcome: 'sent', messageId: id });
  assert.deepEqual(await transport.edit(chat, 99_999, message('x')), { outcome: 'message-gone' });
});

const status = (code: number, description: string, retry_after?: number): FaultKind => ({
  ...{ status: code, description },
  ...(retry_after !== undefined && { retry_after }),
});

type Expected = Partial<Record<'outcome' | 'at' | 'uncertain' | 'scope', unknown>> & { readonly code?: string };

const outcomes: readonly (readonly [string, FaultKind, Expected])[] = [
  [
    'flood: wait exactly so long, this chat only',
    status(429, 'Too Many Requests: retry after 17', 17),
    { outcome: 'retry', at: now + 17_000, scope: 'chat', uncertain: false, code: 'telegram-flood' },
  ],
  [
    'trouble at Telegram: again soon, may have arrived',
    status(502, 'Bad Gateway'),
    { outcome: 'retry', at: now + 1000, scope: 'all', uncertain: true, code: 'telegram-server' },
  ],
  ['a page of HTML instead of an answer', 'html-502', { outcome: 'retry', scope: 'all', uncertain: true }],
  ['a connection that breaks', 'reset', { outcome: 'retry', scope: 'all', uncertain: true }],
  ['an answer that is lost', 'accepted-lost', { outcome: 'retry', scope: 'all', uncertain: true }],
  ['no answer at all', 'hang', { outcome: 'retry', scope: 'all', uncertain: true }],
  ['a chat that is not there', status(400, 'Bad Request: chat not found'), { outcome: 'recipient-gone' }],
  [
    'a person who never opened the chat',
    status(403, "Forbidden: bot can't initiate conversation with a user"),
    { outcome: 'recipient-gone' },
  ],
  [
    'a group where the bot may not write',
    status(400, 'Bad Request: not enough rights to send text messages to the chat'),
    { outcome: 'recipient-gone' },
  ],
  [
    'a refused token: everybody waits',
    status(401, 'Unauthorized'),
    { outcome: 'retry', at: now + 60_000, scope: 'all', uncertain: false, code: 'telegram-unauthorized' },
  ],
  ['anything else that Telegram refuses', status(400, 'Bad Request: NO_REASON'), { outcome: 'refused' }],
];

for (const [title, fault, expected] of outcomes) {
  test(`${title}: ${JSON.stringify(expected)}`, async (t) => {
    const { world, transport, refusals } = await ready(t, 300);
    world.inject({ method: 'sendMessage', fault, times: 1 });
    const got = await transport.send(chat, message('x'));
    const { code, ...rest } = expected;
    for (const [key, value] of Object.entries(rest)) assert.equal(Reflect.get(got, key), value, key);
    if (code !== undefined) assert.equal('cause' in got ? got.cause.code : null, code);
    assert.equal(refusals(), code === 'telegram-unauthorized' ? 1 : 0);
    assert.ok(!JSON.stringify(got).includes(token), 'the token stays secret');
    assert.equal((await transport.send(chat, message('after'))).outcome, 'sent');
  });
}

test('somebody who blocked the bot is gone, a deleted account too', async (t) => {
  const { world, transport, vera } = await ready(t);
  vera.blocks();
  assert.equal((await transport.send(chat, message('x'))).outcome, 'recipient-gone');
  vera.unblocks();
  assert.equal((await transport.send(chat, message('x'))).outcome, 'sent');
  vera.deletesAccount();
  assert.equal((await transport.send(chat, message('x'))).outcome, 'recipient-gone');
  world.user({ id: 70 });
  assert.equal((await transport.send({ chat: '70', topic: null }, message('x'))).outcome, 'recipient-gone');
});

test('a group that moved tells its new id', async (t) => {
  const { world, transport, vera } = await ready(t);
  const group = world.group({ id: -4_000, title: 'Ops', members: [vera] });
  const moved = group.migrate();
  const got = await transport.send({ chat: '-4000', topic: null }, message('x'));
  assert.deepEqual(got, { outcome: 'moved', chat: String(moved.id) });
});

test('a message goes to its topic; when that is gone, to the group all the same', async (t) => {
  const { world, transport, vera } = await ready(t);
  const group = world.group({
    ...{ id: -1_001_234_567_890, title: 'Ops', members: [vera] },
    topics: [{ id: 5, name: 'alerts' }],
  });
  const to = { chat: String(group.id), topic: 5 };
  await transport.send(to, message('x'));
  assert.equal(group.last()?.topic, 5);
  world.inject({ method: 'sendMessage', fault: status(400, 'Bad Request: message thread not found'), times: 1 });
  assert.equal((await transport.send(to, message('y'))).outcome, 'sent');
  assert.deepEqual([group.last()?.text, group.last()?.topic], ['y', null]);
});

test('what cannot be parsed is told as plain text, what has bad buttons without them', async (t) => {
  const { transport, vera } = await ready(t);
  assert.equal((await transport.send(chat, message('<b>5 < 6 &amp; so on'))).outcome, 'sent');
  assert.equal(vera.last()?.text, '5 < 6 & so on');
  const buttons = [[{ text: 'x', data: 'd'.repeat(65) }]];
  assert.equal((await transport.send(chat, message('told', { buttons }))).outcome, 'sent');
  assert.deepEqual([vera.last()?.text, vera.last()?.buttons], ['told', []]);
  assert.equal((await transport.send(chat, message('<i>both', { buttons }))).outcome, 'sent');
  assert.equal(vera.last()?.text, 'both');
});

test('nothing to see is refused without asking Telegram', async (t) => {
  const { world, transport } = await ready(t);
  assert.equal((await transport.send(chat, message(' <b> </b>\n'))).outcome, 'refused');
  assert.equal((await transport.edit(chat, 1, message(''))).outcome, 'refused');
  assert.equal(world.callsOf('sendMessage').length, 0);
});

test('parts of a long text that arrived make its repetition uncertain', async (t) => {
  const { world, transport } = await ready(t);
  // As soon as the first part is in the chat.
  const stopListening = world.listen(({ kind }) => {
    if (kind !== 'sent') return;
    stopListening();
    world.inject({ method: 'sendMessage', fault: status(429, 'Too Many Requests: retry after 3', 3), times: 1 });
  });
  const got = await transport.send(chat, message('word '.repeat(1700)));
  assert.deepEqual([got.outcome, 'uncertain' in got && got.uncertain], ['retry', true]);
});

test('while Telegram is away nothing is uncertain, and the waits grow to ten seconds', async (t) => {
  const { world, transport } = await ready(t);
  await world.goOffline();
  const waits: number[] = [];
  let last: Delivery | null = null;
  for (let n = 0; n < 6; n++) {
    last = await transport.send(chat, message('x'));
    assert.ok(last.outcome === 'retry' && !last.uncertain && last.scope === 'all');
    waits.push(last.at - now);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  await world.goOnline();
  assert.equal((await transport.send(chat, message('x'))).outcome, 'sent');
  await world.goOffline();
  last = await transport.send(chat, message('x'));
  assert.equal(last.outcome === 'retry' && last.at - now, 1000, 'success forgets the waits');
});

test('a name that does not resolve and a port that is closed are certainly undelivered', async (t) => {
  const closed = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 1));
    });
  });
  for (const apiRoot of ['http://name.invalid', `http://127.0.0.1:${closed}`]) {
    const client = createClient({ apiRoot, proxy: null }, 1_000);
    t.after(() => client.hangUp());
    const transport = createTransport({
      ...{ api: new Api(token, client.options), clock: () => now },
      onUnauthorized: () => assert.fail('nobody was asked'),
    });
    const got = await transport.send(chat, message('x'));
    assert.ok(got.outcome === 'retry' && !got.uncertain, apiRoot);
    assert.ok(!JSON.stringify(got).includes('AAHk'));
  }
});

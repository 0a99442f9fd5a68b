import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';
import { call, token } from './bare-client.ts';

let world: TelegramWorld;
before(async () => {
  world = await startTelegram({ token });
  world.user({ id: 1 }).start();
  world.user({ id: 2 }).start();
});
afterEach(() => world.clearFaults());
after(() => world.stop());

const say = (text: string, chat = 1) => call(world, 'sendMessage', { chat_id: chat, text });
const shown = (text: string): boolean => world.user({ id: 1 }).last()?.text === text;

/** What a broken connection looks like from outside. */
async function breaks(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TypeError, 'the connection was to break');
  return error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : '';
}

describe('faults on demand', () => {
  it('reset breaks the connection and does nothing', async () => {
    world.inject({ method: 'sendMessage', fault: 'reset' });
    assert.notEqual(await breaks(say('reset')), '');
    assert.ok(!shown('reset'));
  });

  it('accepted-lost does it and breaks the connection', async () => {
    world.inject({ method: 'sendMessage', fault: 'accepted-lost', times: 1 });
    assert.notEqual(await breaks(say('lost')), '');
    assert.ok(shown('lost'));
    assert.equal(world.calls.at(-1)?.status, null);
  });

  it('hang never answers', async () => {
    world.inject({ method: 'getUpdates', fault: 'hang' });
    const leaving = new AbortController();
    const poll = call(world, 'getUpdates', {}, leaving.signal);
    await world.waitFor(() => world.calls.at(-1)?.fault === 'hang');
    // Everything else goes on meanwhile.
    assert.ok((await say('hello')).ok);
    leaving.abort();
    await assert.rejects(poll, { name: 'AbortError' });
  });

  it('a status is told with its description and retry_after', async () => {
    world.inject({ fault: { status: 429, description: 'Too Many Requests: retry after 7', retry_after: 7 }, times: 1 });
    const reply = await say('flood');
    assert.equal(reply.status, 429);
    assert.deepEqual(reply.parameters, { retry_after: 7 });
    assert.equal(reply.retryAfter, '7');
    assert.ok((await say('after')).ok);
  });

  it('html-502 answers as a proxy in front does', async () => {
    world.inject({ method: /^send/, fault: 'html-502', times: 1 });
    const response = await fetch(`${world.apiRoot}/bot${token}/sendMessage?chat_id=1&text=x`);
    assert.equal(response.status, 502);
    assert.match(await response.text(), /^<html>/);
  });

  it('hits only the chat, and only as often, as asked', async () => {
    world.inject({ chat: 2, fault: { status: 500, description: 'Internal Server Error' }, times: 2 });
    assert.ok((await say('x', 1)).ok);
    assert.equal((await say('x', 2)).status, 500);
    assert.equal((await say('x', 2)).status, 500);
    assert.ok((await say('x', 2)).ok);
  });

  it('ends by time', async () => {
    world.inject({ fault: { status: 500, description: 'Internal Server Error' }, for_ms: 0 });
    assert.ok((await say('x')).ok);
  });
});

describe('offline', () => {
  it('refuses connections, breaks open ones, and comes back on the same port', async () => {
    const { apiRoot } = world;
    await call(world, 'deleteWebhook', { drop_pending_updates: true });
    const poll = breaks(call(world, 'getUpdates', { timeout: 30 }));
    await world.waitFor(() => world.pollsInFlight === 1);
    await world.goOffline();
    assert.notEqual(await poll, '');
    assert.equal(await breaks(say('x')), 'ECONNREFUSED');
    assert.equal(world.online, false);
    // People go on writing; the bot finds it later.
    world.user({ id: 1 }).sends('are you there?');
    await world.goOnline();
    assert.equal(world.apiRoot, apiRoot);
    const reply = await call(world, 'getUpdates', { offset: -1 });
    assert.match(JSON.stringify(reply.result), /are you there/);
  });
});

describe('rate limits', () => {
  let now = 0;
  let limited: TelegramWorld;
  before(async () => {
    limited = await startTelegram({ token, clock: () => now, limits: 'real' });
    const user = limited.user({ id: 1 });
    user.start();
    limited.group({ id: -1, title: 'g', members: [user] });
  });
  after(() => limited.stop());

  it('refuse the 21st message of a minute in a group, and tell when to come back', async () => {
    const send = () => call(limited, 'sendMessage', { chat_id: -1, text: 'x' });
    for (let n = 0; n < 20; n++) assert.ok((await send()).ok);
    const refused = await send();
    assert.equal(refused.description, 'Too Many Requests: retry after 3');
    assert.equal(refused.retryAfter, '3');
    now += 3000;
    assert.ok((await send()).ok);
  });

  it('let one a second through in a private chat after the burst', async () => {
    now += 60_000;
    const send = () => call(limited, 'sendMessage', { chat_id: 1, text: 'x' });
    for (let n = 0; n < 20; n++) assert.ok((await send()).ok);
    assert.deepEqual((await send()).parameters, { retry_after: 1 });
    now += 1000;
    assert.ok((await send()).ok);
  });
});

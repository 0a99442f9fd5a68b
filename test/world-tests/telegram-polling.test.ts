import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';
import { type BareReply, call, token } from './bare-client.ts';

let world: TelegramWorld;
beforeEach(async () => {
  world = await startTelegram({ token });
});
afterEach(() => world.stop());

const updateShape = z.looseObject({ update_id: z.number(), message: z.looseObject({ text: z.string() }).optional() });

function updates(reply: BareReply): readonly z.infer<typeof updateShape>[] {
  return z.array(updateShape).parse(reply.result);
}

const texts = (reply: BareReply): readonly (string | undefined)[] =>
  updates(reply).map((update) => update.message?.text);

/** Resolves when so many long polls wait. */
const polling = (count: number): Promise<true> =>
  world.waitFor(() => world.pollsInFlight === count, { what: 'a poll' });

describe('getUpdates', () => {
  it('holds an empty poll until something comes', async () => {
    const poll = call(world, 'getUpdates', { timeout: 30 });
    await polling(1);
    world.user({ id: 1 }).sends('hello');
    assert.deepEqual(texts(await poll), ['hello']);
    assert.equal(world.pollsInFlight, 0);
  });

  it('repeats what was not confirmed and forgets what was', async () => {
    const user = world.user({ id: 1 });
    for (const text of ['a', 'b', 'c']) user.sends(text);
    const first = await call(world, 'getUpdates', { limit: 2 });
    assert.deepEqual(texts(first), ['a', 'b']);
    const [a] = updates(first);
    assert.ok(a);
    const second = await call(world, 'getUpdates', { offset: a.update_id + 1 });
    assert.deepEqual(texts(second), ['b', 'c']);
    assert.equal(world.pendingUpdates.length, 2);
  });

  it('counts a negative offset from the end and forgets the rest', async () => {
    const user = world.user({ id: 1 });
    for (const text of ['a', 'b', 'c']) user.sends(text);
    assert.deepEqual(texts(await call(world, 'getUpdates', { offset: -1 })), ['c']);
    assert.equal(world.pendingUpdates.length, 1);
  });

  it('gives one update at a time to a bot that asks the same again within half a second', async () => {
    const user = world.user({ id: 1 });
    for (const text of ['a', 'b']) user.sends(text);
    assert.deepEqual(texts(await call(world, 'getUpdates')), ['a', 'b']);
    // On a machine that is too slow for half a second the brake does not bite; so it asks again.
    let again = texts(await call(world, 'getUpdates'));
    while (again.length > 1) again = texts(await call(world, 'getUpdates'));
    assert.deepEqual(again, ['a']);
  });

  it('tells the older of two polls 409, and serves the newer', async () => {
    const older = call(world, 'getUpdates', { timeout: 30 });
    await polling(1);
    const newer = call(world, 'getUpdates', { timeout: 30 });
    const refused = await older;
    assert.equal(refused.status, 409);
    assert.equal(
      refused.description,
      'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    );
    world.user({ id: 1 }).sends('hello');
    assert.deepEqual(texts(await newer), ['hello']);
  });

  it('remembers allowed_updates until told otherwise', async () => {
    const user = world.user({ id: 1 });
    await call(world, 'getUpdates', { allowed_updates: ['callback_query'], offset: -1 });
    user.sends('unwanted');
    assert.equal(world.pendingUpdates.length, 0);
    await call(world, 'getUpdates', { allowed_updates: [], offset: -2 });
    user.sends('wanted');
    assert.deepEqual(texts(await call(world, 'getUpdates', { offset: 1 })), ['wanted']);
  });

  it('is refused while a webhook is set, and a waiting poll is ended by setting one', async () => {
    const poll = call(world, 'getUpdates', { timeout: 30 });
    await polling(1);
    await call(world, 'setWebhook', { url: 'https://a.example/' });
    assert.equal((await poll).description, 'Conflict: terminated by setWebhook request');
    assert.deepEqual((await call(world, 'getWebhookInfo')).result, {
      url: 'https://a.example/',
      has_custom_certificate: false,
      pending_update_count: 0,
    });
    const removed = await call(world, 'deleteWebhook');
    assert.equal(removed.description, 'Webhook was deleted');
    assert.equal((await call(world, 'deleteWebhook')).description, 'Webhook is already deleted');
  });

  it('lets deleteWebhook drop what waits', async () => {
    world.user({ id: 1 }).sends('yesterday');
    await call(world, 'deleteWebhook', { drop_pending_updates: true });
    assert.equal(world.pendingUpdates.length, 0);
  });

  it('forgets a poll whose client hung up, without losing an update', async () => {
    const leaving = new AbortController();
    const poll = call(world, 'getUpdates', { timeout: 30 }, leaving.signal).catch(() => null);
    await polling(1);
    leaving.abort();
    await poll;
    await polling(0);
    world.user({ id: 1 }).sends('hello');
    assert.deepEqual(texts(await call(world, 'getUpdates', { timeout: 30 })), ['hello']);
  });

  it('takes its arguments from the query string and from forms too', async () => {
    const user = world.user({ id: 1 });
    user.sends('a');
    user.sends('b');
    const url = `${world.apiRoot}/bot${token}/GETUPDATES?limit=1`;
    const replies = z.object({ result: z.array(z.unknown()) });
    assert.equal(replies.parse(await (await fetch(url)).json()).result.length, 1);
    const body = new URLSearchParams({ limit: '1', offset: '-2' });
    assert.equal(replies.parse(await (await fetch(url, { method: 'POST', body })).json()).result.length, 1);
  });
});

describe('logOut', () => {
  it('makes everything after it fail', async () => {
    assert.ok((await call(world, 'logOut')).ok);
    const reply = await call(world, 'getMe');
    assert.equal(reply.status, 400);
    assert.equal(reply.description, 'Logged out');
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { startTelegram, type TelegramWorld, type WorldUser } from '../world/telegram/server.ts';
import { call, form, messageId, png, token } from './bare-client.ts';

let now = 1_800_000_000_000;
let world: TelegramWorld;
let vera: WorldUser;
beforeEach(async () => {
  now = 1_800_000_000_000;
  world = await startTelegram({ token, clock: () => now });
  vera = world.user({ id: 7, first_name: 'Vera', username: 'vera_ops', language_code: 'ru' });
  vera.start();
});
afterEach(() => world.stop());

const keyboard = {
  inline_keyboard: [
    [
      { text: 'Restart', callback_data: 'r' },
      { text: 'Back', callback_data: 'b' },
    ],
  ],
};
const send = async (fields: Readonly<Record<string, unknown>> = {}): Promise<number> =>
  messageId(await call(world, 'sendMessage', { chat_id: 7, text: 'api is up', reply_markup: keyboard, ...fields }));

const updateShape = z.looseObject({ update_id: z.number() });
const newest = (): z.infer<typeof updateShape> => updateShape.parse(world.pendingUpdates.at(-1));
const queryShape = z.object({
  id: z.string(),
  data: z.string(),
  chat_instance: z.string(),
  from: z.object({ id: z.number(), language_code: z.string() }),
  message: z.looseObject({ message_id: z.number(), date: z.number(), text: z.string().optional() }),
});
const newestQuery = (): z.infer<typeof queryShape> => queryShape.parse(newest().callback_query);

describe('a user', () => {
  it('writes commands that arrive as commands', () => {
    vera.sends('/logs api 20');
    assert.deepEqual(newest().message, {
      message_id: 2,
      from: { id: 7, is_bot: false, first_name: 'Vera', language_code: 'ru', username: 'vera_ops' },
      chat: { id: 7, first_name: 'Vera', username: 'vera_ops', type: 'private' },
      date: 1_800_000_000,
      text: '/logs api 20',
      entities: [{ type: 'bot_command', offset: 0, length: 5 }],
    });
  });

  it('sees what was sent, how it looks and whether it rang', async () => {
    const first = await send();
    await send({
      text: 'down: <code>api</code>',
      parse_mode: 'HTML',
      disable_notification: true,
      reply_parameters: { message_id: first },
      link_preview_options: { is_disabled: true },
    });
    const shown = vera.last();
    assert.equal(shown?.html, 'down: <code>api</code>');
    assert.deepEqual(shown?.buttons, [['Restart', 'Back']]);
    assert.equal(shown?.silent, true);
    assert.equal(shown?.replyTo, first);
    assert.equal(shown?.previewOff, true);
  });

  it('taps a button and gets the answer', async () => {
    const id = await send();
    const answer = vera.taps(id, /^Rest/);
    const query = newestQuery();
    assert.equal(query.data, 'r');
    assert.equal(query.from.id, 7);
    assert.equal(query.message.text, 'api is up');
    await call(world, 'answerCallbackQuery', { callback_query_id: query.id, text: 'Sure?', show_alert: true });
    assert.deepEqual(await answer, { text: 'Sure?', show_alert: true, url: '' });
  });

  it('cannot tap what is not there', async () => {
    const id = await send();
    assert.throws(() => void vera.taps(id, 'Stop'), /No button Stop to press under "api is up": \[Restart\] \[Back\]/);
    assert.throws(() => void vera.taps(999, 'Stop'), /no message 999/);
  });

  it('can press what is no longer there: on an old screen, a deleted message, or by forging', async () => {
    const id = await send();
    const seen = vera.last();
    assert.ok(seen);
    await call(world, 'editMessageText', { chat_id: 7, message_id: id, text: 'api is down' });
    void vera.tapsStale(seen, 'Restart');
    assert.equal(newestQuery().data, 'r');
    await call(world, 'deleteMessage', { chat_id: 7, message_id: id });
    void vera.forges(id, 'anything');
    assert.deepEqual([newestQuery().data, newestQuery().message.date], ['anything', 0]);
  });

  it('is told null when nobody answers', async () => {
    const brief = await startTelegram({ token, queryLifetimeMs: 5 });
    const user = brief.user({ id: 7 });
    user.start();
    const id = messageId(await call(brief, 'sendMessage', { chat_id: 7, text: 'x', reply_markup: keyboard }));
    assert.equal(await user.taps(id, 'Back'), null);
    await brief.stop();
  });

  it('blocks and unblocks, and the bot hears of it', async () => {
    vera.blocks();
    const change = z.looseObject({ new_chat_member: z.looseObject({ status: z.string() }) });
    assert.equal(change.parse(newest().my_chat_member).new_chat_member.status, 'kicked');
    assert.throws(() => vera.sends('x'), /blocked/);
    vera.unblocks();
    assert.equal(change.parse(newest().my_chat_member).new_chat_member.status, 'member');
    await send();
  });

  it('speaks another language from the next update on', () => {
    vera.speaks('en');
    vera.sends('hello');
    assert.match(JSON.stringify(newest()), /"language_code":"en"/);
  });

  it('sees the commands of the narrowest scope and of the own language', async () => {
    const set = (description: string, more: Readonly<Record<string, unknown>>) =>
      call(world, 'setMyCommands', { commands: [{ command: 'menu', description }], ...more });
    await set('everyone', {});
    assert.equal(vera.commands()[0]?.description, 'everyone');
    await set('this chat', { scope: { type: 'chat', chat_id: 7 } });
    await set('этот чат', { scope: { type: 'chat', chat_id: 7 }, language_code: 'ru' });
    assert.equal(vera.commands()[0]?.description, 'этот чат');
    vera.speaks('en');
    assert.equal(vera.commands()[0]?.description, 'this chat');
    await call(world, 'deleteMyCommands', { scope: { type: 'chat', chat_id: 7 } });
    assert.equal(vera.commands()[0]?.description, 'everyone');
    const told = await call(world, 'getMyCommands', { scope: { type: 'chat', chat_id: 7 }, language_code: 'ru' });
    assert.deepEqual(told.result, [{ command: 'menu', description: 'этот чат' }]);
  });
});

describe('a message', () => {
  it('is edited in place; an edit without a keyboard takes the keyboard away', async () => {
    const id = await send();
    now += 5000;
    await call(world, 'editMessageText', { chat_id: 7, message_id: id, text: 'api is down' });
    const shown = vera.last();
    assert.equal(shown?.text, 'api is down');
    assert.deepEqual(shown?.buttons, []);
    assert.equal(shown?.edits, 1);
    assert.equal(shown?.date, 1_800_000_000);
    assert.equal(shown?.editDate, 1_800_000_005);
  });

  it('does not look edited when only its keyboard changed', async () => {
    const id = await send();
    await call(world, 'editMessageReplyMarkup', { chat_id: 7, message_id: id });
    assert.deepEqual([vera.last()?.buttons, vera.last()?.edits, vera.last()?.editDate], [[], 1, null]);
  });

  it('can be edited years later', async () => {
    const id = await send();
    now += 3 * 365 * 86_400_000;
    assert.ok((await call(world, 'editMessageText', { chat_id: 7, message_id: id, text: 'still here' })).ok);
  });

  it('is pinned, shown by getChat, and unpinned', async () => {
    const id = await send();
    await call(world, 'pinChatMessage', { chat_id: 7, message_id: id });
    assert.equal(vera.last()?.pinned, true);
    assert.match(
      JSON.stringify((await call(world, 'getChat', { chat_id: 7 })).result),
      /"pinned_message":{"message_id":2/,
    );
    await call(world, 'unpinChatMessage', { chat_id: 7 });
    assert.equal(vera.last()?.pinned, false);
  });

  it('takes 4096 emoji, which are 8192 units', async () => {
    await send({ text: '😀'.repeat(4096) });
    assert.equal(vera.last()?.text.length, 8192);
  });

  it('with a picture can be sent again by its id, changed, and fetched', async () => {
    const picture = png(800, 400, 500);
    await call(
      world,
      'sendPhoto',
      form({ chat_id: '7', photo: 'attach://chart', chart: picture, caption: '<b>CPU</b>', parse_mode: 'HTML' }),
    );
    const shown = vera.last();
    const fileId = shown?.photo?.fileId ?? '';
    assert.deepEqual([shown?.html, shown?.photo?.width, shown?.photo?.height], ['<b>CPU</b>', 800, 400]);
    const again = messageId(await call(world, 'sendPhoto', { chat_id: 7, photo: fileId }));
    const media = JSON.stringify({ type: 'photo', media: 'attach://new', caption: 'later' });
    const edit = form({ chat_id: '7', message_id: String(again), media, new: png(400, 400) });
    assert.ok((await call(world, 'editMessageMedia', edit)).ok);
    assert.deepEqual([vera.last()?.photo?.width, vera.last()?.text], [400, 'later']);

    const told = z.object({ file_path: z.string() }).parse((await call(world, 'getFile', { file_id: fileId })).result);
    const response = await fetch(`${world.apiRoot}/file/bot${token}/${told.file_path}`);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), picture);
  });

  it('is waited for, also when it comes by an edit', async () => {
    const id = await send();
    const since = world.revision;
    const edited = world.waitForMessage(vera, /api is/, { since });
    await call(world, 'editMessageText', { chat_id: 7, message_id: id, text: 'api is down' });
    assert.deepEqual([(await edited).id, (await edited).text], [id, 'api is down']);
  });

  it('waited for in vain says what was there instead', async () => {
    await send();
    await assert.rejects(
      world.waitForMessage(vera, /never/, { timeoutMs: 5 }),
      /never.*\n(.*\n)*.*api is up.*\[Restart\] \[Back\]/,
    );
  });
});

describe('a group', () => {
  it('shows the bot only commands, replies to it and mentions of it', () => {
    const group = world.group({ id: -5, title: 'Ops', members: [vera] });
    const pending = world.pendingUpdates.length;
    group.sends(vera, 'good morning');
    assert.equal(world.pendingUpdates.length, pending);
    group.sends(vera, '/status');
    group.sends(vera, '/status@other_bot');
    group.sends(vera, 'hey @orbit_manager_bot');
    assert.equal(world.pendingUpdates.length, pending + 2);
  });

  it('goes on without a bot that was thrown out', () => {
    const group = world.group({ id: -5, title: 'Ops', members: [vera] });
    group.setBot(vera, 'kicked');
    const pending = world.pendingUpdates.length;
    group.sends(vera, 'hey @orbit_manager_bot');
    assert.equal(world.pendingUpdates.length, pending);
  });

  it('counts its messages by itself once it is a supergroup', async () => {
    const group = world.group({ id: -5, title: 'Ops', members: [vera] });
    assert.equal(await send({ chat_id: group.id }), 2);
    assert.equal(await send({ chat_id: group.migrate().id }), 2);
    assert.equal(await send(), 4);
  });

  it('lets a member tap, in a topic too', async () => {
    const group = world.group({
      id: -1_000_000_000_005,
      title: 'Ops',
      members: [vera],
      topics: [{ id: 4, name: 'Alerts' }],
    });
    const id = await send({ chat_id: group.id, message_thread_id: 4 });
    assert.equal(group.last()?.topic, 4);
    const answer = group.taps(vera, id, 'Back');
    await call(world, 'answerCallbackQuery', { callback_query_id: newestQuery().id });
    assert.deepEqual(await answer, { text: '', show_alert: false, url: '' });
  });

  it('without topics passes over a topic it is given', async () => {
    const group = world.group({ id: -5, title: 'Ops', members: [vera] });
    await send({ chat_id: group.id, message_thread_id: 4 });
    assert.equal(group.last()?.topic, null);
  });

  it('becomes a supergroup and says so in both chats', () => {
    const group = world.group({ id: -6, title: 'Ops', members: [vera] });
    const to = group.migrate();
    const said = JSON.stringify(world.pendingUpdates.slice(-2));
    assert.match(said, new RegExp(`"migrate_to_chat_id":${to.id}`));
    assert.match(said, /"migrate_from_chat_id":-6/);
    to.sends(vera, '/status');
    assert.match(JSON.stringify(newest()), /"type":"supergroup"/);
  });
});

describe('the call log', () => {
  it('has method, parameters and result, and no token', async () => {
    await send();
    const [sent] = world.callsOf('sendMessage');
    assert.deepEqual(sent?.params, { chat_id: 7, text: 'api is up', reply_markup: keyboard });
    assert.equal(sent?.status, 200);
    assert.equal(messageId({ ok: true, status: 200, retryAfter: null, result: sent?.result }), 2);
    assert.ok(!JSON.stringify(world.calls).includes(token.split(':')[1] ?? ''));
  });
});

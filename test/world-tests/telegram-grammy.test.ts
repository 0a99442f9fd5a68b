import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Conversation, type ConversationFlavor, conversations, createConversation } from '@grammyjs/conversations';
import { Menu } from '@grammyjs/menu';
import { Bot, type Context, GrammyError, InputFile } from 'grammy';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';
import { png, token } from './bare-client.ts';

type Ctx = ConversationFlavor<Context>;

let world: TelegramWorld;
let bot: Bot<Ctx>;
beforeEach(async () => {
  world = await startTelegram({ token });
  bot = new Bot<Ctx>(token, { client: { apiRoot: world.apiRoot, timeoutSeconds: 60 } });
  bot.catch((error) => assert.fail(error.message));
});
afterEach(async () => {
  await bot.stop();
  await world.stop();
});

function run(): void {
  bot.start().catch((error: unknown) => assert.fail(String(error)));
}

describe('a grammY bot', () => {
  it('shows a menu, goes into it and back', async () => {
    const root = new Menu<Ctx>('root').submenu('Service', 'service', (ctx) =>
      ctx.editMessageText('<b>api</b>', { parse_mode: 'HTML' }),
    );
    const service = new Menu<Ctx>('service')
      .text('Restart', (ctx) => ctx.answerCallbackQuery({ text: 'Restarting', show_alert: true }))
      .back('Back', (ctx) => ctx.editMessageText('Services'));
    root.register(service);
    bot.use(root);
    bot.command('menu', (ctx) => ctx.reply('Services', { reply_markup: root }));
    run();

    const user = world.user({ id: 7 });
    user.sends('/menu');
    const screen = await world.waitForMessage(user, 'Services');
    assert.deepEqual(screen.buttons, [['Service']]);
    await user.taps(screen, 'Service');
    const inside = await world.waitForMessage(
      user,
      (message) => message.html === '<b>api</b>' && message.buttons.length > 0,
    );
    assert.equal(inside.id, screen.id);
    assert.deepEqual(await user.taps(inside, 'Restart'), { text: 'Restarting', show_alert: true, url: '' });
    await user.taps(inside, 'Back');
    const back = await world.waitForMessage(user, 'Services');
    assert.equal(back.id, screen.id);
  });

  it('holds a conversation', async () => {
    const ask = async (conversation: Conversation<Ctx>, ctx: Context): Promise<void> => {
      await ctx.reply('For how long?');
      const { message } = await conversation.waitFor('message:text');
      await ctx.reply(`Muted for ${message.text}`);
    };
    bot.use(conversations());
    bot.use(createConversation(ask, 'ask'));
    bot.command('mute', (ctx) => ctx.conversation.enter('ask'));
    run();

    const user = world.user({ id: 7 });
    user.sends('/mute');
    await world.waitForMessage(user, 'For how long?');
    user.sends('10m');
    await world.waitForMessage(user, 'Muted for 10m');
  });

  it('sends and changes pictures and documents', async () => {
    const { api } = bot;
    const user = world.user({ id: 7 });
    user.start();
    const sent = await api.sendPhoto(7, new InputFile(png(800, 400), 'cpu.png'), { caption: 'CPU, 1 h' });
    await api.editMessageMedia(7, sent.message_id, {
      type: 'photo',
      media: new InputFile(png(800, 300)),
      caption: 'CPU, 6 h',
    });
    assert.deepEqual([user.last()?.text, user.last()?.photo?.height, user.last()?.edits], ['CPU, 6 h', 300, 1]);
    await api.sendDocument(7, new InputFile(Buffer.from('line 1\nпривет\n'), 'api.log'));
    const document = user.last()?.document;
    assert.equal(document?.name, 'api.log');
    assert.equal(world.file(document?.fileId ?? '')?.bytes.toString(), 'line 1\nпривет\n');
  });

  it('is told refusals as it expects them', async () => {
    await assert.rejects(bot.api.sendMessage(7, 'x'), (error: unknown) => {
      assert.ok(error instanceof GrammyError);
      assert.deepEqual([error.error_code, error.description], [400, 'Bad Request: chat not found']);
      return true;
    });
  });
});

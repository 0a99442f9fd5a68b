import { type InlineKeyboard, InputFile, InputMediaBuilder } from 'grammy';
import type { Picture } from '../core/picture.ts';
import { escapeHtml, sayReason } from '../i18n.ts';
import { answer } from './answer.ts';
import { inBackground } from './background.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { classify } from './errors.ts';
import { asHtml, keyOf } from './screens/show.ts';

/** A picture with what stands under it; `caption` is HTML. */
export interface Framed {
  readonly picture: Picture;
  readonly caption: string;
  readonly buttons: InlineKeyboard;
}

/** Messages that are a picture, or the reason why there is none. Drawn beside the chat's other work. */
export interface PictureMessages {
  /** Sends it as a new message. */
  send(ctx: ChatContext, frame: () => Promise<Framed>): void;
  /** Turns the message whose button was pressed into it. */
  turn(ctx: ChatContext, frame: () => Promise<Framed>): Promise<void>;
}

export function createPictureMessages(desk: Pick<Desk, 'jobs' | 'log'>): PictureMessages {
  /** Only says that something is coming. */
  function announce(ctx: ChatContext): void {
    ctx.replyWithChatAction('upload_photo').catch((error: unknown) => desk.log.debug({ err: error }, 'no chat action'));
  }

  function textOf({ language }: ChatContext, { picture, caption }: Framed): string {
    return picture.ok ? caption : `${caption}\n⚠️ ${escapeHtml(sayReason(language, picture.reason))}`;
  }

  async function sendNow(ctx: ChatContext, frame: () => Promise<Framed>): Promise<void> {
    announce(ctx);
    const framed = await frame();
    const { picture, buttons } = framed;
    const text = textOf(ctx, framed);
    if (picture.ok) {
      const photo = new InputFile(picture.png, 'chart.png');
      await ctx.replyWithPhoto(photo, { caption: text, parse_mode: 'HTML', reply_markup: buttons });
    } else await ctx.reply(text, { ...asHtml, reply_markup: buttons });
  }

  async function turnNow(ctx: ChatContext, frame: () => Promise<Framed>): Promise<void> {
    const key = keyOf(ctx);
    if (key === null) return await sendNow(ctx, frame);
    announce(ctx);
    const framed = await frame();
    const { picture, buttons } = framed;
    const text = textOf(ctx, framed);
    const { api } = ctx;
    const options = { parse_mode: 'HTML', reply_markup: buttons } as const;
    const edited = picture.ok
      ? api.editMessageMedia(
          key.chat,
          key.message,
          InputMediaBuilder.photo(new InputFile(picture.png, 'chart.png'), { caption: text, parse_mode: 'HTML' }),
          { reply_markup: buttons },
        )
      : ctx.callbackQuery?.message?.photo === undefined
        ? api.editMessageText(key.chat, key.message, text, options)
        : api.editMessageCaption(key.chat, key.message, { ...options, caption: text });
    try {
      await edited;
    } catch (error) {
      const failure = classify(error);
      if (failure?.kind === 'message-gone') return await sendNow(ctx, () => Promise.resolve(framed));
      if (failure?.kind !== 'not-modified') throw error;
    }
  }

  return {
    send: (ctx, frame) => inBackground(desk, 'a picture', () => sendNow(ctx, frame)),
    async turn(ctx, frame) {
      if (await answer(ctx)) inBackground(desk, 'a picture', () => turnNow(ctx, frame));
    },
  };
}

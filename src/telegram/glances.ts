import { inBackground } from './background.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { classify } from './errors.ts';
import { asHtml, keyOf } from './screens/show.ts';
import type { StoreScreen } from './screens/stores.ts';
import { splitHtml } from './split.ts';

/** Screens whose figures have to be asked for, which may take seconds: the chat does not wait for them. */
export interface Glances {
  /** Turns the message whose button was pressed into the screen; where there is none, sends it. */
  show(ctx: ChatContext, look: () => Promise<StoreScreen>): void;
  /** Something else was pressed under that message: what was on its way to it comes too late. */
  leave(ctx: ChatContext): void;
}

export function createGlances(desk: Desk): Glances {
  /** The last press under a message that is still being worked on. */
  const awaited = new Map<string, symbol>();
  const placeOf = (ctx: ChatContext) => {
    const key = keyOf(ctx);
    return key === null ? null : `${key.chat}:${key.message}`;
  };

  async function draw(ctx: ChatContext, place: string | null, look: () => Promise<StoreScreen>): Promise<void> {
    const press = Symbol(place ?? '');
    if (place !== null) awaited.set(place, press);
    try {
      // Only says that something is coming.
      ctx.replyWithChatAction('typing').catch((err: unknown) => desk.log.debug({ err }, 'no chat action'));
      const { text, buttons } = await look();
      const fits = splitHtml(text)[0] ?? '…';
      const options = { ...asHtml, reply_markup: buttons };
      if (place === null) await ctx.reply(fits, options);
      else if (awaited.get(place) === press)
        await ctx.editMessageText(fits, options).catch(forgiveSame(ctx, fits, options));
    } finally {
      if (place !== null && awaited.get(place) === press) awaited.delete(place);
    }
  }

  /** The same text is no failure; a message that is gone is sent anew. */
  function forgiveSame(ctx: ChatContext, text: string, options: Parameters<ChatContext['reply']>[1]) {
    return async (error: unknown): Promise<void> => {
      const failure = classify(error);
      if (failure?.kind === 'message-gone') await ctx.reply(text, options);
      else if (failure?.kind !== 'not-modified') throw error;
    };
  }

  return {
    show(ctx, look) {
      const key = keyOf(ctx);
      if (key !== null) desk.jobs.leave(key);
      inBackground(desk, 'a screen', () => draw(ctx, placeOf(ctx), look));
    },
    leave(ctx) {
      const place = placeOf(ctx);
      if (place !== null) awaited.delete(place);
    },
  };
}

import { t } from '../i18n.ts';
import { inBackground } from './background.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { editOrSend } from './edit-or-send.ts';
import { asHtml, keyOf } from './screens/show.ts';
import type { StoreScreen } from './screens/stores.ts';
import { cutHtml } from './split.ts';

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
      const screen = await look().catch((err: unknown) => {
        desk.log.error({ err }, 'a screen could not be drawn');
        return null;
      });
      if (screen === null) await ctx.reply(t(ctx.language, 'chat-broken'), asHtml);
      else if (place === null || awaited.get(place) === press)
        await editOrSend(ctx, keyOf(ctx), cutHtml(screen.text), { ...asHtml, reply_markup: screen.buttons });
    } finally {
      if (place !== null && awaited.get(place) === press) awaited.delete(place);
    }
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

import { Composer } from 'grammy';
import type { Actions } from '../actions.ts';
import { answer } from '../answer.ts';
import { decode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import type { Show } from '../screens/show.ts';

/** The buttons with our own data: those that act on services, answer questions, or lead back from plain messages. */
export function ownButtons(show: Show, actions: Actions): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    switch (data?.kind) {
      case 'act':
        return await actions.press(ctx, data.service, data.verb, 'anew');
      case 'yes':
      case 'first':
        return await actions.confirm(ctx, data.nonce, data.service, data.kind);
      case 'no':
        return await actions.cancel(ctx, data.nonce, data.service);
      case 'logs':
        if (await answer(ctx)) await show.anew(ctx, { at: 'logs', service: data.service, page: 0 });
        return;
      case 'open':
        if (await answer(ctx)) await show.here(ctx, { at: 'service', service: data.service, page: 0 });
        return;
      case 'menu':
        if (await answer(ctx)) await show.anew(ctx, { at: 'list', page: 0 });
        return;
      case 'home':
        if (await answer(ctx)) await show.here(ctx, { at: 'list', page: 0 });
        return;
      // Among them `leave`: a question that is over has nobody left to take its Cancel.
      default:
        return await next();
    }
  });

  return composer;
}

import { Composer } from 'grammy';
import type { ReloadChoices } from '../../core/reload.ts';
import type { AllActions } from '../all-actions.ts';
import { answer } from '../answer.ts';
import { decode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import type { ReloadActions } from '../reload-actions.ts';
import type { Show } from '../screens/show.ts';

/** The buttons that concern more than one service: all at once, and the configuration. */
export function wideButtons(show: Show, all: AllActions, reload: ReloadActions): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    switch (data?.kind) {
      case 'all-do':
        return await all.ask(ctx, data.verb);
      case 'all-yes':
        return await all.confirm(ctx, data.nonce);
      case 'all-no':
        return await all.cancel(ctx, data.nonce);
      case 'reload':
        return await reload.look(ctx);
      case 'reload-set':
        return await reload.choose(ctx, data.nonce, choicesOf(data));
      case 'reload-yes':
        return await reload.confirm(ctx, data.nonce, choicesOf(data));
      case 'reload-no':
        return await reload.cancel(ctx, data.nonce);
      case 'settings':
        if (await answer(ctx)) await show.here(ctx, { at: 'settings' });
        return;
      default:
        return await next();
    }
  });

  return composer;
}

function choicesOf({ restart, stop }: { readonly restart: string; readonly stop: string }): ReloadChoices {
  return { restart: restart === 'yes', stopRemoved: stop === 'yes' };
}

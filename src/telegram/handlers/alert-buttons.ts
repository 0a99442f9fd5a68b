import { Composer } from 'grammy';
import { may } from '../../core/role.ts';
import { t } from '../../i18n.ts';
import type { AlertActions } from '../alert-actions.ts';
import { answer } from '../answer.ts';
import { decode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import type { Place } from '../screens/place.ts';
import type { Show } from '../screens/show.ts';

/** The buttons under alerts, and those of the screens about alerts, mutes and the audit. */
export function alertButtons(show: Show, actions: AlertActions): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  const turn = async (ctx: ChatContext, place: Place) => {
    if (await answer(ctx)) await show.here(ctx, place);
  };

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    switch (data?.kind) {
      case 'ack':
        return await actions.acknowledge(ctx, data.incident);
      case 'mute':
        return await actions.mute(ctx, data.incident, data.length);
      case 'unmute':
        return await actions.unmute(ctx, data.incident, data.mute);
      case 'ack-all':
        return await actions.acknowledgeAll(ctx);
      case 'mute-all':
        return await actions.muteAll(ctx, data.length);
      case 'unmute-all':
        return await actions.unmuteAll(ctx);
      case 'hush':
        return await actions.hush(ctx, data.as, serviceOf(data.target), data.length);
      case 'lift':
        return await actions.lift(ctx, serviceOf(data.target), data.mute);
      case 'show-alerts':
        if (await answer(ctx)) await show.anew(ctx, { at: 'alerts', page: 0 });
        return;
      case 'alerts':
        return await turn(ctx, { at: 'alerts', page: data.page });
      case 'alert':
        return await turn(ctx, { at: 'alert', incident: data.incident, page: data.page });
      case 'mutes':
        return await turn(ctx, { at: 'mutes', service: serviceOf(data.target), page: 0 });
      case 'audit':
        if (may(ctx.visitor.role, 'own')) await turn(ctx, { at: 'audit', page: data.page });
        else await answer(ctx, t(ctx.language, 'chat-owners-only'), true);
        return;
      default:
        return await next();
    }
  });

  return composer;
}

function serviceOf(target: string): string | null {
  return target === '*' ? null : target;
}

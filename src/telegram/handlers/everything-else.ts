import { Composer } from 'grammy';
import { t } from '../../i18n.ts';
import { answer } from '../answer.ts';
import type { ChatContext } from '../context.ts';
import type { Show } from '../screens/show.ts';

/** The last handlers: nothing that an admin types or taps is left without an answer. */
export function everythingElse(show: Show): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  // A button of an older version, or of a question that is over. Unanswered, the client would spin.
  composer.on('callback_query', async (ctx) => {
    if (!(await answer(ctx, t(ctx.language, 'chat-outdated')))) return;
    await show.anew(ctx, { at: 'list', page: 0 });
  });

  composer.on('message:text', async (ctx) => {
    if (isForUs(ctx)) await ctx.reply(t(ctx.language, 'chat-unknown'));
  });

  return composer;
}

/** In a group only what is said to this bot by name. */
function isForUs(ctx: ChatContext): boolean {
  if (ctx.chat?.type === 'private') return true;
  const text = ctx.message?.text ?? '';
  return (
    text.startsWith('/') && text.split(/\s/)[0]?.toLowerCase().endsWith(`@${ctx.me.username.toLowerCase()}`) === true
  );
}

import { BotError } from 'grammy';
import { t } from '../i18n.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { classify, reasonOf } from './errors.ts';

/** What a handler threw: always in the log; and in the chat, where telling it can work. Never throws itself. */
export function createErrorHandler(desk: Desk) {
  return async (thrown: unknown): Promise<void> => {
    const error = thrown instanceof BotError ? thrown.error : thrown;
    const failure = classify(error);
    if (failure === null) desk.log.error({ err: error }, 'a handler of the chat failed');
    else desk.log.warn({ reason: reasonOf(failure) }, 'Telegram did not take what the chat was to show');

    const ours = failure === null || ['bad-html', 'bad-buttons', 'refused'].includes(failure.kind);
    if (!ours || !(thrown instanceof BotError)) return;
    const ctx: ChatContext = thrown.ctx;
    // Only those who passed the gate have a language; nobody else hears anything.
    if (ctx.language === undefined) return;
    try {
      await ctx.reply(t(ctx.language, 'chat-broken'));
    } catch (again) {
      desk.log.debug({ failed: classify(again) === null ? 'bug' : 'call' }, 'the chat could not be told');
    }
  };
}

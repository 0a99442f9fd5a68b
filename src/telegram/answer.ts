import { redactSecrets } from '../core/redact.ts';
import type { ChatContext } from './context.ts';
import { classify } from './errors.ts';
import { shorten } from './say.ts';

/** Telegram's limit for what pops up at a press. */
const longest = 200;

/**
 * Answers a press, before anything is done about it. False: it is too old, or nobody knows how old; then nothing may
 * be done. `text`: plain; `alert`: in a window that has to be closed.
 */
export async function answer(ctx: ChatContext, text?: string, alert = false): Promise<boolean> {
  if (ctx.callbackQuery === undefined) return true;
  try {
    await ctx.answerCallbackQuery(
      text === undefined ? {} : { text: shorten(redactSecrets(text), longest), show_alert: alert },
    );
    return true;
  } catch (error) {
    const failure = classify(error);
    if (failure === null) throw error;
    // In a flood of alerts Telegram may refuse the answer to a press that is fresh.
    return failure.kind === 'flood';
  }
}

import type { ChatContext } from './context.ts';
import { classify } from './errors.ts';
import type { MessageKey } from './jobs.ts';

type Options = NonNullable<Parameters<ChatContext['reply']>[1]> & Parameters<ChatContext['api']['editMessageText']>[3];

/** Turns a message into this text; one that is gone (or null: never was) is sent anew. The same text is no failure. */
export async function editOrSend(
  ctx: ChatContext,
  key: MessageKey | null,
  text: string,
  options: Options,
): Promise<MessageKey> {
  if (key !== null) {
    try {
      await ctx.api.editMessageText(key.chat, key.message, text, options);
      return key;
    } catch (error) {
      const failure = classify(error);
      if (failure?.kind === 'not-modified') return key;
      if (failure?.kind !== 'message-gone') throw error;
    }
  }
  const sent = await ctx.reply(text, options);
  return { chat: sent.chat.id, message: sent.message_id };
}

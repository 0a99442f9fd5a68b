import type { Conversation } from '@grammyjs/conversations';
import type { Context } from 'grammy';
import { decode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { asHtml } from '../screens/show.ts';

/**
 * Waits for the text that answers the question of the message `asked`; null: its Cancel was tapped, and `left` stands
 * there now. Everything that is no answer goes on to the other handlers; a command ends the question.
 */
export async function typed(
  conversation: Conversation<ChatContext, Context>,
  asked: number,
  left: string,
): Promise<{ readonly reply: Context; readonly text: string } | null> {
  const reply = await conversation.wait();
  if (reply.callbackQuery !== undefined) {
    const ours = reply.callbackQuery.message?.message_id === asked;
    if (!ours || decode(reply.callbackQuery.data ?? '')?.kind !== 'leave') await conversation.skip({ next: true });
    await reply.editMessageText(left, asHtml);
    await reply.answerCallbackQuery();
    return null;
  }
  const text = reply.message?.text;
  if (text === undefined) return await conversation.skip({ next: true });
  if (text.startsWith('/')) return await conversation.halt({ next: true });
  // In a group people talk to each other, too.
  const meant = reply.chat?.type === 'private' || reply.message?.reply_to_message?.message_id === asked;
  if (!meant) await conversation.skip({ next: true });
  return { reply, text };
}

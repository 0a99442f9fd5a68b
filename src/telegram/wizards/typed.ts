import type { Conversation } from '@grammyjs/conversations';
import { type Context, InlineKeyboard } from 'grammy';
import { type Language, t } from '../../i18n.ts';
import { decode, encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { asHtml } from '../screens/show.ts';

/** An answer that a tap gives instead; its button is handled elsewhere. */
export interface Offered {
  readonly label: string;
  readonly data: string;
}

/** Texts are HTML. */
export interface TypedQuestion {
  readonly text: string;
  readonly offered?: readonly Offered[];
  /** What stands there once its Cancel was tapped. */
  readonly left: string;
}

/**
 * Asks, and waits for the text that answers; null: Cancel was tapped. Everything that is no answer goes on to the other
 * handlers; a command ends the question.
 */
export async function typed(
  conversation: Conversation<ChatContext, Context>,
  ctx: Context,
  language: Language,
  question: TypedQuestion,
): Promise<{ readonly reply: Context; readonly text: string } | null> {
  const buttons = new InlineKeyboard();
  for (const { label, data } of question.offered ?? []) buttons.text(label, data).row();
  buttons.text(t(language, 'button-cancel'), encode({ kind: 'leave' }));
  const { message_id: asked } = await ctx.reply(question.text, { ...asHtml, reply_markup: buttons });
  const reply = await conversation.wait();
  if (reply.callbackQuery !== undefined) {
    const ours = reply.callbackQuery.message?.message_id === asked;
    if (!ours || decode(reply.callbackQuery.data ?? '')?.kind !== 'leave') await conversation.skip({ next: true });
    await reply.editMessageText(question.left, asHtml);
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

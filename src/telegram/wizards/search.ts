import type { Conversation } from '@grammyjs/conversations';
import { type Context, InlineKeyboard } from 'grammy';
import { html, type Language, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, findService } from '../desk.ts';
import { readLog } from '../screens/log-reading.ts';
import { logsText, matching, searchDepth } from '../screens/logs.ts';
import { asHtml } from '../screens/show.ts';
import { typed } from './typed.ts';

/** The question is forgotten after this long (ms). */
export const searchPatience = 5 * 60_000;

/** A longer pattern is a slip of the clipboard. */
const longestPattern = 200;

/**
 * Asks what to look for in a service's log, and shows the lines that hold it. Everything that is no answer goes on to
 * the other handlers; a command ends the question.
 */
export function searchWizard(desk: Desk) {
  return async function search(
    conversation: Conversation<ChatContext, Context>,
    ctx: Context,
    service: string,
    language: Language,
    timezone: string,
  ): Promise<void> {
    const title = await conversation.external(() => findService(desk, service)?.title ?? service);
    const question = {
      text: html(language, 'chat-search-ask', { title }),
      left: html(language, 'chat-search-left', { title }),
    };
    const answer = await typed(conversation, ctx, language, question);
    if (answer === null) return;
    const { reply, text } = answer;

    const pattern = text.slice(0, longestPattern);
    const found = await conversation.external(() => searchLog(desk, service, pattern, language, timezone));
    const back = new InlineKeyboard()
      .text(t(language, 'button-logs'), encode({ kind: 'logs', service }))
      .text(t(language, 'button-back'), encode({ kind: 'open', service }));
    await reply.reply(found, { ...asHtml, reply_markup: back });
  };
}

async function searchLog(
  desk: Desk,
  service: string,
  pattern: string,
  language: Language,
  timezone: string,
): Promise<string> {
  const title = findService(desk, service)?.title ?? service;
  const lines = await readLog(desk, service, searchDepth);
  if (lines === null) return html(language, 'chat-logs-unread', { title });
  const excerpt = { title, lines: matching(lines, pattern), pattern, messages: 1, now: desk.clock() };
  return logsText(language, excerpt, timezone);
}

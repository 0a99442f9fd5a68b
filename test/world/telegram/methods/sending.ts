import { z } from 'zod';
import type { Account } from '../account.ts';
import { badRequest } from '../api-error.ts';
import { findChat, findMessage, findTopic } from '../chats.ts';
import { checkKeyboard, markupParam } from '../markup.ts';
import type { Params } from '../params.ts';
import { codePoints, finishText, formattedParam, maxCaption, maxText } from '../text.ts';
import type { ChatState, FormattedText, StoredFile, StoredMessage } from '../types.ts';
import { messageJson } from '../view.ts';

/** The text, checked as the server does after its chat was found. */
export function acceptText(parsed: FormattedText): FormattedText {
  const finished = finishText(parsed);
  if (finished.text === '') throw badRequest('text must be non-empty');
  if (codePoints(finished.text) > maxText) throw badRequest('message is too long');
  return finished;
}

export function acceptCaption(parsed: FormattedText): FormattedText {
  const finished = finishText(parsed);
  if (codePoints(finished.text) > maxCaption) throw badRequest('message caption is too long');
  return finished;
}

const linkPreviewShape = z.record(z.string(), z.unknown());

export function linkPreviewParam(params: Params): Readonly<Record<string, unknown>> | null {
  const raw = params.json('link_preview_options', 'link preview options');
  if (raw === undefined) return params.flag('disable_web_page_preview') ? { is_disabled: true } : null;
  const parsed = linkPreviewShape.safeParse(raw);
  if (!parsed.success) throw badRequest('Object expected as link preview options');
  return parsed.data;
}

export function sendMessage(account: Account, params: Params): unknown {
  const linkPreview = linkPreviewParam(params);
  if (params.text('text') === '') throw badRequest('Message text is empty');
  const parsed = formattedParam(params, 'text');
  return send(account, params, { content: () => acceptText(parsed), file: null, linkPreview });
}

export function sendPhoto(account: Account, params: Params): unknown {
  return sendFile(account, params, 'photo');
}

export function sendDocument(account: Account, params: Params): unknown {
  return sendFile(account, params, 'document');
}

function sendFile(account: Account, params: Params, kind: 'photo' | 'document'): unknown {
  const isThere = params.text(kind) !== '' || params.file(kind) !== null;
  if (!isThere) throw badRequest(`There is no ${kind} in the request`);
  const parsed = formattedParam(params, 'caption');
  const draft = {
    content: () => acceptCaption(parsed),
    file: () => account.files.take(params, kind),
    linkPreview: null,
  };
  return send(account, params, draft);
}

interface Draft {
  readonly content: () => FormattedText;
  readonly file: (() => StoredFile | null) | null;
  readonly linkPreview: Readonly<Record<string, unknown>> | null;
}

function send(account: Account, params: Params, draft: Draft): unknown {
  const reply = replyParam(params);
  const markup = markupParam(params);
  const chat = findChat(account, params.text('chat_id'), 'write');
  const topic = findTopic(chat, params.messageId('message_thread_id'));
  const replyTo = findReplyTarget(account, chat, reply);
  const content = draft.content();
  const file = draft.file?.() ?? null;
  if (markup?.kind === 'inline') checkKeyboard(markup.rows);
  account.flood.pass(chat.id, 'send');
  const message: StoredMessage = {
    id: account.nextMessageId(chat),
    chatId: chat.id,
    from: account.bot,
    date: account.seconds(),
    editDate: null,
    edits: 0,
    revision: 0,
    content,
    file,
    keyboard: markup?.kind === 'inline' ? markup.rows : null,
    markup: markup?.kind === 'other' ? markup.raw : null,
    replyTo,
    topic,
    silent: params.flag('disable_notification'),
    protectedContent: params.flag('protect_content'),
    linkPreview: draft.linkPreview,
    service: null,
  };
  chat.messages.set(message.id, message);
  account.changed(message, 'sent');
  return messageJson(chat, message);
}

interface Reply {
  readonly messageId: number;
  readonly chatId: string;
  readonly orWithout: boolean;
}

const replyShape = z.object({
  message_id: z.int().optional(),
  chat_id: z.union([z.string(), z.number()]).optional(),
  allow_sending_without_reply: z.boolean().optional(),
});

function replyParam(params: Params): Reply {
  const orWithout = params.flag('allow_sending_without_reply');
  if (!params.has('reply_parameters'))
    return { messageId: params.messageId('reply_to_message_id'), chatId: '', orWithout };
  const raw = params.json('reply_parameters', 'reply parameters');
  if (raw === undefined) return { messageId: 0, chatId: '', orWithout };
  const parsed = replyShape.safeParse(raw);
  if (!parsed.success) throw badRequest('Object expected as reply parameters');
  const { message_id: messageId = 0, chat_id: chatId = '', allow_sending_without_reply: allowed = false } = parsed.data;
  return { messageId, chatId: String(chatId), orWithout: allowed };
}

function findReplyTarget(account: Account, chat: ChatState, reply: Reply): number | null {
  if (reply.messageId <= 0) return null;
  const target = reply.chatId === '' ? chat : findChat(account, reply.chatId, 'read');
  if (reply.orWithout && !target.messages.has(reply.messageId)) return null;
  return findMessage(target, reply.messageId, 'message to be replied').id;
}

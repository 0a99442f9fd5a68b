import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Account } from '../account.ts';
import { ApiError, badRequest } from '../api-error.ts';
import { findChat, findMessage } from '../chats.ts';
import { checkKeyboard, inlineMarkupParam } from '../markup.ts';
import type { Params } from '../params.ts';
import { formattedParam, parseText } from '../text.ts';
import type { ChatState, FormattedText, Keyboard, StoredFile, StoredMessage } from '../types.ts';
import { messageJson } from '../view.ts';
import { acceptCaption, acceptText, linkPreviewParam } from './sending.ts';

const notModified =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';
/** Deleting expires, editing of the bot's own messages never does. */
const deletableFor = 48 * 3600;

export function editMessageText(account: Account, params: Params): unknown {
  const linkPreview = linkPreviewParam(params);
  if (params.text('text') === '') throw badRequest('Message text is empty');
  const parsed = formattedParam(params, 'text');
  return edit(account, params, (message) => {
    if (message.file) throw badRequest('there is no text in the message to edit');
    return { content: acceptText(parsed), file: null, linkPreview };
  });
}

export function editMessageCaption(account: Account, params: Params): unknown {
  const parsed = formattedParam(params, 'caption');
  return edit(account, params, (message) => {
    if (!message.file) throw badRequest('there is no caption in the message to edit');
    return { content: acceptCaption(parsed), file: message.file, linkPreview: null };
  });
}

export function editMessageReplyMarkup(account: Account, params: Params): unknown {
  return edit(account, params, ({ content, file, linkPreview }) => ({ content, file, linkPreview }));
}

const mediaShape = z.object({
  type: z.string(),
  media: z.string(),
  caption: z.string().default(''),
  parse_mode: z.string().default(''),
  caption_entities: z.unknown().optional(),
});

export function editMessageMedia(account: Account, params: Params): unknown {
  const raw = params.json('media', 'input media');
  const parsed = mediaShape.safeParse(raw);
  if (!parsed.success) throw badRequest("Can't parse InputMedia: expected an Object");
  const { type, media, caption, parse_mode: mode, caption_entities: entities } = parsed.data;
  if (type !== 'photo' && type !== 'document')
    throw badRequest("Can't parse InputMedia: type must be one of photo, document");
  const content = parseText(caption, mode, entities);
  return edit(account, params, () => {
    const file = account.files.take(params, type, media);
    if (!file) throw badRequest("Can't parse InputMedia: media not found");
    return { content: acceptCaption(content), file, linkPreview: null };
  });
}

interface Changed {
  readonly content: FormattedText;
  readonly file: StoredFile | null;
  readonly linkPreview: Readonly<Record<string, unknown>> | null;
}

/** An edit always says the whole keyboard: without `reply_markup` the old one goes. */
function edit(account: Account, params: Params, change: (message: StoredMessage) => Changed): unknown {
  const keyboard = inlineMarkupParam(params);
  const { chat, message } = findOwn(account, params);
  const after = change(message);
  if (keyboard) checkKeyboard(keyboard);
  if (isSame(message, after, keyboard)) throw new ApiError(400, notModified);
  account.flood.pass(chat.id, 'edit');
  const onlyKeyboard = after.content === message.content && after.file === message.file;
  message.content = after.content;
  message.file = after.file;
  message.linkPreview = after.linkPreview;
  message.keyboard = keyboard;
  message.edits += 1;
  // A changed keyboard alone does not mark a message as edited.
  if (!onlyKeyboard) message.editDate = account.seconds();
  account.changed(message, 'edited');
  return messageJson(chat, message);
}

function isSame(message: StoredMessage, after: Changed, keyboard: Keyboard | null): boolean {
  const sameFile = message.file?.uniqueId === after.file?.uniqueId;
  return sameFile && isDeepStrictEqual(message.content, after.content) && isDeepStrictEqual(message.keyboard, keyboard);
}

function findOwn(account: Account, params: Params): { chat: ChatState; message: StoredMessage } {
  const messageId = params.messageId();
  if (params.text('chat_id') === '' && messageId === 0) {
    if (params.text('inline_message_id') === '') throw badRequest('Message identifier is not specified');
    throw new ApiError(400, 'Bad Request: MESSAGE_ID_INVALID');
  }
  const chat = findChat(account, params.text('chat_id'), 'edit');
  const message = findMessage(chat, messageId, 'message to edit');
  const hasOtherMarkup = message.markup !== null && message.markup.remove_keyboard !== true;
  if (message.from.id !== account.bot.id || message.service || hasOtherMarkup) {
    throw badRequest("message can't be edited");
  }
  return { chat, message };
}

export function deleteMessage(account: Account, params: Params): unknown {
  const messageId = params.messageId();
  if (params.text('chat_id') === '') throw badRequest('Chat identifier is not specified');
  if (messageId === 0) throw badRequest('Message identifier is not specified');
  const chat = findChat(account, params.text('chat_id'), 'write');
  const message = findMessage(chat, messageId, 'message to delete');
  const isOwn = message.from.id === account.bot.id;
  if (chat.type !== 'private' && !isOwn && chat.botStatus !== 'administrator') {
    throw badRequest("message can't be deleted");
  }
  if (account.seconds() - message.date > deletableFor) throw badRequest("message can't be deleted for everyone");
  chat.messages.delete(message.id);
  chat.pinned = chat.pinned.filter((id) => id !== message.id);
  account.changed(message, 'deleted');
  return true;
}

export function pinChatMessage(account: Account, params: Params): unknown {
  const chat = findChat(account, params.text('chat_id'), 'write');
  const message = findMessage(chat, params.messageId(), 'message to pin');
  checkMayPin(chat);
  chat.pinned = [...chat.pinned.filter((id) => id !== message.id), message.id];
  account.changed(message, 'pinned');
  return true;
}

/** Without a message id: the one pinned last. */
export function unpinChatMessage(account: Account, params: Params): unknown {
  const chat = findChat(account, params.text('chat_id'), 'write');
  const message = findMessage(chat, params.messageId() || (chat.pinned.at(-1) ?? 0), 'message to unpin');
  checkMayPin(chat);
  chat.pinned = chat.pinned.filter((id) => id !== message.id);
  account.changed(message, 'pinned');
  return true;
}

function checkMayPin(chat: ChatState): void {
  if (chat.type !== 'private' && chat.botStatus !== 'administrator') {
    throw badRequest('not enough rights to manage pinned messages in the chat');
  }
}

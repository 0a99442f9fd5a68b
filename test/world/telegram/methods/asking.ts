import type { Account } from '../account.ts';
import { badRequest, tooManyRequests } from '../api-error.ts';
import { findChat, findTopic } from '../chats.ts';
import { type CommandScope, commandsParam, scopeParam } from '../commands.ts';
import type { Params } from '../params.ts';
import { chatJson, messageJson } from '../view.ts';
import { Remarked } from './method.ts';

/** The longest the server holds a poll, in seconds. */
const maxPoll = 50;
/** `close` is refused for this long after the start, in seconds. */
const noCloseFor = 600;
const actions = new Set(
  `typing upload_photo record_video upload_video record_voice upload_voice record_audio upload_audio upload_document
   choose_sticker find_location pick_up_location record_video_note upload_video_note cancel`.split(/\s+/),
);

export function getMe(account: Account): unknown {
  return {
    ...account.bot,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  };
}

export function getUpdates(account: Account, params: Params, gone: AbortSignal): unknown {
  account.updates.allow(allowedParam(params));
  const request = {
    offset: params.integer('offset', 0),
    limit: params.integer('limit', 100, 1, 100),
    timeout: params.integer('timeout', 0, 0, maxPoll),
  };
  return account.updates.poll(request, gone);
}

/** Anything that is not a list of words is passed over, as the server does. */
function allowedParam(params: Params): readonly string[] | undefined {
  const raw = params.json('allowed_updates', 'allowed updates');
  return Array.isArray(raw) ? raw.filter((kind) => typeof kind === 'string') : undefined;
}

export function setWebhook(account: Account, params: Params): unknown {
  const url = params.text('url');
  if (url === '') return deleteWebhook(account, params);
  if (!/^https:\/\//.test(url)) throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  account.updates.allow(allowedParam(params));
  if (params.flag('drop_pending_updates')) account.updates.drop();
  account.updates.setWebhook(url);
  return new Remarked(true, 'Webhook was set');
}

export function deleteWebhook(account: Account, params: Params): unknown {
  if (params.flag('drop_pending_updates')) account.updates.drop();
  const wasSet = account.updates.webhook !== '';
  account.updates.setWebhook('');
  return new Remarked(true, wasSet ? 'Webhook was deleted' : 'Webhook is already deleted');
}

export function getWebhookInfo(account: Account): unknown {
  const { webhook, pending } = account.updates;
  return { url: webhook, has_custom_certificate: false, pending_update_count: pending.length };
}

export function answerCallbackQuery(account: Account, params: Params): unknown {
  account.callbacks.answer(params.text('callback_query_id'), {
    text: params.text('text'),
    show_alert: params.flag('show_alert'),
    url: params.text('url'),
  });
  return true;
}

export function sendChatAction(account: Account, params: Params): unknown {
  const action = params.text('action').toLowerCase();
  if (!actions.has(action)) throw badRequest('Wrong parameter action in request');
  const chat = findChat(account, params.text('chat_id'), 'write');
  findTopic(chat, params.messageId('message_thread_id'));
  account.tell({ kind: 'action', chatId: chat.id, action });
  return true;
}

export function getChat(account: Account, params: Params): unknown {
  const chat = findChat(account, params.text('chat_id'), 'read');
  const pinned = chat.messages.get(chat.pinned.at(-1) ?? 0);
  return {
    ...chatJson(chat),
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {},
    ...(pinned ? { pinned_message: messageJson(chat, pinned) } : {}),
  };
}

export function getFile(account: Account, params: Params): unknown {
  return account.files.describe(params.text('file_id'));
}

export function setMyCommands(account: Account, params: Params): unknown {
  const commands = commandsParam(params);
  const scope = scopeParam(params);
  account.commands.set(scope, scopeChat(account, scope), params.text('language_code'), commands);
  account.tell({ kind: 'commands' });
  return true;
}

export function deleteMyCommands(account: Account, params: Params): unknown {
  const scope = scopeParam(params);
  account.commands.set(scope, scopeChat(account, scope), params.text('language_code'), []);
  account.tell({ kind: 'commands' });
  return true;
}

export function getMyCommands(account: Account, params: Params): unknown {
  const scope = scopeParam(params);
  return account.commands.get(scope, scopeChat(account, scope), params.text('language_code'));
}

function scopeChat(account: Account, scope: CommandScope): number {
  return scope.chat === '' ? 0 : findChat(account, scope.chat, 'read').id;
}

export function close(account: Account): unknown {
  const upFor = (account.now() - account.startedAt) / 1000;
  if (upFor < noCloseFor) throw tooManyRequests(Math.ceil(noCloseFor - upFor));
  return true;
}

export function logOut(account: Account): unknown {
  account.loggedOut = true;
  return true;
}

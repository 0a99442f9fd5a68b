import type { Account } from './account.ts';
import { ApiError, badRequest, forbidden } from './api-error.ts';
import type { ChatState, StoredMessage } from './types.ts';

/** How much a call wants from a chat; each includes the ones before. */
export type Access = 'read' | 'edit' | 'write';

/** The chat an argument names, if the bot may do there what it wants. Texts and order from check_chat_access. */
export function findChat(account: Account, id: string, access: Access): ChatState {
  if (id === '') throw badRequest('chat_id is empty');
  const chat = account.chats.get(Number.parseInt(id, 10));
  if (!chat) throw badRequest('chat not found');
  if (chat.type === 'private') checkPrivate(chat, access);
  else checkGroup(chat, access);
  return chat;
}

function checkPrivate(chat: ChatState, access: Access): void {
  if (access === 'read') {
    if (!chat.started) throw badRequest('chat not found');
    return;
  }
  if (chat.deactivated) throw forbidden('user is deactivated');
  if (!chat.started) throw forbidden("bot can't initiate conversation with a user");
  if (chat.blocked && access === 'write') throw forbidden('bot was blocked by the user');
}

function checkGroup(chat: ChatState, access: Access): void {
  const name = chat.type === 'group' ? 'group chat' : 'supergroup chat';
  if (chat.migratedTo !== null) {
    if (access !== 'write') return;
    throw new ApiError(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: chat.migratedTo,
    });
  }
  // A basic group a bot was thrown out of can still be read.
  if (chat.type === 'group' && access === 'read') return;
  if (chat.botStatus === 'kicked') throw forbidden(`bot was kicked from the ${name}`);
  if (chat.botStatus === 'left') throw forbidden(`bot is not a member of the ${name}`);
}

/** The forum topic an argument names; null for none. In groups that are no forum it is passed over (check_message_topic). */
export function findTopic(chat: ChatState, topic: number): number | null {
  const mayHaveTopics = chat.forum || chat.type === 'private';
  if (topic === 0 || !mayHaveTopics) return null;
  // 1 is "General", which is addressed by leaving the topic out.
  if (topic === 1 || !chat.topics.has(topic)) throw badRequest('message thread not found');
  return topic;
}

/** A message that is there; `what` names it in the refusal ("message to edit"). */
export function findMessage(chat: ChatState, id: number, what: string): StoredMessage {
  const message = chat.messages.get(id);
  if (!message) throw badRequest(`${what} not found`);
  return message;
}

import type { ConversationData, VersionedState } from '@grammyjs/conversations';
import type { ChatContext } from '../context.ts';

/**
 * Where open questions are kept: in memory, since none should survive a new version; one record for each person in each
 * chat, so that in a group nobody answers another's question.
 */
export function questionMemory() {
  const records = new Map<string, VersionedState<ConversationData>>();
  return {
    type: 'key' as const,
    getStorageKey: (ctx: ChatContext) => `${ctx.chatId ?? ''}:${ctx.from?.id ?? ''}`,
    adapter: {
      read: (key: string) => records.get(key),
      write: (key: string, state: VersionedState<ConversationData>) => void records.set(key, state),
      delete: (key: string) => void records.delete(key),
    },
  };
}

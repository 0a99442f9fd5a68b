import type { Conversation } from '@grammyjs/conversations';
import type { Context } from 'grammy';
import type { StoreRef } from '../../core/stores.ts';
import { html, type Language } from '../../i18n.ts';
import type { Asked, CacheActions } from '../cache-actions.ts';
import type { ChatContext } from '../context.ts';
import { shorten } from '../say.ts';
import { type Offered, typed } from './typed.ts';

/** A longer pattern is a slip of the clipboard. */
const longestPattern = 200;

/** Asks which keys to clear: one of the patterns that are there (their buttons are handled elsewhere), or one typed. */
export function clearCacheWizard(acts: CacheActions) {
  return async function clearCache(
    conversation: Conversation<ChatContext, Context>,
    ctx: Context,
    store: StoreRef,
    offered: readonly Offered[],
    language: Language,
  ): Promise<void> {
    const { title } = store;
    const answer = await typed(conversation, ctx, language, {
      text: html(language, 'chat-cache-what', { title, offered: offered.length }),
      offered,
      left: html(language, 'chat-cache-left'),
    });
    if (answer === null) return;
    const pattern = answer.text.trim().slice(0, longestPattern);
    await conversation.external((outer) => acts.count(outer, store, pattern));
  };
}

/** Asks an owner for the number of keys, before most of a cache goes. */
export function typeCountWizard(acts: CacheActions) {
  return async function typeCount(
    conversation: Conversation<ChatContext, Context>,
    ctx: Context,
    question: Asked,
    language: Language,
  ): Promise<void> {
    const { matching, pattern, store } = question.subject;
    const answer = await typed(conversation, ctx, language, {
      text: html(language, 'chat-cache-type', { matching, pattern: shorten(pattern, 60), title: store.title }),
      left: html(language, 'chat-cache-left'),
    });
    if (answer === null) return;
    // As people write a large number: 15 000, 15,000, 15.000.
    const digits = answer.text.replace(/[\s.,'’]/g, '');
    const number = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
    await conversation.external((outer) => acts.confirmTyped(outer, question, number));
  };
}

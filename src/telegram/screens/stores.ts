import { InlineKeyboard } from 'grammy';
import type { Finding } from '../../core/health.ts';
import type { Reason } from '../../core/reason.ts';
import type { StoreRef } from '../../core/stores.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../../i18n.ts';
import { type CallbackData, encode } from '../callback-data.ts';
import { handleOf } from '../panel-handle.ts';
import { sayDuration, sayMetric, shorten } from '../say.ts';
import { healthIcon } from './service-line.ts';

/** A screen that is no menu: Telegram HTML and the buttons under it. */
export interface StoreScreen {
  readonly text: string;
  readonly buttons: InlineKeyboard;
}

/** More findings than these are not read on a phone; the worst come first. */
const FINDINGS = 4;
const LONGEST_REASON = 250;

/** The Redis instances, or the databases, to choose from; where there is none, how to get one. */
export function storesScreen(language: Language, kind: 'redis' | 'db', stores: readonly StoreRef[]): StoreScreen {
  const buttons = new InlineKeyboard();
  for (const { id, title } of stores)
    buttons.text(shorten(title, 40), encode({ kind, part: 'overview', store: handleOf(id) })).row();
  buttons.text(t(language, 'button-menu'), encode({ kind: 'home' }));
  const lines = [
    `<b>${html(language, `chat-stores-${kind}`)}</b>`,
    html(language, stores.length === 0 ? `chat-stores-none-${kind}` : 'chat-stores-choose'),
    ...(stores.length === 0 ? [`<pre>${escapeHtml(t(language, `chat-stores-example-${kind}`))}</pre>`] : []),
  ];
  return { text: lines.join('\n'), buttons };
}

/**
 * In place of a screen whose figures could not be had. `again`: the button that tries once more; `service`: where it can be
 * restarted.
 */
export function noAnswerScreen(
  language: Language,
  title: string,
  why: Reason,
  again: CallbackData,
  service: string | null,
): StoreScreen {
  const lines = [`🔴 <b>${escapeHtml(title)}</b>`, escapeHtml(shorten(sayReason(language, why), LONGEST_REASON))];
  const buttons = new InlineKeyboard().text(t(language, 'button-refresh'), encode(again));
  if (service !== null) buttons.text(t(language, 'button-service'), encode({ kind: 'open', service }));
  buttons.text(t(language, 'button-menu'), encode({ kind: 'home' }));
  return { text: lines.join('\n'), buttons };
}

/** The head of a store's screen: how it is, and what is wrong with it. */
export function storeHead(language: Language, title: string, address: string, findings: readonly Finding[]) {
  const worst = findings[0]?.verdict ?? 'healthy';
  return [
    `${healthIcon[worst]} <b>${escapeHtml(title)}</b> · <code>${escapeHtml(address)}</code>`,
    ...findings
      .slice(0, FINDINGS)
      .map(
        ({ verdict, reason }) =>
          `${healthIcon[verdict]} ${escapeHtml(shorten(sayReason(language, reason), LONGEST_REASON))}`,
      ),
  ];
}

export function sayBytes(language: Language, value: number): string {
  return sayMetric(language, { name: '', value, unit: 'bytes' });
}

export function sayPercent(language: Language, value: number): string {
  return sayMetric(language, { name: '', value, unit: '%' });
}

/** A time that may be far below a millisecond. */
export function sayMs(language: Language, ms: number): string {
  if (ms >= 1000) return sayDuration(language, ms);
  return t(language, 'say-ms', { n: ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms) });
}

/** What a text says in another way when there is nothing to be said in its place. */
export const none = 'none';

import { InlineKeyboard } from 'grammy';
import {
  type ConfigRemark,
  changedKeys,
  type ReloadChoices,
  type ReloadPlan,
  type ReloadResult,
  type ServiceChange,
} from '../../core/reload.ts';
import { escapeHtml, html, type Language, sayReason, sayRemark, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import { shorten } from '../say.ts';

/** More lines than this are not read on a phone. */
const mostLines = 20;
const longestLine = 300;

export interface ReloadScreen {
  readonly text: string;
  readonly buttons: InlineKeyboard;
}

const flag = (set: boolean) => (set ? 'yes' : 'no');

/** What is wrong with the file, each with its place; nothing was changed. */
export function mistakesScreen(language: Language, mistakes: readonly ConfigRemark[]): ReloadScreen {
  const lines = mistakes.map((mistake) => `• ${lineOf(language, mistake)}`);
  const text = [
    `❌ <b>${html(language, 'chat-reload-mistakes', { mistakes: mistakes.length })}</b>`,
    ...shortened(language, lines),
    '',
    html(language, 'chat-reload-untouched'),
  ].join('\n');
  return { text, buttons: lookAgain(language) };
}

export function nothingScreen(language: Language, warnings: readonly ConfigRemark[]): ReloadScreen {
  const text = [html(language, 'chat-reload-nothing'), ...warningLines(language, warnings)].join('\n');
  return { text, buttons: lookAgain(language) };
}

/** What would change, with what can be done beside, and the two answers. */
export function planScreen(
  language: Language,
  plan: ReloadPlan,
  choices: ReloadChoices,
  { nonce, by }: { readonly nonce: string; readonly by: string },
): ReloadScreen {
  const { restart, stopRemoved: stop } = choices;
  const lines = [
    ...plan.services.flatMap((change) => changeLines(language, change)),
    ...plan.sections.map(({ key, holds }) => `✏️ ${html(language, `chat-reload-section-${holds}`, { key })}`),
  ];
  const text = [
    `<b>${html(language, 'chat-reload-ask')}</b>`,
    ...shortened(language, lines),
    ...warningLines(language, plan.warnings),
    '',
    html(language, 'chat-ask-whose', { by }),
  ].join('\n');
  const buttons = new InlineKeyboard();
  const box = (set: boolean, label: string) => `${set ? '☑️' : '⬜'} ${t(language, label)}`;
  if (plan.services.some(waitsForRestart))
    buttons
      .text(
        box(restart, 'button-reload-restart'),
        encode({ kind: 'reload-set', nonce, restart: flag(!restart), stop: flag(stop) }),
      )
      .row();
  if (plan.services.some(({ change }) => change === 'removed'))
    buttons
      .text(
        box(stop, 'button-reload-stop'),
        encode({ kind: 'reload-set', nonce, restart: flag(restart), stop: flag(!stop) }),
      )
      .row();
  buttons
    .text(
      t(language, 'button-reload-yes'),
      encode({ kind: 'reload-yes', nonce, restart: flag(restart), stop: flag(stop) }),
    )
    .text(t(language, 'button-cancel'), encode({ kind: 'reload-no', nonce }));
  return { text, buttons };
}

/** What became of it. */
export function outcomeScreen(language: Language, result: ReloadResult): ReloadScreen {
  if (!result.ok) return { text: `❌ ${escapeHtml(sayReason(language, result.reason))}`, buttons: lookAgain(language) };
  const worst = [...result.outcomes].sort((a, b) => Number(a.ok) - Number(b.ok));
  const lines = worst.map(
    ({ service, ok, what }) =>
      `${ok ? '✅' : '❌'} <b>${escapeHtml(service)}</b>: ${escapeHtml(shorten(sayReason(language, what), longestLine))}`,
  );
  const head = `${worst.every(({ ok }) => ok) ? '✅' : '⚠️'} ${html(language, 'chat-reload-done')}`;
  return { text: [head, ...shortened(language, lines)].join('\n'), buttons: back(language) };
}

function changeLines(language: Language, change: ServiceChange): readonly string[] {
  const { service } = change;
  if (change.change !== 'changed')
    return [
      `${change.change === 'added' ? '➕' : '➖'} ${html(language, `chat-reload-${change.change}`, { service })}`,
    ];
  return changedKeys(change).map(
    ({ holds, keys }) => `✏️ ${html(language, `chat-reload-${holds}`, { service, keys: keys.join(', ') })}`,
  );
}

function waitsForRestart(change: ServiceChange): boolean {
  return change.change === 'changed' && change.nextStart.length + change.otherThing.length > 0;
}

function warningLines(language: Language, warnings: readonly ConfigRemark[]): readonly string[] {
  return shortened(
    language,
    warnings.map((warning) => `⚠️ ${lineOf(language, warning)}`),
  );
}

function lineOf(language: Language, remark: ConfigRemark): string {
  return escapeHtml(shorten(sayRemark(language, remark), longestLine));
}

function shortened(language: Language, lines: readonly string[]): readonly string[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), html(language, 'chat-and-more', { count: lines.length - mostLines })];
}

function lookAgain(language: Language): InlineKeyboard {
  return new InlineKeyboard()
    .text(t(language, 'button-reload-again'), encode({ kind: 'reload' }))
    .text(t(language, 'button-back'), encode({ kind: 'settings' }));
}

function back(language: Language): InlineKeyboard {
  return new InlineKeyboard().text(t(language, 'button-back'), encode({ kind: 'settings' }));
}

import { InlineKeyboard } from 'grammy';
import type { ActionResult, ServiceView, Verb } from '../../core/snapshot.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, titlesOf } from '../desk.ts';
import { sayDuration, shorten } from '../say.ts';
import { asOf } from './list.ts';

/** More names, or lines about single services, than this are not read on a phone. */
const mostNamed = 20;
const longestReason = 200;

/** Whether the manager can do anything to it. */
export function isOurs(view: ServiceView): boolean {
  return view.driver !== 'external';
}

/** Those to which a verb would do something now. A restart leaves alone what an operator has stopped. */
export function concernedBy(services: readonly ServiceView[], verb: Verb): readonly ServiceView[] {
  return services.filter(
    ({ can, wanted }) =>
      can.includes(verb) &&
      !(verb === 'start' && can.includes('restart')) &&
      !(verb === 'restart' && wanted === 'down'),
  );
}

/** What can be done to all services at once. */
export function allScreen({ language, timezone }: ChatContext, desk: Desk) {
  const ours = desk.control.snapshot().services.filter(isOurs);
  const running = ours.filter(({ state }) => state === 'running').length;
  const text = [
    `<b>${html(language, 'chat-all')}</b>`,
    html(language, 'chat-all-now', { running, total: ours.length }),
    '',
    html(language, 'chat-all-explained'),
    asOf(language, desk.clock(), timezone),
  ].join('\n');
  const buttons = new InlineKeyboard();
  for (const verb of ['start', 'stop', 'restart'] as const)
    buttons.text(t(language, `button-all-${verb}`), encode({ kind: 'all-do', verb }));
  buttons.row().text(t(language, 'button-back'), encode({ kind: 'home' }));
  return { text, buttons };
}

/** What will happen, for the question before it. HTML. */
export function allQuestion(language: Language, verb: Verb, concerned: readonly ServiceView[], by: string): string {
  const named = concerned.slice(0, mostNamed).map(({ title }) => `• ${escapeHtml(title)}`);
  const stopped = concerned.filter(({ state, wanted }) => state === 'stopped' && wanted === 'down').length;
  return [
    `<b>${html(language, `chat-all-ask-${verb}`)}</b>`,
    html(language, `chat-all-will-${verb}`, { count: concerned.length }),
    ...named,
    ...more(language, concerned.length),
    ...(verb === 'start' && stopped > 0 ? [html(language, 'chat-all-stopped', { stopped })] : []),
    ...(verb === 'start' ? [] : [html(language, `chat-all-${verb}-then`)]),
    '',
    html(language, 'chat-ask-whose', { by }),
  ].join('\n');
}

export interface Ended {
  readonly service: string;
  readonly result: ActionResult;
}

/** How far it is. HTML. */
export function allProgress(language: Language, verb: Verb, ended: number, total: number, by: string): string {
  return `⏳ ${html(language, `chat-all-doing-${verb}`, { ended, total, by })}`;
}

/** How it went; what did not work, or was special, by name. HTML. */
export function allResult(
  language: Language,
  verb: Verb,
  ended: readonly Ended[],
  services: readonly ServiceView[],
  { took, by }: { readonly took: number; readonly by: string },
): string {
  const titleOf = titlesOf(services);
  const failed = ended.filter(({ result }) => !result.ok);
  const done = ended.filter(({ result }) => result.ok && !isRepeat(result));
  const args = { done: done.length, failed: failed.length, took: sayDuration(language, took), by };
  const lines = [...failed, ...done].flatMap(({ service, result }) => {
    const said = result.ok ? result.note : result.reason;
    if (said === null) return [];
    const why = escapeHtml(shorten(sayReason(language, said), longestReason));
    return [`${result.ok ? '•' : '❌'} <b>${escapeHtml(titleOf(service))}</b>: ${why}`];
  });
  return [
    `${failed.length === 0 ? '✅' : '❌'} ${html(language, `chat-all-done-${verb}`, args)}`,
    ...(failed.length === 0 ? [] : [html(language, 'chat-all-failed', args)]),
    ...lines.slice(0, mostNamed),
    ...more(language, lines.length),
  ].join('\n');
}

/** It was so already. */
function isRepeat(result: ActionResult): boolean {
  return result.ok && (result.note?.code === 'already-stopped' || result.note?.code === 'already-running');
}

function more(language: Language, count: number): readonly string[] {
  return count > mostNamed ? [html(language, 'chat-and-more', { count: count - mostNamed })] : [];
}

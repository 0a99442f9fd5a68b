import { InlineKeyboard } from 'grammy';
import { type AuditEntry, partsOfAction } from '../../core/audit.ts';
import { panelOf } from '../../core/incident.ts';
import type { Reason } from '../../core/reason.ts';
import { html, type Language, sayReason, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, titlesOf } from '../desk.ts';
import { sayTime, shorten } from '../say.ts';
import { asOf } from './list.ts';

const pageSize = 20;
const longestReason = 100;

/** Who did what, newest first, twenty a page. */
export function auditScreen({ language, timezone }: ChatContext, desk: Desk, wanted: number) {
  // One more than fits tells whether there is another page.
  const read = (page: number) => desk.alerting.audit(pageSize + 1, page * pageSize);
  const asked = read(wanted);
  const page = asked.length === 0 ? 0 : wanted;
  const entries = page === wanted ? asked : read(page);
  const serviceTitle = titlesOf(desk.control.snapshot().services);
  const titleOf = (name: string) => {
    const panel = panelOf(name);
    return panel === null ? serviceTitle(name) : (desk.panels.state(panel)?.name ?? panel);
  };
  const now = desk.clock();
  const lines = entries.slice(0, pageSize).map((entry) => lineOf(language, entry, titleOf, now, timezone));
  const text = [
    `<b>${html(language, 'chat-audit')}</b>`,
    ...(lines.length === 0 ? [html(language, 'chat-audit-empty')] : lines),
    '',
    asOf(language, now, timezone),
  ].join('\n');
  const keyboard = new InlineKeyboard();
  if (page > 0) keyboard.text(t(language, 'button-previous'), encode({ kind: 'audit', page: page - 1 }));
  if (entries.length > pageSize) keyboard.text(t(language, 'button-next'), encode({ kind: 'audit', page: page + 1 }));
  return { text, buttons: keyboard.row().text(t(language, 'button-menu'), encode({ kind: 'home' })) };
}

function lineOf(
  language: Language,
  { at, by, action, service, refused, note }: AuditEntry,
  titleOf: (name: string) => string,
  now: number,
  timezone: string,
): string {
  const { word, what } = partsOfAction(action);
  const done = html(language, 'chat-audit-line', {
    time: sayTime(language, at, now, timezone),
    by: shorten(by.name || by.id, 40),
    kind: by.kind,
    action: word,
    title: titlesIn(what, service === null ? null : titleOf(service)),
  });
  const said = refused ?? note;
  const why = (what: Reason) =>
    html(language, 'chat-audit-why', { why: shorten(sayReason(language, what), longestReason) });
  return `${refused === null ? '✅' : '✖️'} ${done}${said === null ? '' : `: ${why(said)}`}`;
}

function titlesIn(...titles: readonly (string | null)[]): string {
  return titles.flatMap((title) => (title === null ? [] : [shorten(title, 40)])).join(' · ');
}

import { InlineKeyboard } from 'grammy';
import type { Alerting } from '../../core/alerting.ts';
import { type Incident, namedAs } from '../../core/incident.ts';
import { dayOf } from '../../core/local-time.ts';
import { coveringMute } from '../../core/mute.ts';
import { escapeHtml, html, type Language, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, titlesOf } from '../desk.ts';
import { sayDay, sayDuration, sayUntil, shorten } from '../say.ts';
import { levelIcons } from './alert.ts';
import { asOf } from './list.ts';
import { muteIcons } from './mute-line.ts';

/** More buttons than this do not fit on a phone without scrolling. */
const pageSize = 8;
const longestTitle = 40;

interface AlertsPage {
  readonly open: readonly Incident[];
  readonly past: readonly Incident[];
  readonly more: boolean;
}

/** What is open stands first, then what is over, newest first. */
function pageOf(alerting: Alerting, page: number): AlertsPage {
  const all = alerting.open();
  const start = page * pageSize;
  const open = all.slice(start, start + pageSize);
  const room = pageSize - open.length;
  // One more than fits tells whether there is another page.
  const past = alerting.past(null, room + 1, Math.max(0, start - all.length));
  return { open, past: past.slice(0, room), more: all.length > start + pageSize || past.length > room };
}

/** All alerts, page by page; each can be opened. */
export function alertsScreen(ctx: ChatContext, desk: Desk, wanted: number) {
  const { language } = ctx;
  const asked = pageOf(desk.alerting, wanted);
  const page = asked.open.length + asked.past.length === 0 ? 0 : wanted;
  const shown = page === wanted ? asked : pageOf(desk.alerting, page);
  const { services } = desk.control.snapshot();
  const say = lineOf(ctx, desk, titlesOf(services));
  const text = [
    `<b>${html(language, 'chat-alerts')}</b>`,
    ...openLines(language, shown, page, say),
    ...pastLines(language, shown, ctx.timezone, say),
    '',
    asOf(language, desk.clock(), ctx.timezone),
  ].join('\n');
  return { text, buttons: keyboardOf(ctx, shown, page, titlesOf(services), desk) };
}

type Say = (incident: Incident) => string;

function openLines(language: Language, { open, past }: AlertsPage, page: number, say: Say): readonly string[] {
  if (open.length > 0) return ['', html(language, 'chat-alerts-now'), ...open.map(say)];
  if (page > 0) return [];
  return ['', html(language, past.length === 0 ? 'chat-alerts-empty' : 'chat-alerts-none-open')];
}

/** A heading for each day on which something ended. */
function pastLines(language: Language, { past }: AlertsPage, timezone: string, say: Say): readonly string[] {
  let day = '';
  return past.flatMap((incident) => {
    const ended = incident.resolvedAt ?? incident.openedAt;
    const same = dayOf(ended, timezone) === day;
    day = dayOf(ended, timezone);
    return [...(same ? [] : ['', `<b>${escapeHtml(sayDay(language, ended, timezone))}</b>`]), say(incident)];
  });
}

function lineOf({ language, timezone }: ChatContext, desk: Desk, titleOf: (name: string) => string): Say {
  const now = desk.clock();
  return (incident) => {
    const { openedAt, resolvedAt, acknowledgedBy, service, id, subject } = incident;
    const mute = resolvedAt === null ? coveringMute(desk.alerting.mutes(), service, id, now) : null;
    const line = html(language, resolvedAt === null ? 'chat-alerts-line' : 'chat-alerts-line-over', {
      title: shorten(subject?.title ?? titleOf(service), longestTitle),
      what: t(language, `chat-alert-${namedAs(incident)}`),
      time: sayUntil(language, openedAt, resolvedAt ?? now, timezone),
      for: sayDuration(language, (resolvedAt ?? now) - openedAt),
    });
    return [
      `${iconOf(incident)} ${line}`,
      ...(acknowledgedBy === null ? [] : [`👤 ${escapeHtml(shorten(acknowledgedBy, longestTitle))}`]),
      ...(mute === null ? [] : [`${muteIcons[mute.kind]} ${sayUntil(language, mute.until, now, timezone)}`]),
    ].join(' · ');
  };
}

function iconOf({ resolvedAt, resolution, level }: Incident): string {
  if (resolvedAt === null) return levelIcons[level];
  return resolution === 'recovered' ? '✅' : '☑️';
}

function keyboardOf(
  { language, timezone }: ChatContext,
  { open, past, more }: AlertsPage,
  page: number,
  titleOf: (name: string) => string,
  { clock }: Desk,
): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const incident of [...open, ...past]) {
    const time = sayUntil(language, incident.openedAt, clock(), timezone);
    const label = `${iconOf(incident)} ${shorten(incident.subject?.title ?? titleOf(incident.service), 30)}, ${time}`;
    keyboard.text(label, encode({ kind: 'alert', incident: incident.id, page })).row();
  }
  if (page > 0) keyboard.text(t(language, 'button-previous'), encode({ kind: 'alerts', page: page - 1 }));
  if (more) keyboard.text(t(language, 'button-next'), encode({ kind: 'alerts', page: page + 1 }));
  return keyboard
    .row()
    .text(t(language, 'button-refresh'), encode({ kind: 'alerts', page }))
    .text(t(language, 'button-menu'), encode({ kind: 'home' }));
}

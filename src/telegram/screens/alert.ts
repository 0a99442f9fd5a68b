import type { Health } from '../../core/health.ts';
import { criticalSince, type Incident, type Level, namedAs } from '../../core/incident.ts';
import type { Role } from '../../core/role.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { sayDuration, sayTime, shorten } from '../say.ts';
import type { IncidentNotice, Rendered } from '../telegram.ts';
import { incidentButtons } from './alert-buttons.ts';
import { lastThatFit } from './logs.ts';
import { muteLine } from './mute-line.ts';
import { healthIcon } from './service-line.ts';

export const levelIcons: Readonly<Record<Level, string>> = { info: 'ℹ️', warning: '🟡', error: '🔴', critical: '🚨' };

/** What the alert shows of the log; an alert stays one message, whatever the service wrote. */
const shownLines = 5;
const roomForLines = 1000;
const longestReason = 400;
const longestAttempt = 160;
const roomForNames = 300;
/** A delivery later than this (ms) says how late it is. */
const worthSaying = 10_000;

/** The one message about an incident, as it stands now: open, given up, or over. */
export function incidentAlert(language: Language, notice: IncidentNotice, timezone: string, role: Role): Rendered {
  const lines = notice.incident.resolvedAt === null ? open : over;
  return { text: lines(language, notice, timezone).join('\n'), buttons: incidentButtons(language, notice, role) };
}

/** The short answer to the alert when it is over. */
export function recoveryAlert(language: Language, notice: IncidentNotice): Rendered {
  return { text: [overLine(language, notice), ...lateLines(language, notice)].join('\n'), buttons: [] };
}

function open(language: Language, notice: IncidentNotice, timezone: string): readonly string[] {
  const { incident, counts, now } = notice;
  return [
    `${levelIcons[incident.level]} <b>${headline(language, notice)}</b>`,
    ...whyLines(language, incident),
    ...whomLines(language, incident),
    ...adviceLines(language, incident),
    html(language, 'alert-since', {
      time: sayTime(language, incident.openedAt, now, timezone),
      // "3 ms" would be true and of no use.
      for: sayDuration(language, Math.max(1000, now - incident.openedAt)),
    }),
    ...takenLines(language, notice, timezone),
    ...hushLines(language, notice, timezone),
    ...affectsLines(language, notice),
    ...attemptLines(language, notice, timezone),
    ...logLines(language, incident),
    // A panel is no service of this host.
    ...(incident.kind === 'panel' ? [] : [html(language, 'alert-counts', { down: counts.down, total: counts.total })]),
    ...lateLines(language, notice),
  ];
}

function over(language: Language, notice: IncidentNotice, timezone: string): readonly string[] {
  return [
    overLine(language, notice),
    ...whyLines(language, notice.incident),
    ...takenLines(language, notice, timezone),
    ...attemptLines(language, notice, timezone),
    ...lateLines(language, notice),
  ];
}

/** What is wrong; what has been said before says for how long by now. */
function headline(language: Language, notice: IncidentNotice): string {
  const { incident, now } = notice;
  const again = incident.saidAt > incident.openedAt ? '-still' : '';
  return html(language, `incident-${namedAs(incident)}${again}`, {
    title: titleOf(notice),
    // "3 ms" would be true and of no use.
    for: sayDuration(language, Math.max(1000, now - incident.openedAt)),
  });
}

/** Who has taken it on; that nobody has for too long. */
function takenLines(language: Language, { incident, now }: IncidentNotice, timezone: string): readonly string[] {
  const { acknowledgedBy, acknowledgedAt, escalatedAt, handedOverAt } = incident;
  if (acknowledgedBy !== null && acknowledgedAt !== null) {
    const time = sayTime(language, acknowledgedAt, now, timezone);
    return [`👤 ${html(language, 'alert-taken', { by: shorten(acknowledgedBy, 60), time })}`];
  }
  if (escalatedAt === null || incident.resolvedAt !== null) return [];
  const waited = (handedOverAt ?? escalatedAt) - criticalSince(incident);
  return [`⏫ ${html(language, 'alert-escalated', { for: sayDuration(language, waited) })}`];
}

function hushLines(language: Language, notice: IncidentNotice, timezone: string): readonly string[] {
  const { mute, now } = notice;
  return mute === null ? [] : [muteLine(language, mute, () => titleOf(notice), now, timezone)];
}

function titleOf({ incident, service }: IncidentNotice): string {
  return shorten(incident.subject?.title ?? service?.title ?? incident.service, 100);
}

function whyLines(language: Language, incident: Incident): readonly string[] {
  const why = shorten(sayReason(language, incident.reason), longestReason);
  return [html(language, 'alert-why', { why })];
}

function whomLines(language: Language, { subject }: Incident): readonly string[] {
  const affects = subject?.affects ?? null;
  if (affects === null) return [];
  return [html(language, 'alert-whom', { whom: shorten(sayReason(language, affects), longestReason) })];
}

function adviceLines(language: Language, { subject }: Incident): readonly string[] {
  const advice = subject?.advice ?? null;
  if (advice === null) return [];
  return [html(language, 'alert-advice', { advice: shorten(sayReason(language, advice), longestReason) })];
}

/** What does not work either because of it; nothing else is said about those. */
function affectsLines(language: Language, { affects }: IncidentNotice): readonly string[] {
  if (affects.length === 0) return [];
  return [html(language, 'alert-affects', { names: shorten(affects.join(', '), roomForNames) })];
}

/** What was tried and how it went, newest last. */
function attemptLines(language: Language, { incident, now }: IncidentNotice, timezone: string): readonly string[] {
  return incident.attempts.map(
    ({ at, what }) =>
      `• ${sayTime(language, at, now, timezone)} ${escapeHtml(shorten(sayReason(language, what), longestAttempt))}`,
  );
}

function logLines(language: Language, incident: Incident): readonly string[] {
  const lines = lastThatFit(incident.lines.slice(-shownLines), roomForLines);
  if (lines.length === 0) return [];
  return [html(language, 'alert-lines'), `<pre>${lines.map(escapeHtml).join('\n')}</pre>`];
}

function overLine(language: Language, notice: IncidentNotice): string {
  const { incident, settledAs, now } = notice;
  const args = { title: titleOf(notice), for: sayDuration(language, (incident.resolvedAt ?? now) - incident.openedAt) };
  const how = incident.resolution ?? 'recovered';
  if (how !== 'recovered') return `☑️ <b>${html(language, `incident-${how}`, args)}</b>`;
  if (settledAs === null) return `✅ <b>${html(language, `incident-${incident.kind}-over`, args)}</b>`;
  // Stable may also mean: down for good.
  const line = html(language, 'incident-flapping-settled', { ...args, health: settledAs });
  return `${settledIcon(settledAs)} <b>${line}</b>`;
}

function settledIcon(health: Health): string {
  return health === 'healthy' ? '✅' : healthIcon[health];
}

export function lateLines(
  language: Language,
  { delayedBy, repeat }: Pick<IncidentNotice, 'delayedBy' | 'repeat'>,
): readonly string[] {
  const late = delayedBy !== null && delayedBy >= worthSaying;
  return [
    ...(late ? [html(language, 'alert-delayed', { for: sayDuration(language, delayedBy) })] : []),
    ...(repeat ? [html(language, 'alert-repeat')] : []),
  ];
}

import type { Incident, Level } from '../../core/incident.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../../i18n.ts';
import type { Button } from '../../outbox/transport.ts';
import { encode } from '../callback-data.ts';
import { sayDuration, sayTime, shorten } from '../say.ts';
import type { IncidentNotice, Rendered } from '../telegram.ts';
import { lastThatFit } from './logs.ts';

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
export function incidentAlert(language: Language, notice: IncidentNotice, timezone: string): Rendered {
  const { incident } = notice;
  return incident.resolvedAt === null ? open(language, notice, timezone) : over(language, notice, timezone);
}

/** The short answer to the alert when it is over. */
export function recoveryAlert(language: Language, notice: IncidentNotice): Rendered {
  return { text: [overLine(language, notice), ...lateLines(language, notice)].join('\n'), buttons: [] };
}

function open(language: Language, notice: IncidentNotice, timezone: string): Rendered {
  const { incident, counts, now } = notice;
  const text = [
    `${levelIcons[incident.level]} <b>${html(language, `incident-${kindOf(incident)}`, { title: titleOf(notice) })}</b>`,
    ...whyLines(language, incident),
    html(language, 'alert-since', {
      time: sayTime(language, incident.openedAt, now, timezone),
      for: sayDuration(language, now - incident.openedAt),
    }),
    ...affectsLines(language, notice),
    ...attemptLines(language, notice, timezone),
    ...logLines(language, incident),
    html(language, 'alert-counts', { down: counts.down, total: counts.total }),
    ...lateLines(language, notice),
  ].join('\n');
  return { text, buttons: [buttonsOf(language, notice)] };
}

function over(language: Language, notice: IncidentNotice, timezone: string): Rendered {
  const { incident } = notice;
  const text = [
    overLine(language, notice),
    ...whyLines(language, incident),
    ...attemptLines(language, notice, timezone),
    ...lateLines(language, notice),
  ].join('\n');
  return { text, buttons: [[logsButton(language, incident)]] };
}

/** A critical "down" is the end of the manager's own means, and says so. */
function kindOf(incident: Incident): string {
  return incident.kind === 'down' && incident.level === 'critical' ? 'gave-up' : incident.kind;
}

function titleOf({ incident, service }: IncidentNotice): string {
  return shorten(service?.title ?? incident.service, 100);
}

function whyLines(language: Language, incident: Incident): readonly string[] {
  const why = shorten(sayReason(language, incident.reason), longestReason);
  return [html(language, 'alert-why', { why })];
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
  const { incident, now } = notice;
  const lasted = sayDuration(language, (incident.resolvedAt ?? now) - incident.openedAt);
  const how = incident.resolution ?? 'recovered';
  const key = how === 'recovered' ? `incident-${incident.kind}-over` : `incident-${how}`;
  const icon = how === 'recovered' ? '✅' : '☑️';
  return `${icon} <b>${html(language, key, { title: titleOf(notice), for: lasted })}</b>`;
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

function logsButton(language: Language, incident: Incident): Button {
  return { text: t(language, 'button-logs'), data: encode({ kind: 'logs', service: incident.service }) };
}

/** The press decides what makes sense then; the label what is likely now. A service that is only watched has none. */
function buttonsOf(language: Language, { incident, service }: IncidentNotice): readonly Button[] {
  const act = (verb: 'start' | 'restart', label: string): Button => ({
    text: t(language, label),
    data: encode({ kind: 'act', verb, service: incident.service }),
  });
  const watchedOnly = service === null || service.driver === 'external';
  const action = kindOf(incident) === 'gave-up' ? act('start', 'button-start-again') : act('restart', 'button-restart');
  return watchedOnly ? [logsButton(language, incident)] : [action, logsButton(language, incident)];
}

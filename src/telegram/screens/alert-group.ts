import { levels } from '../../core/incident.ts';
import type { Role } from '../../core/role.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { sayDuration, sayUntil, shorten } from '../say.ts';
import type { IncidentNotice, Rendered } from '../telegram.ts';
import { incidentAlert, lateLines, levelIcons, recoveryAlert } from './alert.ts';
import { groupButtons } from './alert-buttons.ts';

/** Incidents that get a line of their own with a reason; the rest is named. */
const DETAILED = 12;
/** Telegram takes 4,096 characters; some are for the tags. */
const ROOM = 3900;
const longestTitle = 40;
const longestReason = 120;
const roomForNames = 100;

/** One incident as its own message, several as a list: worst first, the rest folded to names. */
export function alertOf(
  language: Language,
  notices: readonly IncidentNotice[],
  timezone: string,
  role: Role,
): Rendered {
  const only = notices[0];
  if (only === undefined) return { text: html(language, 'alert-nothing'), buttons: [] };
  if (notices.length === 1) return incidentAlert(language, only, timezone, role);
  const sorted = [...notices].sort(byWorst);
  let text = listOf(language, sorted, timezone, DETAILED);
  for (let detailed = DETAILED - 1; detailed >= 0 && text.length > ROOM; detailed--)
    text = listOf(language, sorted, timezone, detailed);
  return { text, buttons: groupButtons(language, notices, role) };
}

/** The short answer to {@link alertOf} when all of it is over. */
export function recoveryOf(language: Language, notices: readonly IncidentNotice[]): Rendered {
  const only = notices[0];
  if (only === undefined) return { text: html(language, 'alert-nothing'), buttons: [] };
  if (notices.length === 1) return recoveryAlert(language, only);
  const from = Math.min(...notices.map(({ incident }) => incident.openedAt));
  const to = Math.max(...notices.map(({ incident, now }) => incident.resolvedAt ?? now));
  const back = html(language, 'alert-group-back', { n: notices.length, for: sayDuration(language, to - from) });
  return { text: [`✅ <b>${back}</b>`, ...lateLines(language, only)].join('\n'), buttons: [] };
}

function listOf(language: Language, sorted: readonly IncidentNotice[], timezone: string, detailed: number): string {
  const open = sorted.filter(({ incident }) => incident.resolvedAt === null);
  const icon = open[0] === undefined ? '✅' : levelIcons[open[0].incident.level];
  const head = html(language, open.length === 0 ? 'alert-group-over' : 'alert-group', {
    n: open.length === 0 ? sorted.length : open.length,
  });
  const { down, total } = sorted[0]?.counts ?? { down: 0, total: 0 };
  return [
    `${icon} <b>${head}</b>`,
    ...hushLines(language, open, timezone),
    ...sorted.slice(0, detailed).map((notice) => line(language, notice)),
    ...folded(language, sorted.slice(detailed)),
    html(language, 'alert-counts', { down, total }),
    ...(sorted[0] === undefined ? [] : lateLines(language, sorted[0])),
  ].join('\n');
}

/** What is still open before what is over; then by level; then by age. */
function byWorst(a: IncidentNotice, b: IncidentNotice): number {
  const over = Number(a.incident.resolvedAt !== null) - Number(b.incident.resolvedAt !== null);
  const level = levels.indexOf(b.incident.level) - levels.indexOf(a.incident.level);
  return over || level || a.incident.openedAt - b.incident.openedAt;
}

/** That all of it is muted, until the first of the mutes ends. */
function hushLines(language: Language, open: readonly IncidentNotice[], timezone: string): readonly string[] {
  const mutes = open.flatMap(({ mute }) => mute ?? []);
  const first = mutes.toSorted((a, b) => a.until - b.until)[0];
  if (first === undefined || mutes.length < open.length) return [];
  const until = sayUntil(language, first.until, open[0]?.now ?? 0, timezone);
  return [`🔕 ${html(language, 'alert-group-muted', { until, by: first.by })}`];
}

function titleOf({ incident, service }: IncidentNotice): string {
  return shorten(incident.subject?.title ?? service?.title ?? incident.service, longestTitle);
}

function line(language: Language, notice: IncidentNotice): string {
  const { incident, mute, now } = notice;
  const title = `<b>${escapeHtml(titleOf(notice))}</b>`;
  if (incident.resolvedAt !== null)
    return `✅ ${title}: ${escapeHtml(sayDuration(language, incident.resolvedAt - incident.openedAt))}`;
  const why = escapeHtml(shorten(sayReason(language, incident.reason), longestReason));
  const names = shorten(notice.affects.join(', '), roomForNames);
  return [
    `${levelIcons[incident.level]} ${title}: ${why}, ${sayDuration(language, now - incident.openedAt)}`,
    ...(names === '' ? [] : [html(language, 'alert-group-affects', { names })]),
    ...(incident.acknowledgedBy === null ? [] : [`👤 ${escapeHtml(shorten(incident.acknowledgedBy, longestTitle))}`]),
    ...(mute === null ? [] : ['🔕']),
  ].join(' · ');
}

function folded(language: Language, rest: readonly IncidentNotice[]): readonly string[] {
  if (rest.length === 0) return [];
  const names = rest.map(
    (notice) => `${notice.incident.resolvedAt === null ? '' : '✅ '}${escapeHtml(titleOf(notice))}`,
  );
  return [html(language, 'alert-group-more', { n: rest.length }), names.join(', ')];
}

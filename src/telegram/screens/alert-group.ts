import { levels } from '../../core/incident.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { sayDuration, shorten } from '../say.ts';
import type { IncidentNotice, Rendered } from '../telegram.ts';
import { incidentAlert, lateLines, levelIcons, recoveryAlert } from './alert.ts';

/** Incidents that get a line of their own with a reason; the rest is named. */
const DETAILED = 12;
const longestTitle = 40;
const longestReason = 120;

/** One incident as its own message, several as a list: worst first, the rest folded to names. */
export function alertOf(language: Language, notices: readonly IncidentNotice[], timezone: string): Rendered {
  const only = notices[0];
  if (only === undefined) return { text: html(language, 'alert-nothing'), buttons: [] };
  if (notices.length === 1) return incidentAlert(language, only, timezone);
  const open = notices.filter(({ incident }) => incident.resolvedAt === null);
  const icon = open.length === 0 ? '✅' : levelIcons[worst(open)];
  const head = html(language, open.length === 0 ? 'alert-group-over' : 'alert-group', {
    n: open.length === 0 ? notices.length : open.length,
  });
  const sorted = [...notices].sort(byWorst);
  const text = [
    `${icon} <b>${head}</b>`,
    ...sorted.slice(0, DETAILED).map((notice) => line(language, notice)),
    ...folded(language, sorted.slice(DETAILED)),
    html(language, 'alert-counts', { down: only.counts.down, total: only.counts.total }),
    ...lateLines(language, only),
  ].join('\n');
  return { text, buttons: [] };
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

function worst(notices: readonly IncidentNotice[]) {
  return notices
    .map(({ incident }) => incident.level)
    .reduce((a, b) => (levels.indexOf(a) > levels.indexOf(b) ? a : b));
}

/** What is still open before what is over; then by level; then by age. */
function byWorst(a: IncidentNotice, b: IncidentNotice): number {
  const over = Number(a.incident.resolvedAt !== null) - Number(b.incident.resolvedAt !== null);
  const level = levels.indexOf(b.incident.level) - levels.indexOf(a.incident.level);
  return over || level || a.incident.openedAt - b.incident.openedAt;
}

function titleOf({ incident, service }: IncidentNotice): string {
  return shorten(service?.title ?? incident.service, longestTitle);
}

function line(language: Language, notice: IncidentNotice): string {
  const { incident, now } = notice;
  const icon = incident.resolvedAt === null ? levelIcons[incident.level] : '✅';
  const why =
    incident.resolvedAt === null
      ? shorten(sayReason(language, incident.reason), longestReason)
      : sayDuration(language, incident.resolvedAt - incident.openedAt);
  const lasting = incident.resolvedAt === null ? `, ${sayDuration(language, now - incident.openedAt)}` : '';
  return `${icon} <b>${escapeHtml(titleOf(notice))}</b>: ${escapeHtml(why)}${lasting}`;
}

function folded(language: Language, rest: readonly IncidentNotice[]): readonly string[] {
  if (rest.length === 0) return [];
  const names = rest.map(
    (notice) => `${notice.incident.resolvedAt === null ? '' : '✅ '}${escapeHtml(titleOf(notice))}`,
  );
  return [html(language, 'alert-group-more', { n: rest.length }), names.join(', ')];
}

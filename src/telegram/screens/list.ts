import { conditionOf } from '../../core/condition.ts';
import type { ServiceView, Snapshot } from '../../core/snapshot.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { titlesOf } from '../desk.ts';
import { sayDuration, sayTime } from '../say.ts';
import { muteLines } from './mute-line.ts';
import { iconOf, restsOnPurpose, sayState } from './service-line.ts';

/** More buttons than this do not fit on a phone without scrolling. */
export const pageSize = 8;

export interface Page {
  /** From 0; the nearest that exists. */
  readonly page: number;
  readonly pages: number;
  readonly services: readonly ServiceView[];
}

export function pageOf(services: readonly ServiceView[], page: number): Page {
  const pages = Math.max(1, Math.ceil(services.length / pageSize));
  const real = Math.min(page, pages - 1);
  return { page: real, pages, services: services.slice(real * pageSize, (real + 1) * pageSize) };
}

/** The first screen: how everything stands, then one line for each service of the page, worst first. */
export function listText(language: Language, snapshot: Snapshot, page: number, timezone: string): string {
  const shown = pageOf(snapshot.services, page);
  return [
    overallLine(language, snapshot.services),
    ...alertLines(language, snapshot, timezone),
    '',
    ...(shown.services.length === 0 ? [html(language, 'chat-list-empty')] : []),
    ...shown.services.map((view) => serviceLine(language, view, snapshot.at)),
    ...(shown.pages > 1
      ? ['', html(language, 'chat-list-page', { page: String(shown.page + 1), pages: String(shown.pages) })]
      : []),
    '',
    asOf(language, snapshot.at, timezone),
  ].join('\n');
}

/** All services in one text, worst first; the transport of the answer splits it where it is long. */
export function statusText(language: Language, snapshot: Snapshot, timezone: string): string {
  return [
    overallLine(language, snapshot.services),
    ...alertLines(language, snapshot, timezone),
    '',
    ...(snapshot.services.length === 0 ? [html(language, 'chat-list-empty')] : []),
    ...snapshot.services.map((view) => serviceLine(language, view, snapshot.at)),
    '',
    html(language, 'chat-manager', {
      host: snapshot.host,
      version: snapshot.version,
      for: sayDuration(language, snapshot.at - snapshot.startedAt),
    }),
    asOf(language, snapshot.at, timezone),
  ].join('\n');
}

export function asOf(language: Language, now: number, timezone: string): string {
  return html(language, 'chat-as-of', { time: sayTime(language, now, now, timezone) });
}

function serviceLine(language: Language, view: ServiceView, now: number): string {
  return `${iconOf(view)} <b>${escapeHtml(view.title)}</b>: ${escapeHtml(sayState(language, view, now))}`;
}

/** Healthy only when every service that should run is proven so. */
function overallLine(language: Language, services: readonly ServiceView[]): string {
  const resting = services.filter(restsOnPurpose).length;
  const counted = services.filter((view) => !restsOnPurpose(view)).map(conditionOf);
  const problems = counted.filter((health) => health === 'unhealthy' || health === 'degraded').length;
  const unknown = counted.filter((health) => health === 'unknown').length;
  const total = services.length;
  const rest = resting === 0 ? '' : ` ${html(language, 'chat-overall-resting', { resting })}`;
  if (total === 0) return html(language, 'chat-overall-none');
  if (problems > 0) {
    const icon = counted.includes('unhealthy') ? '🔴' : '🟡';
    return `${icon} ${html(language, 'chat-overall-problems', { problems, total })}${rest}`;
  }
  if (unknown > 0) return `⚪ ${html(language, 'chat-overall-unknown', { unknown, total })}${rest}`;
  if (counted.length === 0) return `⚫ ${html(language, 'chat-overall-all-resting')}`;
  return `🟢 ${html(language, 'chat-overall-healthy', { total: counted.length })}${rest}`;
}

/** Alerts that are open, that are held, that did not get through yet, and trouble with Telegram itself. */
function alertLines(language: Language, snapshot: Snapshot, timezone: string): readonly string[] {
  const { incidents, mutes, services, telegram, at: now } = snapshot;
  const lines: string[] = [];
  if (incidents.length > 0) {
    const untaken = incidents.filter(({ acknowledgedAt }) => acknowledgedAt === null).length;
    lines.push(`🔔 ${html(language, 'chat-alerts-open', { open: incidents.length, untaken })}`);
  }
  lines.push(...muteLines(language, mutes, titlesOf(services), now, timezone));
  if (telegram.waiting > 0)
    lines.push(
      `⚠️ ${html(language, 'chat-alerts-waiting', {
        waiting: telegram.waiting,
        for: sayDuration(language, now - (telegram.oldestWaiting ?? now)),
      })}`,
    );
  if (telegram.dropped > 0) lines.push(`⚠️ ${html(language, 'chat-alerts-dropped', { dropped: telegram.dropped })}`);
  if (telegram.dead > 0) lines.push(`⚠️ ${html(language, 'chat-alerts-dead', { dead: telegram.dead })}`);
  if (telegram.reason !== null)
    lines.push(`⚠️ ${html(language, 'chat-telegram-trouble', { why: sayReason(language, telegram.reason) })}`);
  return lines;
}

import { conditionOf } from '../../core/condition.ts';
import type { CheckRecord } from '../../core/health.ts';
import { exitReason } from '../../core/incident.ts';
import { covers, type Mute } from '../../core/mute.ts';
import type { ServiceView, Verb } from '../../core/snapshot.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { sayDuration, sayMetric, sayTime, shorten } from '../say.ts';
import { asOf } from './list.ts';
import { muteLine } from './mute-line.ts';
import { healthIcon, iconOf, sayState } from './service-line.ts';

/** More than this of one reason or one check is not read on a phone. */
const longestReason = 300;
/** A service with more checks shows the worst of them. */
const mostChecks = 12;

/** All that is known of one service. `header`: what was just done to it, or is being done; HTML. */
export function serviceText(
  language: Language,
  view: ServiceView,
  mutes: readonly Mute[],
  now: number,
  timezone: string,
  header: string | null,
): string {
  const lines = [
    ...(header === null ? [] : [header, '']),
    `${iconOf(view)} <b>${escapeHtml(view.title)}</b>`,
    escapeHtml(shorten(capital(sayState(language, view, now)), longestReason)),
    ...mutes
      .filter((mute) => covers(mute, view.name, null, now))
      .map((mute) => muteLine(language, mute, () => view.title, now, timezone)),
    ...healthLine(language, view, now),
    ...processLine(language, view, now),
    html(language, 'chat-service-restarts', { restarts: view.restarts, exits: view.exitsInWindow }),
    ...(view.foreignRestarts ? [html(language, 'chat-service-foreign', { restarts: view.foreignRestarts })] : []),
    ...lastExitLine(language, view, now, timezone),
    ...checkLines(language, view),
    '',
    asOf(language, now, timezone),
  ];
  return lines.join('\n');
}

function healthLine(language: Language, view: ServiceView, now: number): readonly string[] {
  if (view.state !== 'running' || view.checks.length === 0) return [];
  const since = sayDuration(language, now - view.healthSince);
  const line = html(language, `chat-service-health-${view.health}`, { for: since });
  if (view.healthReason === null) return [line];
  return [`${line}: ${escapeHtml(shorten(sayReason(language, view.healthReason), longestReason))}`];
}

function processLine(language: Language, view: ServiceView, now: number): readonly string[] {
  if (view.startedAt === null) return [];
  const uptime = sayDuration(language, now - view.startedAt);
  return view.pid === null
    ? [html(language, 'chat-service-uptime', { for: uptime })]
    : [html(language, 'chat-service-process', { pid: String(view.pid), for: uptime })];
}

function lastExitLine(language: Language, view: ServiceView, now: number, timezone: string): readonly string[] {
  if (view.lastExit === null) return [];
  const how = sayReason(language, exitReason(view.lastExit));
  return [html(language, 'chat-service-exit', { how, when: sayTime(language, view.lastExit.at, now, timezone) })];
}

function checkLines(language: Language, view: ServiceView): readonly string[] {
  if (view.checks.length === 0) return [];
  const shown = [...view.checks].sort((a, b) => rank(a) - rank(b)).slice(0, mostChecks);
  return ['', html(language, 'chat-service-checks'), ...shown.map((check) => checkLine(language, check))];
}

const worst = ['unhealthy', 'degraded', 'unknown', 'healthy'];
const rank = (check: CheckRecord) => worst.indexOf(check.health);

function checkLine(language: Language, check: CheckRecord): string {
  const numbers = check.metrics.map((metric) => {
    const value = sayMetric(language, metric);
    return metric.name === check.id ? value : `${metric.name} ${value}`;
  });
  const why = check.reason === null ? [] : [sayReason(language, check.reason)];
  const said = shorten([...why, ...numbers].join(', '), longestReason);
  return `${healthIcon[check.health]} <code>${escapeHtml(check.id)}</code>${said === '' ? '' : ` ${escapeHtml(said)}`}`;
}

function capital(text: string): string {
  const [first = '', ...rest] = [...text];
  return first.toUpperCase() + rest.join('');
}

/** Services that a question has to mention. */
export interface Around {
  /** It needs these, and they are down or cannot be seen. */
  readonly missing: readonly ServiceView[];
  /** These run and need it. */
  readonly dependants: readonly ServiceView[];
}

/** What will happen, for the question before it. HTML. */
export function questionText(
  language: Language,
  view: ServiceView,
  verb: Verb,
  { missing, dependants }: Around,
  now: number,
  by: string,
): string {
  const lines = [`<b>${html(language, `chat-ask-${verb}`, { title: view.title })}</b>`];
  if (view.startedAt !== null)
    lines.push(html(language, 'chat-ask-uptime', { for: sayDuration(language, now - view.startedAt) }));
  if (conditionOf(view) === 'healthy') lines.push(html(language, 'chat-ask-healthy'));
  for (const needed of missing) {
    const state = shorten(sayState(language, needed, now), longestReason);
    const how = needed.state === 'unknown' ? 'unseen' : 'down';
    lines.push(`⚠️ ${html(language, 'chat-ask-needs', { title: needed.title, state, how })}`);
  }
  if (dependants.length > 0) {
    const titles = shorten(dependants.map(({ title }) => title).join(', '), longestReason);
    lines.push(html(language, 'chat-ask-needed-by', { titles }));
  }
  lines.push(html(language, `chat-ask-${verb}-then`), '', html(language, 'chat-ask-whose', { by }));
  return lines.join('\n');
}

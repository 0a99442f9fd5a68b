import { createHash } from 'node:crypto';
import type { Health } from '../core/health.ts';
import { usualSeries } from '../core/history.ts';
import { type Incident, type Level, namedAs } from '../core/incident.ts';
import type { PanelState } from '../core/panel-view.ts';
import { redactSecrets } from '../core/redact.ts';
import type { ServiceView, Snapshot } from '../core/snapshot.ts';
import { escapeHtml, type Language, sayReason, t } from '../i18n.ts';
import { sayDuration, sayMetric, sayMetricName } from '../measures.ts';
import { pageStyle } from './page-style.ts';
import type { Reply } from './server.ts';

/** Seconds until the browser asks again by itself. */
const AGAIN = 15;

/** No script runs, nothing is loaded from anywhere, nobody can frame it. */
const policy = [
  ...["default-src 'none'", 'img-src data:', "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`,
].join('; ');

const headers = { 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer', Vary: 'Accept-Language' };

export interface PageSources {
  readonly snapshot: Snapshot;
  readonly panels: readonly PanelState[];
  /** IANA name. */
  readonly timezone: string;
}

/** `/`: how everything stands, for a person with a browser; without scripts, and nothing to press. */
export function statusPage({ snapshot, panels, timezone }: PageSources, language: Language): Reply {
  const { host, overall, incidents, services, at } = snapshot;
  const word = t(language, `cli-health-${overall}`);
  const body = [
    `<h1><span class="word ${shadeOf[overall]}">${escapeHtml(word)}</span> ${escapeHtml(host)}</h1>`,
    muted(aboutManager(snapshot, timezone, language)),
    ...telegramLines(snapshot, language).map((line) => `<p class="word fair">${escapeHtml(line)}</p>`),
    heading(language, 'page-alerts', incidents.length),
    incidents.length === 0
      ? muted(t(language, 'page-no-alerts'))
      : list(incidents.map((incident) => alertItem(incident, services, at, language))),
    heading(language, 'page-services', services.length),
    services.length === 0
      ? muted(t(language, 'cli-no-services'))
      : list(services.map((service) => serviceItem(service, at, language))),
    ...(panels.length === 0
      ? []
      : [heading(language, 'page-panels', panels.length), list(panels.map((panel) => panelItem(panel, language)))]),
    `<footer class="muted">${escapeHtml(t(language, 'page-foot', { seconds: AGAIN }))}</footer>`,
  ];
  return {
    ...{ status: 200, type: 'text/html; charset=utf-8', headers: { ...headers, 'Content-Language': language } },
    body: document(language, `${word}: ${host}`, body, AGAIN),
  };
}

/** What the browser shows when the password was not given. */
export function loginPage(language: Language): Reply {
  const body = [
    `<h1>${escapeHtml(t(language, 'page-login'))}</h1>`,
    `<p>${escapeHtml(t(language, 'page-login-how'))}</p>`,
  ];
  return {
    ...{ status: 401, type: 'text/html; charset=utf-8' },
    headers: { ...headers, 'WWW-Authenticate': 'Basic realm="OrbitVPN", charset="UTF-8"' },
    body: document(language, t(language, 'page-login'), body, null),
  };
}

/** The first of our languages that the browser wants; `q` decides, then the order. */
export function acceptedLanguage(header: string | undefined): Language {
  const wishes = (header ?? '').split(',').flatMap((part): { language: Language; q: number }[] => {
    const [tag = '', ...rest] = part.trim().toLowerCase().split(';');
    const code = tag.split('-')[0];
    const q = Number(/^\s*q=([\d.]+)/.exec(rest.join(';'))?.[1] ?? 1);
    return (code === 'en' || code === 'ru') && q > 0 ? [{ language: code, q }] : [];
  });
  return wishes.toSorted((a, b) => b.q - a.q)[0]?.language ?? 'en';
}

const shadeOf = { healthy: 'good', degraded: 'fair', unhealthy: 'bad', unknown: 'unknown' } as const;
const shadeOfState: Partial<Record<ServiceView['state'], Shade>> = { failed: 'bad', 'backing-off': 'fair' };
const shadeOfLevel = { info: 'unknown', warning: 'fair', error: 'bad', critical: 'bad' } as const satisfies Record<
  Level,
  string
>;

function document(language: Language, title: string, body: readonly string[], again: number | null): string {
  const refresh = again === null ? '' : `<meta http-equiv="refresh" content="${again}">`;
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<meta name="robots" content="noindex"><link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title><style>${pageStyle}</style></head>
<body><main>
${body.join('\n')}
</main></body></html>
`;
}

function aboutManager({ at, startedAt, version }: Snapshot, timezone: string, language: Language): string {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const format = new Intl.DateTimeFormat(locale, { timeZone: timezone, dateStyle: 'medium', timeStyle: 'medium' });
  return t(language, 'page-about', {
    ...{ time: `${format.format(at)}, ${timezone}`, version },
    uptime: sayDuration(language, at - startedAt),
  });
}

function telegramLines({ telegram, at }: Snapshot, language: Language): readonly string[] {
  const { state, since, waiting } = telegram;
  const lines: string[] = [];
  if (state !== 'polling' && state !== 'off') {
    const word = t(language, `cli-telegram-${state}`);
    lines.push(t(language, 'cli-telegram', { state: word, since: sayDuration(language, at - since) }));
  }
  if (waiting > 0) lines.push(t(language, 'cli-waiting', { waiting }));
  return lines;
}

function alertItem(incident: Incident, services: readonly ServiceView[], at: number, language: Language): string {
  const { level, subject, service, openedAt, acknowledgedBy, reason } = incident;
  const title = subject?.title ?? services.find(({ name }) => name === service)?.title ?? service;
  const what = t(language, `cli-what-${namedAs(incident)}`);
  const facts = [
    t(language, `cli-level-${level}`),
    t(language, 'page-since', { since: sayDuration(language, at - openedAt) }),
    ...(acknowledgedBy === null ? [] : [t(language, 'page-taken', { by: acknowledgedBy })]),
  ];
  return item(shadeOfLevel[level], title, what, [redactSecrets(sayReason(language, reason))], facts);
}

function serviceItem(view: ServiceView, at: number, language: Language): string {
  const { title, state, health, healthReason, reason, operation, retryAt } = view;
  const why = reason ?? healthReason;
  const word = t(language, `cli-state-${state}`);
  const said = state === 'running' ? `${word}, ${t(language, `cli-health-${health}`)}` : word;
  const shade = state === 'running' ? shadeOf[health] : (shadeOfState[state] ?? 'unknown');
  const lines = [
    ...(operation === null ? [] : [t(language, `cli-being-${operation.verb}`, { by: operation.by.name })]),
    ...(why === null ? [] : [redactSecrets(sayReason(language, why))]),
    ...(retryAt === null ? [] : [t(language, 'cli-retry', { in: sayDuration(language, retryAt - at) })]),
    ...view.checks.flatMap(({ id, health: found, reason: more }) =>
      found === 'healthy' || more === null || more === why
        ? []
        : [`${id}: ${redactSecrets(sayReason(language, more))}`],
    ),
  ];
  return item(shade, title, said, lines, factsOf(view, at, language));
}

function factsOf({ name, state, since, startedAt, restarts, checks }: ServiceView, at: number, language: Language) {
  const numbers = checks.flatMap(({ id, metrics }) => metrics.map((metric) => ({ check: id, ...metric })));
  const usual = usualSeries(numbers.map(({ check, name: metric, unit }) => ({ service: name, check, metric, unit })));
  const began = state === 'running' ? (startedAt ?? since) : since;
  return [
    t(language, 'page-since', { since: sayDuration(language, at - began) }),
    ...(restarts > 0 ? [t(language, 'page-restarts', { restarts })] : []),
    // What does not run has no numbers; the last ones were of another time.
    ...(state === 'running' ? usual : []).flatMap(({ check, metric }) => {
      const number = numbers.find((each) => each.check === check && each.name === metric);
      return number === undefined ? [] : [`${sayMetricName(language, metric)} ${sayMetric(language, number)}`];
    }),
  ];
}

function panelItem(panel: PanelState, language: Language): string {
  const { name, active, health, users, nodeCounts, conditions, problem, error } = panel;
  const why = problem ?? conditions[0]?.reason ?? error?.reason ?? null;
  const online = users?.online ?? null;
  const word = t(language, active ? `cli-health-${health}` : 'cli-panel-inactive');
  const lines = why === null ? [] : [redactSecrets(sayReason(language, why))];
  const facts = [
    ...(nodeCounts.total === 0 ? [] : [t(language, 'page-nodes', { up: nodeCounts.up, total: nodeCounts.total })]),
    ...(online === null ? [] : [t(language, 'page-online', { online })]),
  ];
  return item(active ? shadeOf[health] : 'unknown', name, word, lines, facts);
}

function item(shade: Shade, title: string, word: string, lines: readonly string[], facts: readonly string[]): string {
  const head = `<div class="head"><strong>${escapeHtml(title)}</strong><span class="word">${escapeHtml(word)}</span></div>`;
  const rest = lines.map((line) => `<p>${escapeHtml(line)}</p>`);
  return `<li class="${shade}">${head}${rest.join('')}${facts.length === 0 ? '' : muted(facts.join(' · '))}</li>`;
}

type Shade = (typeof shadeOf)[Health];

const list = (items: readonly string[]) => `<ul>${items.join('\n')}</ul>`;
const muted = (text: string) => `<p class="muted">${escapeHtml(text)}</p>`;

function heading(language: Language, key: string, count: number): string {
  return `<h2>${escapeHtml(t(language, key))}${count === 0 ? '' : ` · ${count}`}</h2>`;
}

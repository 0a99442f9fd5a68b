import type { Health } from '../core/health.ts';
import type { ServiceView, Snapshot } from '../core/snapshot.ts';
import { sayReason } from '../i18n.ts';
import { headings, muteLines, openTable } from './alerts.ts';
import type { ControlClient } from './client.ts';
import { shortDuration } from './duration.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Colour, Terminal } from './terminal.ts';

const colourOf: Readonly<Record<Health, Colour>> = {
  healthy: 'green',
  degraded: 'yellow',
  unhealthy: 'red',
  unknown: 'dim',
};

/** `orbit status`. */
export async function showStatus(client: ControlClient, terminal: Terminal, json: boolean): Promise<number> {
  const asked = await client.snapshot();
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) printJson(terminal, asked.value);
  else for (const line of statusLines(asked.value, terminal)) terminal.out(line);
  return exitCodes.ok;
}

/** The state of everything for a person: a head line, Telegram when it has trouble, the services worst first. */
export function statusLines(snapshot: Snapshot, terminal: Terminal): readonly string[] {
  const { say, paint, language } = terminal;
  const { telegram, incidents, mutes, at } = snapshot;
  const head = say('cli-status-head', {
    host: snapshot.host,
    version: snapshot.version,
    uptime: shortDuration(language, at - snapshot.startedAt),
    incidents: snapshot.incidents.length,
  });
  const lines = [`${paint(colourOf[snapshot.overall], say(`cli-health-${snapshot.overall}`))}  ${head}`];
  if (telegram.state !== 'polling' && telegram.state !== 'off') {
    const why = telegram.reason === null ? '' : `: ${sayReason(language, telegram.reason)}`;
    const since = shortDuration(language, at - telegram.since);
    lines.push(paint('yellow', say('cli-telegram', { state: say(`cli-telegram-${telegram.state}`), since }) + why));
  }
  if (telegram.waiting > 0) lines.push(paint('yellow', say('cli-waiting', { waiting: telegram.waiting })));
  if (telegram.dropped > 0) lines.push(paint('yellow', say('cli-dropped', { dropped: telegram.dropped })));
  if (telegram.dead > 0) lines.push(paint('yellow', say('cli-dead', { dead: telegram.dead })));
  lines.push(...muteLines(mutes, at, terminal));
  const alerts = incidents.length === 0 ? [] : ['', say('cli-alerts-open'), ...openTable(incidents, at, terminal)];
  if (snapshot.services.length === 0) return [...lines, ...alerts, say('cli-no-services')];
  const heading = headings(say, ['service', 'state', 'health', 'for', 'pid', 'restarts', 'why']);
  const rows = snapshot.services.map((service) => row(service, at, terminal));
  return [...lines, '', ...alignedTable([heading, ...rows], paint), ...alerts];
}

function row(service: ServiceView, at: number, terminal: Terminal): readonly Cell[] {
  const { say, language } = terminal;
  const since = service.state === 'running' ? (service.startedAt ?? service.since) : service.since;
  return [
    { text: service.name, colour: 'bold' },
    { text: say(`cli-state-${service.state}`), ...(service.state === 'failed' ? { colour: 'red' } : {}) },
    { text: say(`cli-health-${service.health}`), colour: colourOf[service.health] },
    { text: shortDuration(language, at - since) },
    { text: service.pid === null ? '–' : String(service.pid) },
    { text: String(service.restarts) },
    { text: why(service, at, terminal) },
  ];
}

function why(service: ServiceView, at: number, { say, language }: Terminal): string {
  const parts: string[] = [];
  const { operation, retryAt, reason, healthReason } = service;
  if (operation !== null) {
    const { verb, by, since, deadline } = operation;
    const times = { for: shortDuration(language, at - since), most: shortDuration(language, deadline - since) };
    parts.push(say(`cli-being-${verb}`, { by: by.name, ...times }));
  }
  if (reason !== null) parts.push(sayReason(language, reason));
  else if (healthReason !== null) parts.push(sayReason(language, healthReason));
  if (retryAt !== null) parts.push(say('cli-retry', { in: shortDuration(language, retryAt - at) }));
  return parts.join('; ');
}

import { type Incident, namedAs } from '../core/incident.ts';
import type { Mute } from '../core/mute.ts';
import { sayReason } from '../i18n.ts';
import type { ControlClient } from './client.ts';
import { shortDuration } from './duration.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { Alerts } from './protocol.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Colour, Terminal } from './terminal.ts';

/** How many alerts that are over `--all` shows. */
const pastShown = 50;

const colourOf: Readonly<Record<Incident['level'], Colour>> = {
  info: 'dim',
  warning: 'yellow',
  error: 'red',
  critical: 'red',
};

/** `orbit alerts [--all]`. */
export async function showAlerts(
  client: ControlClient,
  terminal: Terminal,
  all: boolean,
  json: boolean,
): Promise<number> {
  const asked = await client.alerts(all ? pastShown : 0);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) printJson(terminal, asked.value);
  else for (const line of alertLines(asked.value, terminal, all)) terminal.out(line);
  return exitCodes.ok;
}

/** For a person: what is open, what is muted, and with `all` what was. */
export function alertLines({ at, open, past, mutes }: Alerts, terminal: Terminal, all: boolean): readonly string[] {
  const { say } = terminal;
  const history = all ? ['', say('cli-alerts-past'), ...pastTable(past, terminal)] : [];
  return [
    ...(open.length === 0 ? [say('cli-alerts-none')] : openTable(open, at, terminal)),
    ...(mutes.length === 0 ? [] : ['', ...muteLines(mutes, at, terminal)]),
    ...history,
  ];
}

/** The open alerts, worst first. */
export function openTable(open: readonly Incident[], at: number, { say, paint, language }: Terminal) {
  const rows = open.map((incident): readonly Cell[] => [
    { text: String(incident.id), colour: 'bold' },
    { text: say(`cli-level-${incident.level}`), colour: colourOf[incident.level] },
    { text: incident.subject?.title ?? incident.service },
    { text: say(`cli-what-${namedAs(incident)}`) },
    { text: shortDuration(language, at - incident.openedAt) },
    { text: incident.acknowledgedBy ?? '–' },
    { text: sayReason(language, incident.reason) },
  ]);
  return alignedTable([headings(say, ['id', 'level', 'service', 'what', 'for', 'taken', 'why']), ...rows], paint);
}

function pastTable(past: readonly Incident[], { say, paint, language }: Terminal): readonly string[] {
  if (past.length === 0) return [say('cli-alerts-none-past')];
  const rows = past.map((incident): readonly Cell[] => [
    { text: String(incident.id), colour: 'bold' },
    { text: say(`cli-level-${incident.level}`) },
    { text: incident.subject?.title ?? incident.service },
    { text: say(`cli-what-${namedAs(incident)}`) },
    { text: shortDuration(language, (incident.resolvedAt ?? incident.openedAt) - incident.openedAt) },
    { text: localTime(incident.resolvedAt ?? incident.openedAt) },
    { text: incident.acknowledgedBy ?? '–' },
  ]);
  return alignedTable([headings(say, ['id', 'level', 'service', 'what', 'for', 'ended', 'taken']), ...rows], paint);
}

/** What is muted, each with what is left of it. */
export function muteLines(mutes: readonly Mute[], at: number, { say, paint, language }: Terminal): readonly string[] {
  return mutes.map(({ id, kind, scope, until, by }) =>
    paint(
      'yellow',
      say('cli-muted', {
        ...{ kind, covers: scope.covers, by, id: String(id), left: shortDuration(language, until - at) },
        name: scope.covers === 'service' ? scope.service : scope.covers === 'incident' ? String(scope.incident) : '',
      }),
    ),
  );
}

export function headings(say: Terminal['say'], columns: readonly string[]): readonly Cell[] {
  return columns.map((column) => ({ text: say(`cli-column-${column}`), colour: 'dim' }));
}

/** `2026-11-23 14:55:03`, by this machine's clock. */
export function localTime(at: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const when = new Date(at);
  const date = [when.getFullYear(), two(when.getMonth() + 1), two(when.getDate())].join('-');
  return `${date} ${[when.getHours(), when.getMinutes(), when.getSeconds()].map(two).join(':')}`;
}

import { partsOfAction } from '../core/audit.ts';
import { sayReason } from '../i18n.ts';
import { headings, localTime } from './alerts.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `orbit audit [-n entries]`: who did what, newest first. */
export async function showAudit(
  client: ControlClient,
  terminal: Terminal,
  entries: number,
  json: boolean,
): Promise<number> {
  const { say, paint, language } = terminal;
  const asked = await client.audit(entries);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) {
    printJson(terminal, asked.value);
    return exitCodes.ok;
  }
  if (asked.value.length === 0) {
    terminal.out(say('cli-audit-none'));
    return exitCodes.ok;
  }
  const rows = asked.value.map(({ at, by, action, service, refused, note }): readonly Cell[] => [
    { text: localTime(at) },
    { text: by.kind === 'cli' ? by.name : `${by.name} (${by.kind})` },
    { text: say('audit-action', { action: partsOfAction(action).word }) },
    { text: subjectOf(partsOfAction(action).what, service), colour: 'bold' },
    refused !== null
      ? { text: sayReason(language, refused), colour: 'yellow' }
      : { text: note === null ? say('cli-audit-done') : sayReason(language, note) },
  ]);
  const table = alignedTable([headings(say, ['when', 'who', 'action', 'service', 'outcome']), ...rows], paint);
  for (const line of table) terminal.out(line);
  return exitCodes.ok;
}

function subjectOf(what: string | null, service: string | null): string {
  if (what === null) return service ?? '–';
  return service === null ? what : `${what} (${service})`;
}

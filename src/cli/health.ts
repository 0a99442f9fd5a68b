import { sayReason } from '../i18n.ts';
import { sayMetric } from '../measures.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `orbit health`: every check of every service, and for scripts an exit code that says whether all is well. */
export async function showHealth(client: ControlClient, terminal: Terminal, json: boolean): Promise<number> {
  const asked = await client.snapshot();
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const { overall, services } = asked.value;
  const { say, paint, language } = terminal;
  if (json) {
    const told = services.map(({ name, state, health, healthReason, checks }) => ({
      ...{ service: name, state, health, reason: healthReason, checks },
    }));
    printJson(terminal, { overall, services: told });
  } else {
    terminal.out(paint('bold', say(`cli-health-${overall}`)));
    const rows = services.flatMap(({ name, state, checks }): readonly (readonly Cell[])[] => [
      [{ text: name, colour: 'bold' }, { text: say(`cli-state-${state}`) }],
      ...checks.map(({ id, health, reason, metrics }): readonly Cell[] => [
        { text: `  ${id}` },
        { text: say(`cli-health-${health}`) },
        {
          text: [
            ...(reason === null ? [] : [sayReason(language, reason)]),
            ...metrics.map((metric) => `${metric.name} ${sayMetric(language, metric)}`),
          ].join(', '),
        },
      ]),
    ]);
    for (const line of alignedTable(rows, paint)) terminal.out(line);
  }
  return overall === 'healthy' ? exitCodes.ok : exitCodes.failed;
}

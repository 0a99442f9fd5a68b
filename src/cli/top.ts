import type { Top, TopProcess } from '../core/top.ts';
import { sayMetric } from '../measures.ts';
import { headings } from './alerts.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `orbit top`: who uses the machine. */
export async function showTop(client: Pick<ControlClient, 'top'>, terminal: Terminal, json: boolean): Promise<number> {
  const asked = await client.top();
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const found = asked.value;
  if (!found.ok) return reportFailure(terminal, { ...found, code: 'failed' }, json);
  if (json) printJson(terminal, found.value);
  else for (const line of topLines(found.value, terminal)) terminal.out(line);
  return exitCodes.ok;
}

function topLines({ byCpu, byMemory, cores, measured, processes }: Top, terminal: Terminal): readonly string[] {
  const { say, paint } = terminal;
  return [
    paint('bold', say('top-cpu', { cores })),
    ...tableOf(byCpu, terminal),
    '',
    paint('bold', say('top-memory')),
    ...tableOf(byMemory, terminal),
    paint('dim', say('top-measured', { measured, processes })),
  ];
}

function tableOf(rows: readonly TopProcess[], { say, paint, language }: Terminal): readonly string[] {
  const percent = (value: number) => sayMetric(language, { name: '', value, unit: '%' });
  return alignedTable(
    [
      headings(say, ['pid', 'name', 'cpu', 'memory', 'share', 'service']),
      ...rows.map(({ pid, name, cpu, memory, memoryOfHost, service }): readonly Cell[] => [
        { text: String(pid) },
        { text: name, colour: 'bold' },
        { text: percent(cpu) },
        { text: sayMetric(language, { name: '', value: memory, unit: 'bytes' }) },
        { text: percent(memoryOfHost) },
        { text: service ?? '–' },
      ]),
    ],
    paint,
  );
}

import { type Range, ranges } from '../core/picture.ts';
import { sayMetric, sayMetricName } from '../measures.ts';
import type { ControlClient } from './client.ts';
import type { MetricLine, Metrics } from './metrics-protocol.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `orbit metrics [service] [--range 24h]`. */
export async function showMetrics(
  client: ControlClient,
  terminal: Terminal,
  service: string | null,
  range: Range,
  json: boolean,
): Promise<number> {
  const asked = await client.metrics(service, ranges[range]);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) printJson(terminal, asked.value);
  else for (const line of metricLines(asked.value, terminal, range)) terminal.out(line);
  return exitCodes.ok;
}

/** A row for each number: its course in blocks, and its figures. */
export function metricLines({ lines, bytes }: Metrics, terminal: Terminal, range: Range): readonly string[] {
  const { say, paint, language } = terminal;
  const size = sayMetric(language, { name: '', value: bytes, unit: 'bytes' });
  const foot = paint('dim', say('cli-metrics-size', { size }));
  if (lines.length === 0) return [say('cli-metrics-none', { range }), foot];
  const heading = [
    ...[say('cli-column-service'), say('cli-column-number'), range],
    ...['last', 'min', 'avg', 'max'].map((figure) => say(`chart-${figure}`)),
  ].map((text): Cell => ({ text: text.toLocaleUpperCase(language), colour: 'dim' }));
  const rows = lines.map((line, index): readonly Cell[] => {
    const figure = (value: number): Cell => ({ text: sayMetric(language, { name: '', value, unit: line.unit }) });
    const { last, min, avg, max } = line.figures;
    const first = lines[index - 1]?.service !== line.service;
    return [
      { text: first ? line.service : '', colour: 'bold' },
      { text: nameOf(line, lines, terminal) },
      { text: sparkline(line.values) },
      ...[last, min, avg, max].map(figure),
    ];
  });
  return [...alignedTable([heading, ...rows], paint), '', foot];
}

function nameOf(line: MetricLine, all: readonly MetricLine[], { language }: Terminal): string {
  const name = sayMetricName(language, line.metric);
  const twin = all.some((other) => other !== line && other.service === line.service && other.metric === line.metric);
  return twin ? `${name} (${line.check})` : name;
}

const blocks = [...'▁▂▃▄▅▆▇█'];

/** From zero (or the lowest below it) to the highest; a blank where nothing was measured. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known);
  const span = Math.max(0, ...known) - low || 1;
  return values
    .map((value) => (value === null ? ' ' : (blocks[Math.round(((value - low) / span) * (blocks.length - 1))] ?? ' ')))
    .join('');
}

import { stripVTControlCharacters } from 'node:util';
import type { MetricConfigOf } from '../config/schema.ts';
import { reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import { runCommand, saidLast } from './command.ts';
import { type Answer, codeOf } from './connect.ts';
import { type MetricSource, noNumber } from './metric.ts';

const LONGEST_SHOWN = 60;

/** A number that a program writes to its standard output. Of what it started nothing is left at the deadline. */
export function createCommandSource(config: MetricConfigOf<'command'>): MetricSource {
  const [program = ''] = config.command;
  const wanted = config.match === null ? null : new RegExp(config.match, 'mu');

  async function read(signal: AbortSignal): Promise<Answer<number>> {
    let outcome: Awaited<ReturnType<typeof runCommand>>;
    try {
      outcome = await runCommand(config, signal);
    } catch (error) {
      return noNumber(reason('command-not-run', { program, code: codeOf(error) }));
    }
    const { code, late, output, said, signal: by } = outcome;
    const last = saidLast(output);
    if (late) return noNumber(reason('command-late', { program, ...last }));
    if (code === null) return noNumber(reason('command-signal', { program, signal: by ?? '?', ...last }));
    if (code !== 0) return noNumber(reason('command-exit', { program, code: String(code), ...last }));
    const text = stripVTControlCharacters(said).trim();
    const found = wanted === null ? text : (wanted.exec(text)?.[1] ?? '');
    if (/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(found)) return { ok: true, value: Number(found) };
    const shown = redactSecrets(wanted === null ? text : found || text).slice(0, LONGEST_SHOWN);
    return noNumber(reason('metric-no-number', { found: shown }));
  }

  return { read, close: async () => undefined };
}

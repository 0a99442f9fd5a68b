import { InvalidArgumentError } from 'commander';
import { readTimeSpan } from '../core/time-span.ts';
import { type Commands, type Json, wholeNumber } from './commands.ts';
import { maxPast } from './protocol.ts';
import type { Terminal } from './terminal.ts';

/** The commands about alerts. */
export function addAlertCommands({ orbit, terminal, connect, leave }: Commands): void {
  const { say } = terminal;
  const json = say('cli-help-json');
  const entries = wholeNumber(say('cli-lines-range', { max: maxPast }), 1, maxPast);

  orbit
    .command('alerts')
    .description(say('cli-help-alerts'))
    .option('--all', say('cli-help-alerts-all'))
    .option('--json', json)
    .action(async (options: Json & { readonly all?: true }) => {
      const { showAlerts } = await import('./alerts.ts');
      leave(await showAlerts(connect(), terminal, options.all === true, options.json === true));
    });

  orbit
    .command('ack')
    .description(say('cli-help-ack'))
    .argument('<id>', say('cli-help-alert'), wholeNumber(say('cli-alert-id')))
    .option('--json', json)
    .action(async (id: number, options: Json) => {
      const { acknowledge } = await import('./alerting.ts');
      leave(await acknowledge(connect(), terminal, id, options.json === true));
    });

  for (const kind of ['mute', 'maintenance'] as const) {
    orbit
      .command(kind)
      .description(say(`cli-help-${kind}`))
      .argument('<service>', say('cli-help-service-or-all'))
      .argument('<for>', say('cli-help-span'), timeSpan(say))
      .option('--json', json)
      .action(async (service: string, span: number, options: Json) => {
        const { mute } = await import('./alerting.ts');
        leave(await mute(connect(), terminal, { kind, service, span }, options.json === true));
      });
  }

  orbit
    .command('unmute')
    .description(say('cli-help-unmute'))
    .argument('<what>', say('cli-help-muted'))
    .option('--json', json)
    .action(async (what: string, options: Json) => {
      const { unmute } = await import('./alerting.ts');
      leave(await unmute(connect(), terminal, what, options.json === true));
    });

  orbit
    .command('audit')
    .description(say('cli-help-audit'))
    .option('-n, --entries <n>', say('cli-help-entries', { max: maxPast }), entries, 20)
    .option('--json', json)
    .action(async (options: Json & { readonly entries: number }) => {
      const { showAudit } = await import('./audit.ts');
      leave(await showAudit(connect(), terminal, options.entries, options.json === true));
    });
}

function timeSpan(say: Terminal['say']): (typed: string) => number {
  return (typed) => {
    const span = readTimeSpan(typed);
    if (span === null) throw new InvalidArgumentError(say('cli-span-wrong'));
    return span;
  };
}

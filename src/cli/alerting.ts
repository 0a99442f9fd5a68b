import type { AlertingResult } from '../core/alerting.ts';
import type { Mute } from '../core/mute.ts';
import { sayReason } from '../i18n.ts';
import type { Asked, ControlClient } from './client.ts';
import { shortDuration } from './duration.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** The word for every service. */
export const everything = 'all';

const target = (typed: string) => (typed === everything ? null : typed);

/** `orbit ack <id>`. */
export async function acknowledge(
  client: ControlClient,
  terminal: Terminal,
  id: number,
  json: boolean,
): Promise<number> {
  return report(await client.acknowledge(id), terminal, terminal.say('cli-acknowledged', { id: String(id) }), json);
}

/** `orbit mute|maintenance <service|all> <for>`. */
export async function mute(
  client: ControlClient,
  terminal: Terminal,
  what: { readonly kind: Mute['kind']; readonly service: string; readonly span: number },
  json: boolean,
): Promise<number> {
  const { kind, service, span } = what;
  const long = shortDuration(terminal.language, span);
  const covers = target(service) === null ? 'all' : 'service';
  const done = terminal.say('cli-mute-done', { kind, covers, name: service, for: long });
  return report(await client.mute(kind, target(service), span), terminal, done, json);
}

/** `orbit unmute <id|service|all>`. */
export async function unmute(client: ControlClient, terminal: Terminal, what: string, json: boolean): Promise<number> {
  const asked = await client.unmute(/^\d{1,15}$/.test(what) ? Number(what) : target(what));
  return report(asked, terminal, terminal.say('cli-unmute-done', { name: what }), json);
}

function report(asked: Asked<AlertingResult>, terminal: Terminal, done: string, json: boolean): number {
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const result = asked.value;
  const why = result.ok ? null : sayReason(terminal.language, result.reason);
  if (json) printJson(terminal, why === null ? result : { ...result, message: why });
  else if (why === null) terminal.out(done);
  else terminal.err(terminal.say('cli-alerting-refused', { why }));
  return result.ok ? exitCodes.ok : exitCodes.failed;
}

import type { ActionResult, Needs, Verb } from '../core/snapshot.ts';
import { sayReason } from '../i18n.ts';
import type { ControlClient } from './client.ts';
import { shortDuration } from './duration.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** `orbit start|stop|restart <service>`. */
export async function actOn(
  client: ControlClient,
  terminal: Terminal,
  service: string,
  { verb, needs }: { readonly verb: Verb; readonly needs: Needs },
  json: boolean,
): Promise<number> {
  terminal.hint(terminal.say(`cli-doing-${verb}`, { service }));
  const asked = await interruptible(client.act(service, verb, needs), terminal);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) printJson(terminal, forScripts(asked.value, terminal));
  else {
    printResult(terminal, service, verb, asked.value);
    if (!asked.value.ok && asked.value.reason.code === 'needs-down') terminal.err(terminal.say('cli-needs-down'));
  }
  return asked.value.ok ? exitCodes.ok : exitCodes.failed;
}

/** `orbit start|stop|restart --all`. */
export async function actOnAll(client: ControlClient, terminal: Terminal, verb: Verb, json: boolean): Promise<number> {
  terminal.hint(terminal.say(`cli-doing-${verb}-all`));
  const asked = await interruptible(client.actAll(verb), terminal);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const results = Object.entries(asked.value);
  if (json) {
    printJson(terminal, Object.fromEntries(results.map(([name, result]) => [name, forScripts(result, terminal)])));
  } else {
    for (const [name, result] of results) printResult(terminal, name, verb, result);
    if (results.length === 0) terminal.out(terminal.say(`cli-nothing-to-${verb}`));
  }
  return results.every(([, result]) => result.ok) ? exitCodes.ok : exitCodes.failed;
}

/** Ctrl-C ends the waiting only, which a person has to be told. */
async function interruptible<T>(work: Promise<T>, terminal: Terminal): Promise<T> {
  const leave = (): void => {
    terminal.err(terminal.say('cli-goes-on'));
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', leave);
  try {
    return await work;
  } finally {
    process.off('SIGINT', leave);
  }
}

function printResult(terminal: Terminal, service: string, verb: Verb, result: ActionResult): void {
  const { say, language } = terminal;
  const took = shortDuration(language, result.took);
  if (result.ok) {
    const note = result.note === null ? '' : ` (${sayReason(language, result.note)})`;
    terminal.out(say(`cli-done-${verb}`, { service, took }) + note);
  } else {
    terminal.err(say(`cli-failed-${verb}`, { service, took, why: sayReason(language, result.reason) }));
  }
}

/** The result with its reason also in words. */
function forScripts(result: ActionResult, { language }: Terminal): unknown {
  const said = result.ok ? result.note : result.reason;
  return said === null ? result : { ...result, message: sayReason(language, said) };
}

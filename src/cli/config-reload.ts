import {
  changedKeys,
  type ReloadChoices,
  type ReloadPlan,
  type ReloadResult,
  type ServiceChange,
} from '../core/reload.ts';
import { sayReason, sayRemark } from '../i18n.ts';
import { isAgreed } from './agreement.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { Terminal } from './terminal.ts';

export interface ReloadWishes extends ReloadChoices {
  /** Apply without asking. */
  readonly yes: boolean;
  readonly json: boolean;
}

/** `orbit config reload`: shows what would change, asks, applies. Without a person to ask it needs `--yes`. */
export async function reloadConfig(client: ControlClient, terminal: Terminal, wishes: ReloadWishes): Promise<number> {
  const { say, language } = terminal;
  const looked = await client.lookAtConfig();
  if (!looked.ok) return reportFailure(terminal, looked, wishes.json);
  if (!looked.value.ok) {
    const mistakes = looked.value.mistakes.map((mistake) => sayRemark(language, mistake));
    if (wishes.json) printJson(terminal, { ok: false, mistakes });
    else for (const line of [...mistakes, say('cli-reload-broken')]) terminal.err(line);
    return exitCodes.usage;
  }
  const { plan } = looked.value;
  if (!wishes.json) show(plan, terminal);
  const empty = plan.services.length + plan.sections.length === 0;
  if (empty || !(wishes.yes || (!wishes.json && (await isAgreed(say('cli-reload-question')))))) {
    if (wishes.json) printJson(terminal, { ok: true, applied: false, plan });
    else if (!empty) terminal.err(say('cli-reload-not-applied'));
    return exitCodes.ok;
  }
  const applied = await client.applyConfig(plan.id, { restart: wishes.restart, stopRemoved: wishes.stopRemoved });
  if (!applied.ok) return reportFailure(terminal, applied, wishes.json);
  if (wishes.json) printJson(terminal, { applied: applied.value.ok, plan, result: applied.value });
  else report(applied.value, terminal);
  return applied.value.ok && applied.value.outcomes.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
}

function show(plan: ReloadPlan, terminal: Terminal): void {
  const { say, language } = terminal;
  for (const warning of plan.warnings)
    terminal.err(say('cli-config-warning', { message: sayRemark(language, warning) }));
  if (plan.services.length + plan.sections.length === 0) terminal.out(say('cli-reload-nothing'));
  for (const change of plan.services) for (const line of linesOf(change, terminal)) terminal.out(line);
  for (const { key, holds } of plan.sections) terminal.out(say(`cli-reload-section-${holds}`, { key }));
}

function linesOf(change: ServiceChange, { say }: Terminal): readonly string[] {
  const { service } = change;
  if (change.change !== 'changed') return [say(`cli-reload-${change.change}`, { service })];
  return changedKeys(change).map(({ holds, keys }) => say(`cli-reload-${holds}`, { service, keys: keys.join(', ') }));
}

function report(result: ReloadResult, terminal: Terminal): void {
  const { say, language } = terminal;
  if (!result.ok) {
    terminal.err(sayReason(language, result.reason));
    return;
  }
  for (const { service, ok, what } of result.outcomes) {
    const line = say('cli-reload-outcome', { service, what: sayReason(language, what) });
    if (ok) terminal.out(line);
    else terminal.err(line);
  }
  terminal.out(say('cli-reload-done'));
}

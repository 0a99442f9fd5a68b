import { type ConfigMessage, type Loaded, loadConfig, readEnvironment } from '../config/load.ts';
import { sayRemark } from '../i18n.ts';
import { exitCodes, printJson } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** Reads `.env`, the environment and the file they name; every mistake of all three. */
export function readConfiguration(processEnv: NodeJS.ProcessEnv): Loaded {
  const { env, errors } = readEnvironment({ cwd: process.cwd(), processEnv });
  const loaded = loadConfig({ path: env.ORBIT_CONFIG || 'config/services.yaml', env });
  if (errors.length === 0) return loaded;
  return { ok: false, errors: loaded.ok ? errors : [...errors, ...loaded.errors] };
}

/** `orbit config check`. */
export function checkConfig(terminal: Terminal, processEnv: NodeJS.ProcessEnv, json: boolean): number {
  const loaded = readConfiguration(processEnv);
  const say = (message: ConfigMessage): string => sayRemark(terminal.language, message);
  const mistakes = loaded.ok ? [] : loaded.errors;
  const warnings = loaded.ok ? loaded.warnings : [];
  if (json) {
    const forScripts = (message: ConfigMessage): unknown => ({ ...message, message: say(message) });
    printJson(terminal, { ok: loaded.ok, errors: mistakes.map(forScripts), warnings: warnings.map(forScripts) });
  } else {
    for (const mistake of mistakes) terminal.err(say(mistake));
    for (const warning of warnings) terminal.err(terminal.say('cli-config-warning', { message: say(warning) }));
    if (loaded.ok) terminal.out(terminal.say('cli-config-ok', { services: loaded.config.services.length }));
  }
  return loaded.ok ? exitCodes.ok : exitCodes.usage;
}

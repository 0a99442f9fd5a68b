import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Reason, reason } from '../core/reason.ts';
import { type Environment, readSettings } from './environment.ts';
import { explain } from './explain.ts';
import { finish } from './finish.ts';
import { at } from './keys.ts';
import { aboutVariable, type ConfigMessage } from './message.ts';
import { checkRelations } from './relations.ts';
import { type Config, file } from './schema.ts';
import { readSeed } from './seed.ts';
import { fillIn, type Source } from './source.ts';
import { findWarnings } from './warnings.ts';
import { parseYaml } from './yaml.ts';

export { type Environment, readEnvironment } from './environment.ts';
export type { ConfigMessage } from './message.ts';

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigMessage[] }
  /** Every mistake of the file and the environment, in the order of the file, the environment's last. */
  | { readonly ok: false; readonly errors: readonly ConfigMessage[] };

export interface LoadOptions {
  /** The file, as messages are to call it; relative to the working folder. */
  readonly path: string;
  /** See `readEnvironment`. */
  readonly env: Environment;
  /** Throws as `readFileSync` does. */
  readonly readFile?: (path: string) => string;
}

/** Reads and checks the whole configuration: YAML → the seed's keys → `${NAME}` → schema → relations → {@link Config}. */
export function loadConfig({ path, env, readFile = (name) => readFileSync(name, 'utf8') }: LoadOptions): Loaded {
  const { settings, errors: wrongVariables } = readSettings(env, process.cwd());
  const { source, admins, errors, warnings } = readSource(path, env, readFile);
  const parsed = source ? file.safeParse(source.value) : null;
  if (source && parsed) errors.push(...explain(parsed.error?.issues ?? [], source), ...checkRelations(source));

  const variables = [...wrongVariables];
  if (admins === 'none' && settings.owners.length === 0 && !variables.some(({ key }) => key === 'ADMIN_CHAT_IDS')) {
    variables.push(aboutVariable('ADMIN_CHAT_IDS', reason('config-no-admins')));
  }
  if (!source || !parsed?.success || errors.length > 0 || variables.length > 0) {
    return { ok: false, errors: [...inOrder(errors), ...variables] };
  }
  const config = finish(parsed.data, resolve(path), settings, env);
  return { ok: true, config, warnings: inOrder([...warnings, ...findWarnings(parsed.data, config, source)]) };
}

interface ReadFile {
  readonly source: Source | null;
  /** Whether the file names admins; of a text that is not YAML nobody knows. */
  readonly admins: 'some' | 'none' | 'unknown';
  readonly errors: ConfigMessage[];
  readonly warnings: readonly ConfigMessage[];
}

function readSource(path: string, env: Environment, readFile: (path: string) => string): ReadFile {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : '';
    const mistake = unplaced(path, reason('config-unreadable', { problem }));
    return { source: null, admins: 'none', errors: [mistake], warnings: [] };
  }
  const { yaml, errors } = parseYaml(path, text);
  if (!yaml) return { source: null, admins: 'unknown', errors: [...errors], warnings: [] };
  const warnings = readSeed(yaml, env);
  const { source, errors: more } = fillIn(yaml, env);
  const listed = at(source?.value, ['admins']) ?? [];
  const admins = Array.isArray(listed) && listed.length === 0 ? 'none' : 'some';
  return { source, admins, errors: [...errors, ...more], warnings };
}

function unplaced(file: string, why: Reason): ConfigMessage {
  return { file, line: null, column: null, key: '', reason: why };
}

function inOrder(messages: readonly ConfigMessage[]): readonly ConfigMessage[] {
  const place = ({ line, column }: ConfigMessage) => (line ?? 0) * 1_000_000 + (column ?? 0);
  return messages.toSorted((a, b) => place(a) - place(b));
}

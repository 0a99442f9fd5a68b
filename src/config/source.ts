import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import { reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import type { Environment } from './environment.ts';
import type { ConfigMessage, Path } from './message.ts';
import { substitute } from './substitute.ts';
import { locate, type Yaml } from './yaml.ts';

/** What stands at a place, said so that no secret is told. Goes into a reason; the words are Fluent's `config-found`. */
export interface Found extends Readonly<Record<string, string>> {
  readonly shape: 'nothing' | 'list' | 'map' | 'variable' | 'variable-empty' | 'hidden' | 'value';
  readonly found: string;
}

/** A file with the environment's variables put in. */
export interface Source {
  /** The plain value of the whole. */
  readonly value: unknown;
  /** What stands at a path. */
  found(path: Path): Found;
  /** Whether a mistake has been told about what stands there (a variable that is not set). */
  told(path: Path): boolean;
  readonly message: Yaml['message'];
}

/** Values under these keys are never shown. */
const secretKeys = /^(env|command|password|token|webhook|smtp_url|heartbeat_url|headers)$/;

/** An address of the web, or a mere host with a port. */
const harmless = /^(?:https?:|[\w.-]+(?::\d+)?$)/i;

/** Enough to recognise a value. */
const longestShown = 60;

/** Puts the variables in and takes the file's value; `source` is null when there is none. */
export function fillIn(
  yaml: Yaml,
  env: Environment,
): { readonly source: Source | null; readonly errors: readonly ConfigMessage[] } {
  const { document, message } = yaml;
  const { variables, mistakes } = substitute(document, env);
  const errors = mistakes.map(({ node, path, why }) => yaml.messageAt(node, path, why));

  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    // The library's guard against a short text that unfolds to an endless one.
    return { source: null, errors: [...errors, message([], reason('config-yaml-aliases'))] };
  }

  const found = (path: Path): Found => {
    const { node } = locate(document, path);
    const is = isAlias(node) ? node.resolve(document) : node;
    if (isMap(is)) return { shape: 'map', found: '' };
    if (isSeq(is)) return { shape: 'list', found: '' };
    if (!isScalar(is) || is.value === null) return { shape: 'nothing', found: '' };
    const names = variables.get(is);
    if (names) return { shape: is.value === '' ? 'variable-empty' : 'variable', found: names };
    // An address that is wrong may hold its password where no pattern looks for one.
    const isAddressWithUser = typeof is.value === 'string' && is.value.includes('@');
    const isOddAddress = /^(?:clear_)?url$/.test(String(path.at(-1))) && !harmless.test(String(is.value));
    if (isAddressWithUser || isOddAddress || path.some((part) => secretKeys.test(String(part))))
      return { shape: 'hidden', found: '' };
    const shown = redactSecrets(
      typeof is.value === 'string' ? JSON.stringify(is.value) : (is.source ?? String(is.value)),
    );
    return { shape: 'value', found: shown.length > longestShown ? `${shown.slice(0, longestShown)}…` : shown };
  };

  const told = (path: Path): boolean => {
    const range = locate(document, path).node?.range;
    return mistakes.some(({ node }) => range && node.range && range[0] <= node.range[0] && node.range[1] <= range[1]);
  };

  return { source: { value, found, told, message }, errors };
}

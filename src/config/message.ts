import type { Reason } from '../core/reason.ts';

/** A way into the file: keys and places in lists. */
export type Path = readonly (string | number)[];

/** One mistake, or one warning, and where it stands. */
export interface ConfigMessage {
  /** As it was given to the loader; `environment` for a variable. */
  readonly file: string;
  /** From 1; null where there is no line (a variable, a file that is not there). */
  readonly line: number | null;
  readonly column: number | null;
  /** `services.shop.checks[0].url`, or the variable's name; empty for the file as a whole. */
  readonly key: string;
  readonly reason: Reason;
}

/** `services.shop.checks[0].url`. */
export function keyOf(path: Path): string {
  return path.reduce<string>((key, part) => {
    if (typeof part === 'number') return `${key}[${part}]`;
    return key === '' ? nameOf(part) : `${key}.${nameOf(part)}`;
  }, '');
}

/** A key as far as it is a name: in `env: { PASSWORD=… }` the whole is the key. */
function nameOf(part: string): string {
  const [name] = /^[\p{L}\p{N}_-]{0,40}/u.exec(part) ?? [''];
  return name === part ? part : `${name}…`;
}

/** A message about a variable. */
export function aboutVariable(name: string, why: Reason): ConfigMessage {
  return { file: 'environment', line: null, column: null, key: name, reason: why };
}

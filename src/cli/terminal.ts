import { closeSync, openSync } from 'node:fs';
import { styleText } from 'node:util';
import { type Args, type Language, pickLanguage, t } from '../i18n.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

/** Where a command speaks to a person or a script, and how. */
export interface Terminal {
  readonly language: Language;
  /** A line to stdout. */
  out(line: string): void;
  /** A line to stderr. */
  err(line: string): void;
  /** A line to stderr that only a waiting person needs. */
  hint(line: string): void;
  say(key: string, args?: Args): string;
  paint(colour: Colour, text: string): string;
}

/** The terminal of this process: language from LC_ALL, LC_MESSAGES, LANG; colours on a TTY without NO_COLOR. */
export function processTerminal(env: NodeJS.ProcessEnv): Terminal {
  const language = pickLanguage(null, env.LC_ALL || env.LC_MESSAGES || env.LANG);
  const colours = process.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const err = (line: string): void => void process.stderr.write(`${line}\n`);
  return {
    language,
    out: (line) => void process.stdout.write(`${line}\n`),
    err,
    hint: process.stderr.isTTY === true ? err : () => {},
    say: (key, args) => t(language, key, args),
    paint: (colour, text) => (colours ? styleText(colour, text) : text),
  };
}

/** Whether this process has a terminal that can go away. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

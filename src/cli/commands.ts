import { type Command, InvalidArgumentError } from 'commander';
import type { ControlClient } from './client.ts';
import type { Terminal } from './terminal.ts';

/** What a group of commands is added with. */
export interface Commands {
  readonly orbit: Command;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** To the manager that runs, as the one who typed. */
  readonly connect: () => ControlClient;
  /** Takes a command's exit code. */
  readonly leave: (code: number) => void;
}

/** What every command can be asked for. */
export interface Json {
  readonly json?: true;
}

/** Reads an argument that is a whole number within these bounds; `wrong` says what was expected. */
export function wholeNumber(wrong: string, least = 0, most = 999_999_999_999_999): (typed: string) => number {
  return (typed) => {
    const number = /^\d{1,15}$/.test(typed) ? Number(typed) : Number.NaN;
    if (!(number >= least && number <= most)) throw new InvalidArgumentError(wrong);
    return number;
  };
}

import { constants } from 'node:os';

/** Of numbers with two names (SIGABRT, SIGIOT) the first, which is the one that people know. */
const names = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

/** `SIGKILL` for 9; null for a number that is no signal here. */
export function signalName(number: number): string | null {
  return names.get(number) ?? null;
}

/** An exit status as a shell or a container engine says it: 128 + n is signal n where there is such a signal. */
export function exitOfStatus(status: number): { code: number | null; signal: string | null } {
  const signal = status > 128 ? signalName(status - 128) : null;
  return signal === null ? { code: status, signal: null } : { code: null, signal };
}

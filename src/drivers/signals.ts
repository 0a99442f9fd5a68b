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

import type { Desk } from './desk.ts';

/** More often a message cannot be edited for long before Telegram puts a stop to it, ms. */
const STEP_MS = 1500;

/**
 * Edits a message while something long goes on: the newest news only, one edit at a time, and none more often than
 * Telegram bears. `done` waits for the edit that is on its way, so that none comes after the last word.
 */
export function createProgress(
  { clock, log }: Pick<Desk, 'clock' | 'log'>,
  edit: (done: number, of: number) => Promise<unknown>,
) {
  let last = clock();
  let editing: Promise<void> | null = null;
  return {
    step(done: number, of: number): void {
      if (editing !== null || clock() - last < STEP_MS) return;
      last = clock();
      editing = edit(done, of)
        // That it is under way is worth a try; only how it ended is worth several.
        .catch((err: unknown) => log.debug({ err }, 'progress was not shown'))
        .then(() => {
          editing = null;
        });
    },
    done: async (): Promise<void> => void (await editing),
  };
}

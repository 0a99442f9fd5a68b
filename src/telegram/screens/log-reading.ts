import { within } from '../backoff.ts';
import type { Desk } from '../desk.ts';

/** A log that cannot be read by then (ms) is not waited for: the chat has other things to do. */
const longestWait = 10_000;

/** The last lines of a service's log, oldest first; null: they cannot be had. */
export async function readLog(desk: Desk, service: string, lines: number): Promise<readonly string[] | null> {
  let read: readonly string[] | null = null;
  const reading = desk.control.logs(service, lines).then(
    (found) => {
      read = found;
    },
    (error: unknown) => desk.log.warn({ err: error, service }, 'the log cannot be read'),
  );
  await within(longestWait, reading);
  return read;
}

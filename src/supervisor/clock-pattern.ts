import cron from 'node-cron';
import type { ClockTime } from '../core/clock-time.ts';
import { offsetAt } from '../core/local-time.ts';

const MINUTE = 60_000;

/** node-cron reads the pattern; it is asked in UTC about the time on the wall, so that hours left out can be asked for. */
export function readPattern(pattern: string, timezone: string): ClockTime {
  const task = cron.createTask(pattern, () => undefined, { timezone: 'UTC' });
  // Only its matching is used; node-cron need not remember it.
  void task.destroy();
  const fields = pattern.trim().split(/\s+/);
  return {
    // Asking node-cron costs more than it takes to know that five fields always mean a full minute.
    matches: (wall) => (fields.length > 5 || wall % MINUTE === 0) && task.match(new Date(wall)),
    anyHour: fields.at(-4)?.startsWith('*') ?? false,
    offset: (at) => offsetAt(at, timezone),
  };
}

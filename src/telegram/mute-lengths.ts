import { nextTimeOfDay } from '../core/local-time.ts';
import { usualNight } from '../core/preferences.ts';

/** How long a button mutes. */
export const lengths = ['half-hour', 'two-hours', 'morning', 'day'] as const;
export type Length = (typeof lengths)[number];

const hour = 3_600_000;

/** When (epoch ms) it ends, seen from `now`. `wakes`: the minute of the day at which the one who mutes is up again. */
export function endOf(length: Length, now: number, wakes: number | null, timezone: string): number {
  switch (length) {
    case 'half-hour':
      return now + hour / 2;
    case 'two-hours':
      return now + 2 * hour;
    case 'day':
      return now + 24 * hour;
    case 'morning':
      return nextTimeOfDay(now, wakes ?? usualNight.to, timezone);
  }
}

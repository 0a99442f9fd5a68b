const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
/** Longer than any two clock changes' shift, shorter than the time between two. */
const BEFORE_ANY_SHIFT = 4 * HOUR;

/** Something that is done by the clock. */
export interface ClockTime {
  /** Whether it is meant for this moment on the wall, given as if the wall were in UTC (epoch ms, whole seconds). */
  readonly matches: (wall: number) => boolean;
  /** Meant for any hour: goes by the time that passes, not by the hour on the wall. */
  readonly anyHour: boolean;
  /** What the clocks on the wall are ahead of UTC at a moment, ms. */
  readonly offset: (at: number) => number;
}

/**
 * Whether it is due at the second `at` (epoch ms). On the day on which the clocks leap forward, what was meant for the
 * hour that is left out is due right after the leap; on the day on which an hour comes twice it is due the first time
 * only. What is meant for any hour takes no notice of either.
 */
export function isDue({ matches, anyHour, offset }: ClockTime, at: number): boolean {
  const ahead = offset(at);
  if (matches(at + ahead)) return anyHour || !cameBefore(at, ahead, offset);
  if (anyHour) return false;
  const before = offset(at - SECOND);
  for (let wall = at + before; wall < at + ahead; wall += SECOND) if (matches(wall)) return true;
  return false;
}

/** The last whole minute (epoch ms) in (`after`, `until`] at which it is due; null: there is none. */
export function lastDue(time: ClockTime, after: number, until: number): number | null {
  for (let at = Math.floor(until / MINUTE) * MINUTE; at > after; at -= MINUTE) if (isDue(time, at)) return at;
  return null;
}

/** Whether the clocks on the wall showed the same a while ago. */
function cameBefore(at: number, ahead: number, offset: ClockTime['offset']): boolean {
  const summer = offset(at - BEFORE_ANY_SHIFT);
  return summer > ahead && offset(at - (summer - ahead)) === summer;
}

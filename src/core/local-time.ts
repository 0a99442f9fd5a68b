/**
 * Times of day in a named zone, right on both clock-change days: everything is asked of `Intl`, which knows the rules.
 */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  formats.set(timezone, format);
  return format;
}

const MINUTE = 60_000;
const DAY = 1440;

/** Minutes since local midnight. */
export function minuteOfDay(at: number, timezone: string): number {
  const parts = formatOf(timezone).formatToParts(at);
  const number = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return number('hour') * 60 + number('minute');
}

/** What the clocks there are ahead of UTC, ms. */
export function offsetAt(at: number, timezone: string): number {
  const parts = formatOf(timezone).formatToParts(at);
  const number = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall = Date.UTC(number('year'), number('month') - 1, number('day'), number('hour'), number('minute'));
  return wall - Math.floor(at / MINUTE) * MINUTE;
}

/** The calendar day as `2026-11-23`. */
export function dayOf(at: number, timezone: string): string {
  const parts = formatOf(timezone).formatToParts(at);
  const text = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${text('year')}-${text('month')}-${text('day')}`;
}

/**
 * The next moment (epoch ms, whole minutes) after `at` at which the clocks there show `minute` of the day. On a day
 * that skips it: the first minute after the gap.
 */
export function nextTimeOfDay(at: number, minute: number, timezone: string): number {
  const start = Math.floor(at / MINUTE) * MINUTE;
  const ahead = (((minute - minuteOfDay(start, timezone)) % DAY) + DAY) % DAY || DAY;
  const guess = start + ahead * MINUTE;
  // A clock change in between moved the target; the difference is what the clocks there show too much or too little.
  const off = minuteOfDay(guess, timezone) - minute;
  const wrapped = off > DAY / 2 ? off - DAY : off < -DAY / 2 ? off + DAY : off;
  const corrected = guess - wrapped * MINUTE;
  const skipped = corrected <= at || minuteOfDay(corrected, timezone) !== minute;
  return skipped ? guess : corrected;
}

/** Hours in which only what is critical may sound; minutes of the day, `to` excluded; may span midnight. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

/** When these hours end, if `at` lies in them; else null. */
export function endOfHours(hours: Hours, at: number, timezone: string): number | null {
  const minute = minuteOfDay(at, timezone);
  const inside =
    hours.from < hours.to ? minute >= hours.from && minute < hours.to : minute >= hours.from || minute < hours.to;
  return inside ? nextTimeOfDay(at, hours.to, timezone) : null;
}

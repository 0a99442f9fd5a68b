import { dayOf, minuteOfDay, nextTimeOfDay } from '../core/local-time.ts';
import type { Tick } from './drawing.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Every zone's offset is a multiple of this. */
const GRAIN = 15 * MINUTE;

/** More labels than this run into each other: times, and dates, which are longer. */
const MOST = 7;
const MOST_DATES = 5;

/** Minutes between ticks within a day, all parts of a day. */
const withinDay = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720];

/** Ticks at round times of the clocks in `timezone`, also on days that have an hour more or less. */
export function timeTicks(from: number, to: number, timezone: string, locale: string): readonly Tick[] {
  const clock = new Intl.DateTimeFormat(locale, { timeZone: timezone, hour: '2-digit', minute: '2-digit' });
  const date = new Intl.DateTimeFormat(locale, { timeZone: timezone, day: 'numeric', month: 'short' });
  const midnight = (at: number) => dayOf(at, timezone) !== dayOf(at - MINUTE, timezone);
  const minutes = withinDay.find((each) => (to - from) / (each * MINUTE) <= MOST);
  if (minutes === undefined) {
    const days = midnights(from, to, timezone);
    const every = Math.ceil(days.length / MOST_DATES);
    // Counted from the newest, so that today is always there.
    return days
      .filter((_, index) => (days.length - 1 - index) % every === 0)
      .map((at) => ({ at, label: date.format(at) }));
  }
  return grid(from, to, minutes < 15 ? 5 * MINUTE : GRAIN)
    .filter((at) => minuteOfDay(at, timezone) % minutes === 0)
    .map((at) => ({ at, label: to - from > 2 * HOUR && midnight(at) ? date.format(at) : clock.format(at) }));
}

function midnights(from: number, to: number, timezone: string): readonly number[] {
  const all: number[] = [];
  for (let at = nextTimeOfDay(from, 0, timezone); at < to; at = nextTimeOfDay(at, 0, timezone)) all.push(at);
  return all;
}

function grid(from: number, to: number, step: number): readonly number[] {
  const all: number[] = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step) all.push(at);
  return all;
}

/** The stretch of time in words. */
export function sayStretch(from: number, to: number, timezone: string, locale: string): string {
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  const format = new Intl.DateTimeFormat(locale, {
    ...{ timeZone: timezone, day: 'numeric', month: 'short', hourCycle: 'h23' },
    ...(to - from > 2 * DAY ? {} : clock),
  });
  return format.formatRange(from, to);
}

/** Days as the operator's clock shows them. */
export interface Calendar {
  /** `2026-11-23`. */
  day(at: number): string;
  /** Epoch ms of the hour in which that day began: panels count traffic by whole hours. */
  dayStart(at: number): number;
}

const HOUR_MS = 3_600_000;

export function createCalendar(timezone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const day = (at: number) => format.format(at);
  let known = { day: '', start: 0 };
  return {
    day,
    dayStart: (at) => {
      const today = day(at);
      if (known.day === today) return known.start;
      // Backwards hour by hour: right on the days when clocks change, too.
      let start = Math.floor(at / HOUR_MS) * HOUR_MS;
      while (day(start - 1) === today) start -= HOUR_MS;
      known = { day: today, start };
      return start;
    },
  };
}

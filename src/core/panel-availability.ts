/** How much of one calendar day a node was seen, and seen working. */
export interface DayShare {
  /** `2026-11-23` in the operator's time zone. */
  readonly day: string;
  /** ms. */
  readonly seen: number;
  readonly up: number;
}

/** Days kept in memory per node. */
export const DAYS_KEPT = 31;

/** Adds a span of time that ended in `day`. Newest day last. */
export function addSpan(days: readonly DayShare[], day: string, span: number, up: boolean): readonly DayShare[] {
  if (span <= 0) return days;
  const last = days.at(-1);
  const today = last?.day === day ? last : { day, seen: 0, up: 0 };
  const rest = last?.day === day ? days.slice(0, -1) : days;
  const grown = { day, seen: today.seen + span, up: today.up + (up ? span : 0) };
  return [...rest, grown].slice(-DAYS_KEPT);
}

/** What was watched and what was up of the last so many watched days; null: nothing was watched. */
export function shareOf(days: readonly DayShare[], last: number): DayShare | null {
  const part = days.slice(-last);
  const [first] = part;
  if (first === undefined) return null;
  const sum = (of: (share: DayShare) => number) => part.reduce((total, share) => total + of(share), 0);
  const whole = { day: first.day, seen: sum(({ seen }) => seen), up: sum(({ up }) => up) };
  return whole.seen === 0 ? null : whole;
}

/** The share of the watched time that it was up, 0 to 1; null: it was not watched that day. */
export function availability(days: readonly DayShare[], day: string): number | null {
  const share = days.find((each) => each.day === day);
  return share === undefined || share.seen === 0 ? null : share.up / share.seen;
}

/** Units of time as people type them, in both languages, in ms. */
const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  с: 1000,
  м: 60_000,
  мин: 60_000,
  ч: 3_600_000,
  д: 86_400_000,
};

/** `30m`, `2h`, `1d`, `1h30m`, `30 м` → ms; null: not understood, or nothing. */
export function readTimeSpan(text: string): number | null {
  const compact = text.toLowerCase().replace(/\s+/g, '');
  if (!/^(?:\d{1,6}\p{L}+)+$/u.test(compact)) return null;
  let sum = 0;
  for (const [, count, unit] of compact.matchAll(/(\d+)(\p{L}+)/gu)) {
    const ms = units[unit ?? ''];
    if (ms === undefined) return null;
    sum += Number(count) * ms;
  }
  return sum > 0 ? sum : null;
}

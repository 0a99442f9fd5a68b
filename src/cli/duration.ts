import { type Language, t } from '../i18n.ts';

const units = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
  ['seconds', 1],
] as const;

/** A length of time (ms) in its two largest units: `3d 4h`, `12s`; below ten seconds with one decimal: `0.4s`. */
export function shortDuration(language: Language, ms: number): string {
  if (ms < 10_000) return t(language, 'cli-duration-seconds', { n: Math.max(0, Math.floor(ms / 100) / 10) });
  let rest = Math.floor(ms / 1000);
  const parts: string[] = [];
  for (const [unit, seconds] of units) {
    const n = Math.floor(rest / seconds);
    rest -= n * seconds;
    // A gap ends it: "3d 12m" would read as if the hours had been forgotten.
    if (n > 0) parts.push(t(language, `cli-duration-${unit}`, { n }));
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

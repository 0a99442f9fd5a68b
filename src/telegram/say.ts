import type { Language } from '../i18n.ts';

export { sayDuration, sayMetric } from '../measures.ts';

/** A moment (epoch ms) as a clock in `timezone` shows it; with the date when it is not today there. */
export function sayTime(language: Language, at: number, now: number, timezone: string): string {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const clock = new Intl.DateTimeFormat(locale, { timeZone: timezone, timeStyle: 'medium' }).format(at);
  const date = new Intl.DateTimeFormat(locale, { timeZone: timezone, day: 'numeric', month: 'short', year: 'numeric' });
  return date.format(at) === date.format(now) ? clock : `${date.format(at)}, ${clock}`;
}

/** The end of something that was meant to the minute; with the date when it is not today. */
export function sayUntil(language: Language, at: number, now: number, timezone: string): string {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const clock = new Intl.DateTimeFormat(locale, { timeZone: timezone, timeStyle: 'short' }).format(at);
  const date = new Intl.DateTimeFormat(locale, { timeZone: timezone, day: 'numeric', month: 'short' });
  return date.format(at) === date.format(now) ? clock : `${date.format(at)}, ${clock}`;
}

/** A moment by its day and time, for what is looked back upon. */
export function sayMoment(language: Language, at: number, timezone: string): string {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const how = { timeZone: timezone, weekday: 'short', day: 'numeric', month: 'short' } as const;
  return new Intl.DateTimeFormat(locale, { ...how, hour: '2-digit', minute: '2-digit' }).format(at);
}

/** A day by its name, for a heading. */
export function sayDay(language: Language, at: number, timezone: string): string {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  return new Intl.DateTimeFormat(locale, {
    ...{ timeZone: timezone, weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  }).format(at);
}

/** The first `most` characters; `…` stands for the rest. Never cuts a character in two. */
export function shorten(text: string, most: number): string {
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`;
}

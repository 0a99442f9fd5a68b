import type { Mute } from '../../core/mute.ts';
import { html, type Language } from '../../i18n.ts';
import { sayUntil } from '../say.ts';

/** More names than this of what is muted together are counted. */
const mostNames = 6;

export const muteIcons: Readonly<Record<Mute['kind'], string>> = { mute: '🔕', maintenance: '🛠' };

/** A mute in one line of HTML: what it covers, until when, whose it is. */
export function muteLine(
  language: Language,
  mute: Mute,
  titleOf: (service: string) => string,
  now: number,
  timezone: string,
): string {
  return line(language, mute, [coveredBy(mute, titleOf)], now, timezone);
}

/** Those that were begun together in one line. */
export function muteLines(
  language: Language,
  mutes: readonly Mute[],
  titleOf: (service: string) => string,
  now: number,
  timezone: string,
): readonly string[] {
  const together = new Map<string, Mute[]>();
  for (const mute of mutes) {
    const key = [mute.kind, mute.scope.covers, mute.until, mute.by].join('\n');
    together.set(key, [...(together.get(key) ?? []), mute]);
  }
  return [...together.values()].flatMap((same) => {
    const names = same.map((mute) => coveredBy(mute, titleOf));
    return same[0] === undefined ? [] : [line(language, same[0], names, now, timezone)];
  });
}

function coveredBy({ scope }: Mute, titleOf: (service: string) => string): string {
  if (scope.covers === 'service') return titleOf(scope.service);
  return scope.covers === 'incident' ? String(scope.incident) : '';
}

function line(language: Language, mute: Mute, all: readonly string[], now: number, timezone: string): string {
  const more = all.length > mostNames ? ` +${all.length - mostNames}` : '';
  return `${muteIcons[mute.kind]} ${html(language, 'chat-muted', {
    covers: mute.scope.covers,
    kind: mute.kind,
    names: `${all.slice(0, mostNames).join(', ')}${more}`,
    until: sayUntil(language, mute.until, now, timezone),
    by: mute.by,
  })}`;
}

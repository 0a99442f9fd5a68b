import type { Broke, Digest, DiskOutlook, ServiceAvailability } from '../../core/digest.ts';
import type { Availability } from '../../core/standing.ts';
import { escapeHtml, html, type Language, t } from '../../i18n.ts';
import { sayDuration, sayMoment, shorten } from '../say.ts';
import { levelIcons } from './alert.ts';
import { muteLines } from './mute-line.ts';

const longestTitle = 40;
/** More lines than these of one kind are not read with the first coffee. */
const mostBroke = 12;
const mostStarts = 6;
const mostAvailable = 10;
const mostDisks = 4;
/** Less than this (ms) that nobody looked is not worth saying. */
const unknownWorthSaying = 60_000;
/** A disk that is neither full nor filling up is not worth a line. */
const diskWorthSaying = { percent: 70, fullIn: 60 * 86_400_000 };

/** The digest: one line when all is fine, else what one wants to know of the day. */
export function digestText(
  language: Language,
  digest: Digest,
  titleOf: (service: string) => string,
  now: number,
  timezone: string,
): string {
  const since = sayMoment(language, digest.from, timezone);
  const title = (service: string) => shorten(titleOf(service), longestTitle);
  if (digest.fine) return `✅ ${html(language, 'digest-fine', { services: digest.services, since })}`;
  return [
    `📋 <b>${html(language, 'digest-title', { since, until: sayMoment(language, digest.to, timezone) })}</b>`,
    ...section(language, 'broke', brokeLines(language, digest.broke, title), html(language, 'digest-broke-none')),
    ...section(language, 'starts', startLines(language, digest, title)),
    ...section(language, 'slow', slowLines(language, digest, title)),
    ...section(language, 'availability', availabilityLines(language, digest.availability, title)),
    ...section(language, 'muted', muteLines(language, digest.mutes, titleOf, now, timezone)),
    ...section(language, 'disks', diskLines(language, digest.disks)),
  ].join('\n');
}

function section(language: Language, name: string, lines: readonly string[], none?: string): readonly string[] {
  const shown = lines.length > 0 || none === undefined ? lines : [none];
  return shown.length === 0 ? [] : ['', `<b>${html(language, `digest-${name}`)}</b>`, ...shown];
}

function brokeLines(language: Language, broke: readonly Broke[], title: (service: string) => string) {
  const lines = broke.slice(0, mostBroke).map(({ service, subject, level, times, lasted, open }) => {
    const what = html(language, open ? 'digest-broke-open' : 'digest-broke-line', {
      title: subject === null ? title(service) : shorten(subject, longestTitle),
      times,
      for: sayDuration(language, Math.max(1000, lasted)),
    });
    return `${levelIcons[level]} ${what}`;
  });
  return [...lines, ...more(language, broke.length - mostBroke)];
}

function startLines(language: Language, { starts }: Digest, title: (service: string) => string): readonly string[] {
  if (starts.length === 0) return [];
  const named = starts.slice(0, mostStarts).map(({ service, times }) => `${escapeHtml(title(service))} ${times}×`);
  return [[...named, ...more(language, starts.length - mostStarts)].join(', ')];
}

function slowLines(language: Language, { slow }: Digest, title: (service: string) => string): readonly string[] {
  return slow.map(({ service, usual, most }) =>
    html(language, 'digest-slow-line', {
      title: title(service),
      usual: sayDuration(language, usual),
      most: sayDuration(language, most),
    }),
  );
}

/** Those that were not up all the time, the rest together. */
function availabilityLines(
  language: Language,
  all: readonly ServiceAvailability[],
  title: (service: string) => string,
): readonly string[] {
  const known = all.filter(({ month }) => month.share !== null);
  const perfect = known.filter((each) => [each.day, each.week, each.month].every(({ share }) => share === 1));
  const rest = known.filter((each) => !perfect.includes(each));
  const lines = rest.slice(0, mostAvailable).map(({ service, day, week, month }) => {
    const line = html(language, 'digest-availability-line', {
      title: title(service),
      day: sayShare(language, day),
      week: sayShare(language, week),
      month: sayShare(language, month),
    });
    if (day.unknown < unknownWorthSaying) return line;
    return `${line} (${html(language, 'digest-unknown', { for: sayDuration(language, day.unknown) })})`;
  });
  const others = perfect.length === 0 ? [] : [html(language, 'digest-available-always', { n: perfect.length })];
  return [...lines, ...more(language, rest.length - mostAvailable), ...others];
}

/** The nearer to always, the finer; never rounded up to it: a minute of a month is one that somebody noticed. */
function sayShare(language: Language, { share }: Availability): string {
  if (share === null) return '–';
  const parts = share >= 0.999 ? 1000 : share >= 0.99 ? 100 : 10;
  return t(language, 'say-percent', { n: Math.floor(share * 100 * parts) / parts });
}

function diskLines(language: Language, disks: readonly DiskOutlook[]): readonly string[] {
  const shown = disks.filter(
    ({ usedPercent, fullIn }) =>
      usedPercent >= diskWorthSaying.percent || (fullIn !== null && fullIn < diskWorthSaying.fullIn),
  );
  return shown.slice(0, mostDisks).map(({ path, usedPercent, fullIn }) =>
    html(language, fullIn === null ? 'digest-disk-steady' : 'digest-disk-fills', {
      path: shorten(path, longestTitle),
      used: t(language, 'say-percent', { n: Math.round(usedPercent) }),
      in: sayDuration(language, fullIn ?? 0),
    }),
  );
}

function more(language: Language, n: number): readonly string[] {
  return n > 0 ? [html(language, 'digest-more', { n })] : [];
}

import { validate as isCron } from 'node-cron';
import * as z from 'zod';
import type { Anchor } from '../core/link.ts';
import type { Limit } from '../core/rule.ts';

/**
 * The words of the configuration: one reader per kind of value. A reader gets what YAML gave (or a string that came
 * from `${NAME}`, which is why numbers and flags are also read from text) and returns the value, or `undefined` when it
 * does not understand. What is allowed is then said by the reason `code`.
 */
export function reader<T>(code: string, read: (found: unknown) => T | undefined, args: Args = {}) {
  return z.unknown().transform((found, context): T => {
    const value = read(found);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', input: found, params: { code, args } satisfies Mistake });
    return z.NEVER;
  });
}

type Args = Readonly<Record<string, string | number>>;

/** What a reader leaves in a zod issue's `params`. */
export interface Mistake {
  readonly code: string;
  readonly args: Args;
}

/** May be left out or be `null`. */
export function optional<T extends z.ZodType>(value: T) {
  return value.nullable().default(null);
}

/** A part that may be left out or be empty (a key whose lines are all commented out). */
export function section<T extends z.ZodType>(value: T) {
  return z.preprocess((found) => found ?? {}, value);
}

/** A list that may be left out or be empty. */
export function list<T extends z.ZodType>(value: T) {
  return z.preprocess((found) => found ?? [], z.array(value).readonly());
}

function matching(found: unknown, shape: RegExp): RegExpExecArray | null {
  return typeof found === 'string' ? shape.exec(found.trim()) : null;
}

function toNumber(found: unknown): number | undefined {
  if (typeof found === 'number') return found;
  return matching(found, /^-?\d+(\.\d+)?$/) ? Number(found) : undefined;
}

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Node's timers hold 2^31 - 1 ms; a longer delay would fire at once instead. */
export const longestDuration = 24 * 86_400_000;

function toDuration(found: unknown): number | undefined {
  const seconds = toNumber(found);
  const parts = matching(found, /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/);
  const unit = milliseconds[parts?.[2] ?? 's'] ?? Number.NaN;
  const ms = Math.round(seconds !== undefined ? seconds * 1000 : Number(parts?.[1]) * unit);
  return ms >= 0 && ms <= longestDuration ? ms : undefined;
}

/** `500ms 10s 5m 1h 7d`, or a number of seconds → milliseconds. At most 24 days. */
export const duration = reader('config-duration', toDuration);

/** A {@link duration} that is not nothing: an interval of 0 would be a busy loop. At least one second. */
export const interval = reader('config-interval', (found) => {
  const ms = toDuration(found);
  return ms !== undefined && ms >= 1000 ? ms : undefined;
});

/** A {@link duration} that is not nothing: a deadline of 0 can never be met. */
export const deadline = reader('config-deadline', (found) => toDuration(found) || undefined);

const bytes: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `512mb 2gb` (powers of 1024), or a number of bytes → bytes. */
export const size = reader('config-size', (found) => {
  const parts = matching(String(found), /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i);
  const value = Math.round(Number(parts?.[1]) * (bytes[parts?.[2]?.toLowerCase() ?? ''] ?? Number.NaN));
  return value > 0 && Number.isSafeInteger(value) ? value : undefined;
});

/** `90%` or 90 → 90. */
export const percentage = reader('config-percentage', (found) => {
  const value = Number(matching(String(found), /^(\d+(?:\.\d+)?)\s*%?$/)?.[1]);
  return value >= 0 && value <= 100 ? value : undefined;
});

/** So many in so long; `per` in ms. */
export interface Rate {
  readonly count: number;
  readonly per: number;
}

/** `5/1m` → five in one minute. */
export const rate = reader('config-rate', (found): Rate | undefined => {
  const parts = matching(found, /^(\d+)\s*\/\s*(\S+)$/);
  const per = toDuration(parts?.[2]);
  return parts && per ? { count: Number(parts[1]), per } : undefined;
});

function toInteger(found: unknown, min: number, max: number): number | undefined {
  const value = toNumber(found);
  return value !== undefined && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
}

/** A whole number within limits. */
export function integer(min: number, max: number) {
  const read = (found: unknown) => toInteger(found, min, max);
  return reader('config-integer', read, { min: String(min), max: String(max) });
}

/** A Telegram user's id. */
export const userId = reader('config-user-id', (found) => toInteger(found, 1, Number.MAX_SAFE_INTEGER));

/** Any Telegram chat's id: people are above 0, groups below. */
export const chatId = reader('config-chat-id', (found) => {
  return toInteger(found, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) || undefined;
});

/** The id of a topic in a group: that of its first message, which Telegram counts in 32 bits. */
export const topicId = reader('config-topic-id', (found) => toInteger(found, 1, 2 ** 31 - 1));

/** A number, whole or not. */
export const decimal = reader('config-decimal', (found) => {
  const value = toNumber(found);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
});

/** `1.1.1.1:443`, `[2606:4700::1111]:443`, `example.com:443`. */
export const anchor = reader('config-anchor', (found): Anchor | undefined => {
  const parts = matching(found, /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_][\w.-]{0,252})):(\d{1,5})$/i);
  const port = Number(parts?.[3]);
  return port >= 1 && port <= 65_535 ? { host: parts?.[1] ?? parts?.[2] ?? '', port } : undefined;
});

/** A limit of a number: 90, `90%`, a size (`5gb` → bytes) or a duration (`800ms`, `2h` → ms). */
export const limit = reader('config-limit', (found): Limit | undefined => {
  const plain = Number(matching(String(found), /^(-?\d+(?:\.\d+)?)\s*%?$/)?.[1]);
  if (Number.isFinite(plain)) return { value: plain, ms: false };
  const ms = toDuration(found);
  if (ms !== undefined) return { value: ms, ms: true };
  const parts = matching(String(found), /^(\d+(?:\.\d+)?)\s*([kmgt])i?b$/i);
  const value = Number(parts?.[1]) * (bytes[parts?.[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  return Number.isFinite(value) ? { value, ms: false } : undefined;
});

/** `true` or `false`. */
export const flag = reader('config-flag', (found) => {
  if (typeof found === 'boolean') return found;
  return found === 'true' ? true : found === 'false' ? false : undefined;
});

/** Text that is not empty and has no control characters. */
export const text = reader('config-text', (found) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return typeof found === 'string' && /^[^\u0000-\u001f\u007f]+$/.test(found) && found.trim() !== ''
    ? found
    : undefined;
});

/** Any text, also empty or of several lines: the value of a service's environment variable. */
export const anyText = reader('config-any-text', (found) =>
  typeof found === 'string' && !found.includes('\0') ? found : undefined,
);

/** Text of one shape; `code` is the reason that explains the shape. */
export function shaped(code: string, shape: RegExp) {
  return reader(code, (found) => (typeof found === 'string' && shape.test(found) ? found : undefined));
}

/** One of some words, in any case: the seed wrote `INFO`. */
export function oneOf<const T extends string>(...words: readonly [T, ...T[]]) {
  const read = (found: unknown) => words.find((word) => typeof found === 'string' && word === found.toLowerCase());
  return reader('config-one-of', read, { options: words.join(', ') });
}

/** The same for words that are written in capitals. */
export function oneOfCapitals<const T extends string>(...words: readonly [T, ...T[]]) {
  const read = (found: unknown) => words.find((word) => typeof found === 'string' && word === found.toUpperCase());
  return reader('config-one-of', read, { options: words.join(', ') });
}

/** The words that a {@link reader} of words accepts, with what they stand for here. */
export function synonyms<const T extends string>(words: Readonly<Record<string, T>>, allowed: readonly T[]) {
  const read = (found: unknown) => {
    const word = typeof found === 'string' ? found.toLowerCase() : '';
    return Object.hasOwn(words, word) ? words[word] : undefined;
  };
  return reader('config-one-of', read, { options: allowed.join(', ') });
}

/** An address of a web server. No user and password in it: addresses are shown in messages. */
export const webAddress = reader('config-web-address', (found) => {
  const url = typeof found === 'string' && URL.canParse(found) ? new URL(found) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  return url.href;
});

/** An e-mail address without a display name. */
export const mailAddress = shaped('config-mail-address', /^[^\s@<>"',;:()[\]\\]+@[^\s@<>"',;:()[\]\\]+$/);

/** An address of a mail server: `smtp://user:password@host:587`, or `smtps://` for TLS from the start. */
export const smtpAddress = reader('config-smtp-address', (found) => {
  const url = typeof found === 'string' && URL.canParse(found) ? new URL(found) : undefined;
  return url && /^smtps?:$/.test(url.protocol) && url.hostname !== '' ? url.href : undefined;
});

/** Longer expressions are programs; each check runs them on text from outside. */
const longestPattern = 200;

/** A regular expression, kept as its source. */
export const pattern = reader('config-pattern', (found) => {
  if (typeof found !== 'string' || found === '' || found.length > longestPattern) return undefined;
  try {
    return new RegExp(found, 'u').source;
  } catch {
    return undefined;
  }
});

/** A schedule of five cron fields (six: with seconds), in the configured time zone. Empty: off. */
export const cron = reader('config-cron', (found) =>
  typeof found === 'string' && (found === '' || isCron(found)) ? found : undefined,
);

/** The same in five fields, for what is due by the minute. */
export const cronByMinute = reader('config-cron', (found) => {
  if (typeof found !== 'string') return undefined;
  return found === '' || (isCron(found) && found.trim().split(/\s+/).length === 5) ? found : undefined;
});

/** How long a planned window lasts, ms. */
export const windowLength = reader('config-window', (found) => {
  const ms = toDuration(found);
  return ms !== undefined && ms >= 60_000 && ms <= 7 * 86_400_000 ? ms : undefined;
});

/** An IANA name. */
export const timeZone = reader('config-time-zone', (found) => {
  if (typeof found !== 'string' || !/^[A-Za-z]/.test(found)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: found }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
});

/** Minutes after midnight, local time; `from` may be later than `to`: then it spans midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

/** `23:00-08:00`. */
export const quietHours = reader('config-quiet-hours', (found): QuietHours | undefined => {
  const parts = matching(found, /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/);
  if (!parts) return undefined;
  const from = Number(parts[1]) * 60 + Number(parts[2]);
  const to = Number(parts[3]) * 60 + Number(parts[4]);
  return from === to ? undefined : { from, to };
});

/** HTTP statuses from `from` to `to`, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** `200`, `200-299`, or a list of these. */
export const statuses = reader('config-statuses', (found): readonly StatusRange[] | undefined => {
  const ranges: StatusRange[] = [];
  for (const item of Array.isArray(found) ? found : [found]) {
    const parts = matching(String(item), /^([1-5]\d\d)(?:-([1-5]\d\d))?$/);
    const from = Number(parts?.[1]);
    const to = Number(parts?.[2] ?? from);
    if (!parts || from > to) return undefined;
    ranges.push({ from, to });
  }
  return ranges.length > 0 ? ranges : undefined;
});

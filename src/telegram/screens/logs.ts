import { redactSecrets } from '../../core/redact.ts';
import { escapeHtml, html, type Language } from '../../i18n.ts';
import { shorten } from '../say.ts';
import { asOf } from './list.ts';

/** What the Logs button shows. */
export const fewLines = 20;
/** What `/logs` shows at most. */
export const mostLines = 200;
/** How far back a pattern is looked for. */
export const searchDepth = 2000;

/** One line of a log may be a whole dump; so many characters of it say enough. */
const longestLine = 500;
/** Characters of log in one message; the rest of Telegram's 4,096 is for the words around it. */
export const roomInMessage = 3600;

/**
 * The newest lines that fit into `room` characters, oldest first: secrets out, long lines cut. What does not fit is
 * left out from the start, since the end is what one came for.
 */
export function lastThatFit(lines: readonly string[], room: number): readonly string[] {
  const fitting: string[] = [];
  let used = 0;
  for (const line of lines.toReversed()) {
    const shown = shorten(redactSecrets(line.slice(0, 4 * longestLine)), longestLine);
    used += [...shown].length + 1;
    if (used > room) break;
    fitting.unshift(shown);
  }
  return fitting;
}

export interface LogExcerpt {
  readonly title: string;
  /** Oldest first; already those that match `pattern`. */
  readonly lines: readonly string[];
  readonly pattern: string | null;
  /** How many messages it may fill. */
  readonly messages: number;
  readonly now: number;
}

/** The last lines of a service's log as Telegram HTML; may be longer than one message. */
export function logsText(language: Language, excerpt: LogExcerpt, timezone: string): string {
  const { title, pattern } = excerpt;
  const lines = lastThatFit(excerpt.lines, roomInMessage * excerpt.messages);
  const args = { title, lines: lines.length, ...(pattern !== null && { pattern: shorten(pattern, 100) }) };
  const [some, none] =
    pattern === null ? ['chat-logs', 'chat-logs-none'] : ['chat-logs-matching', 'chat-logs-matching-none'];
  return [
    html(language, lines.length === 0 ? none : some, args),
    ...(lines.length === 0 ? [] : [`<pre>${lines.map(escapeHtml).join('\n')}</pre>`]),
    asOf(language, excerpt.now, timezone),
  ].join('\n');
}

/** Lines that hold the pattern, whatever its capitals: plain text, so that no pattern can hold up the process. */
export function matching(lines: readonly string[], pattern: string): readonly string[] {
  const wanted = pattern.toLowerCase();
  return lines.filter((line) => line.toLowerCase().includes(wanted));
}

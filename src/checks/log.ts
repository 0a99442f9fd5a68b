import { stripVTControlCharacters } from 'node:util';
import type { Finding, Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import type { Check } from './check.ts';
import { degraded, unhealthy, unknown, verdictOf, worstFindings } from './findings.ts';
import { createLogFollower } from './log-follow.ts';

/** So many in so long; `per` in ms. */
export interface LogRate {
  readonly count: number;
  readonly per: number;
}

export interface LogCheckOptions {
  readonly id: string;
  readonly path: string;
  /** Regular expression that is looked for in each line, colours taken off. */
  readonly pattern: string;
  /** More matches than this are degraded; null: never. */
  readonly degraded_over: LogRate | null;
  /** More matches than this are unhealthy; null: never. */
  readonly unhealthy_over: LogRate | null;
}

/** The window of the number that is kept when no limit names one. */
const DEFAULT_WINDOW_MS = 60_000;
const SHOWN_CHARACTERS = 200;

/** The matches of one look: of the lines that came after `from`, until `to`. */
interface Look {
  readonly from: number;
  readonly to: number;
  readonly matches: number;
}

/** Counts lines of a log that match a pattern. What was written before the first look does not count. */
export function createLogCheck(options: LogCheckOptions): Check {
  const { id, path, degraded_over, unhealthy_over } = options;
  const wanted = new RegExp(options.pattern, 'u');
  const follower = createLogFollower(path);
  const shown = degraded_over ?? unhealthy_over ?? { count: 0, per: DEFAULT_WINDOW_MS };
  const longest = Math.max(shown.per, unhealthy_over?.per ?? 0);
  let looks: readonly Look[] = [];
  let lastAt: number | null = null;
  let lastLine = '';

  function over(rate: LogRate | null, now: number, finding: (why: Finding['reason']) => Finding): Finding | null {
    if (rate === null) return null;
    const matches = matchesIn(looks, now, rate.per);
    if (matches <= rate.count) return null;
    const args = { matches: Math.ceil(matches), seconds: rate.per / 1000, line: lastLine };
    return finding(reason('log-matches', args));
  }

  return {
    id,
    kind: 'log',
    async run({ now }) {
      const { lines, skipped, missing } = await follower.look();
      const matching = lines.map(stripVTControlCharacters).filter((line) => wanted.test(line));
      lastLine = shorten(matching.at(-1)) ?? lastLine;
      looks = [...looks, { from: lastAt ?? now, to: now, matches: matching.length }];
      looks = looks.filter((look) => look.to > now - longest);
      lastAt = now;

      const found = worstFindings([
        over(unhealthy_over, now, unhealthy),
        over(degraded_over, now, degraded),
        missing === null ? null : unknown(reason('log-missing', { path, code: missing })),
        skipped === 0 ? null : unknown(reason('log-too-fast', { path, megabytes: Math.ceil(skipped / 1024 ** 2) })),
      ]);
      const metrics: readonly Metric[] = [
        { name: 'matches', value: Math.round(matchesIn(looks, now, shown.per) * 10) / 10, unit: 'count' },
      ];
      return verdictOf(found, missing === null ? metrics : []);
    },
    close: follower.close,
  };
}

/**
 * Matches in the `per` ms before `now`. Of a look that reaches further back only its share counts: when it is asked
 * more rarely than the window is long, five matches in ten minutes are not five in one.
 */
function matchesIn(looks: readonly Look[], now: number, per: number): number {
  return looks.reduce((sum, { from, to, matches }) => {
    const start = now - per;
    if (to <= start) return sum;
    return sum + (from >= start ? matches : (matches * (to - start)) / (to - from));
  }, 0);
}

function shorten(line: string | undefined): string | null {
  if (line === undefined) return null;
  const safe = redactSecrets(line.trim());
  return safe.length > SHOWN_CHARACTERS ? `${safe.slice(0, SHOWN_CHARACTERS - 1)}…` : safe;
}

import type { Logger } from 'pino';
import { type ClockTime, lastDue } from '../core/clock-time.ts';
import type { Span } from '../core/digest.ts';
import type { Settings } from '../core/settings.ts';
import { readPattern } from './clock-pattern.ts';

export interface DigestClockOptions {
  /** Five fields of cron, as configured now; empty: never. */
  readonly cron: () => string;
  /** IANA name. */
  readonly timezone: string;
  readonly settings: Settings;
  /** Puts it into the outbox. */
  readonly tell: (span: Span) => void;
  /** Runs `work` so that all it writes is on disk afterwards, or none of it. */
  readonly together: (work: () => void) => void;
  readonly clock: () => number;
  readonly log: Logger;
}

const KEY = 'digest:told';
const MINUTE = 60_000;
const HOUR = 3600_000;
/** A manager that was not there at the time makes up for it so long (ms) afterwards; later it is yesterday's paper. */
const MAKE_UP_MS = 6 * HOUR;
const DAY = 24 * HOUR;
const LONGEST_MS = 31 * DAY;

/** Tells the digest when it is due, once for each time, also over a restart. */
export function createDigestClock(options: DigestClockOptions) {
  const { settings, timezone, clock, log } = options;
  let read: { readonly cron: string; readonly time: ClockTime } | null = null;
  let looked: number | null = null;

  function timeOf(cron: string): ClockTime {
    if (read?.cron !== cron) read = { cron, time: readPattern(cron, timezone) };
    return read.time;
  }

  return {
    tick(): void {
      const now = clock();
      const cron = options.cron();
      const minute = Math.floor(now / MINUTE) * MINUTE;
      if (cron === '' || looked === minute) return;
      const since = Math.max(looked ?? 0, now - MAKE_UP_MS);
      looked = minute;
      const told = settings.get(KEY);
      // Before its first time a manager has no day to tell of.
      if (told === null) {
        settings.set(KEY, String(now));
        return;
      }
      const due = lastDue(timeOf(cron), Math.max(since, Number(told)), now);
      if (due === null) return;
      const from = Math.max(Number(told), due - LONGEST_MS);
      log.info({ from, to: due }, 'the digest is due');
      options.together(() => {
        settings.set(KEY, String(due));
        options.tell({ from, to: due });
      });
    },
  };
}

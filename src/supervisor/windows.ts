import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { type ClockTime, lastDue } from '../core/clock-time.ts';
import type { Scope } from '../core/mute.ts';
import type { Settings } from '../core/settings.ts';
import type { Actor } from '../core/snapshot.ts';
import { readPattern } from './clock-pattern.ts';

type Window = Config['monitoring']['maintenance'][number];

export interface WindowsOptions {
  /** As configured now. */
  readonly windows: () => readonly Window[];
  /** Begins maintenance of these; see {@link createAlerting}. */
  readonly plan: (scopes: readonly Scope[], from: number, until: number, by: Actor) => void;
  readonly settings: Settings;
  /** IANA name. */
  readonly timezone: string;
  readonly clock: () => number;
  readonly log: Logger;
}

const MINUTE = 60_000;

/**
 * Begins maintenance by the clock. Each window is begun once: what somebody ended early stays ended, and a manager that
 * starts in the middle of one takes it up with the end that it has.
 */
export function createWindows(options: WindowsOptions) {
  const { settings, timezone, clock, log } = options;
  const times = new WeakMap<Window, ClockTime>();
  /** The minute up to which each was looked at. */
  const looked = new WeakMap<Window, number>();

  function timeOf(window: Window): ClockTime {
    const time = times.get(window) ?? readPattern(window.cron, timezone);
    times.set(window, time);
    return time;
  }

  function look(window: Window, now: number): void {
    const minute = Math.floor(now / MINUTE) * MINUTE;
    const before = looked.get(window);
    if (before === minute) return;
    looked.set(window, minute);
    const begin = lastDue(timeOf(window), Math.max(now - window.for, before ?? 0), now);
    if (begin === null || begin <= Number(settings.get(keyOf(window)) ?? 0)) return;
    settings.set(keyOf(window), String(begin));
    const { services } = window;
    const scopes: readonly Scope[] =
      services.length === 0 ? [{ covers: 'all' }] : services.map((service) => ({ covers: 'service', service }));
    log.info({ cron: window.cron, services, until: begin + window.for }, 'planned maintenance begins');
    options.plan(scopes, begin, begin + window.for, { kind: 'manager', id: 'plan', name: `⏰ ${window.cron}` });
  }

  return {
    tick(): void {
      for (const window of options.windows()) if (window.cron !== '') look(window, clock());
    },
  };
}

/** Under which it is remembered when the window was last begun. */
function keyOf({ cron, services }: Window): string {
  const print = createHash('sha256')
    .update(JSON.stringify([cron, services]))
    .digest('base64url')
    .slice(0, 16);
  return `maintenance:${print}`;
}

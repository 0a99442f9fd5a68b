import type { Logger } from 'pino';
import type { ServiceConfig } from '../config/schema.ts';
import { type ClockTime, isDue } from '../core/clock-time.ts';
import { inMaintenance, type Mute } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Actor, Control } from '../core/snapshot.ts';
import type { Audit } from '../store/audit.ts';
import { readPattern } from './clock-pattern.ts';
import type { Managed } from './managed.ts';

type Entry = ServiceConfig['schedule'][number];

export interface SchedulesOptions {
  readonly services: ReadonlyMap<string, Managed>;
  readonly act: Control['act'];
  readonly audit: Audit;
  readonly mutes: () => readonly Mute[];
  /** For the admins: what did not work, and is no incident of its own. */
  readonly tell: (what: Reason) => void;
  /** IANA name. */
  readonly timezone: string;
  readonly clock: () => number;
  readonly log: Logger;
}

const SECOND = 1000;
/** Seconds that nobody looked at (a busy or sleeping machine) are made up for this long; older ones are left out. */
const MAKE_UP_MS = 60_000;
/** A clock that is set back by less than this (ms) is waited for. */
const SET_BACK_MS = 10 * 60_000;

/** Does what `schedule:` says, by the clocks of the configured time zone, through the same door as everybody. */
export function createSchedules(options: SchedulesOptions) {
  const { services, act, audit, timezone, clock, log } = options;
  const times = new WeakMap<Entry, ClockTime>();
  let looked = clock();

  function timeOf(entry: Entry): ClockTime {
    const known = times.get(entry);
    if (known) return known;
    const time = readPattern(entry.cron, timezone);
    times.set(entry, time);
    return time;
  }

  function tick(): void {
    const now = clock();
    // Set back by a little (time is kept by NTP): what was done is not done again. By much: it was wrong before.
    if (now < looked && looked - now < SET_BACK_MS) return;
    if (now - looked > MAKE_UP_MS) log.warn({ seconds: (now - looked) / SECOND }, 'schedules were not looked at');
    const from = Math.max(looked, now - MAKE_UP_MS);
    looked = now;
    const planned: Managed[] = [];
    services.forEach((service) => {
      if (service.config.schedule.length > 0) planned.push(service);
    });
    for (let at = Math.floor(from / SECOND) * SECOND + SECOND; at <= now; at += SECOND)
      for (const service of planned)
        for (const entry of service.config.schedule)
          if (entry.cron !== '' && isDue(timeOf(entry), at)) carryOut(service, entry);
  }

  function carryOut(service: Managed, entry: Entry): void {
    const { name } = service.config;
    const by: Actor = { kind: 'manager', id: 'schedule', name: entry.cron };
    const why = skips(service, entry);
    if (why !== null) {
      audit.add(clock(), by, entry.action, name, why);
      log.info({ service: name, cron: entry.cron, action: entry.action, reason: why }, 'scheduled action skipped');
      return;
    }
    // Whether what it needs matters is for `skip_if` to say.
    act(name, entry.action, by, 'ignore').then(
      (result) => {
        // What is down has been told as that; who is at it already knows.
        if (result.ok || service.record.state !== 'running' || result.reason.code.startsWith('busy-')) return;
        options.tell(
          reason('scheduled-failed', { title: service.config.title, action: entry.action, cron: entry.cron }),
        );
      },
      (err: unknown) => log.error({ err, service: name }, 'scheduled action failed'),
    );
  }

  /** Why it is not done this time, or null. */
  function skips(service: Managed, { action, skip_if }: Entry): Reason | null {
    if (inMaintenance(options.mutes(), service.config.name, clock())) return reason('skipped-maintenance');
    // A stop is a wish that no clock takes back, except by an entry that says start.
    if (action === 'restart' && service.record.wanted === 'down') return reason('skipped-stopped');
    if (skip_if !== 'unhealthy_dependency') return null;
    const ailing = service.config.depends_on
      .map((name) => services.get(name))
      .find((needed) => needed && !isWell(needed));
    return ailing ? reason('skipped-dependency', { name: ailing.config.title }) : null;
  }

  return { tick };
}

function isWell({ record }: Managed): boolean {
  return record.state === 'running' && record.health.health !== 'unhealthy';
}

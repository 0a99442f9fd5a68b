import { conditionOf } from './condition.ts';
import type { Incident, Level } from './incident.ts';
import { levels } from './incident.ts';
import type { Mute } from './mute.ts';
import type { ServiceView } from './snapshot.ts';
import type { Availability } from './standing.ts';

/** The span that a digest tells of; epoch ms, `to` excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One thing that broke in that time. */
export interface Broke {
  readonly service: string;
  /** What it is about, where that is not the service as a whole. */
  readonly subject: string | null;
  readonly level: Level;
  readonly times: number;
  /** Ms in all; what was wrong in two ways at once counts once. */
  readonly lasted: number;
  readonly open: boolean;
}

export interface Slow {
  readonly service: string;
  /** Ms. */
  readonly usual: number;
  readonly most: number;
}

export interface DiskOutlook {
  readonly service: string;
  readonly path: string;
  readonly usedPercent: number;
  /** Ms until it is full, should it go on like this; null: it does not fill up, or too little is known. */
  readonly fullIn: number | null;
}

export interface ServiceAvailability {
  readonly service: string;
  readonly day: Availability;
  readonly week: Availability;
  readonly month: Availability;
}

/** What an admin wants to know of a day in one message. */
export interface Digest extends Span {
  readonly services: number;
  /** Nothing broke, nothing is muted, nothing fills up, and somebody looked all the time. */
  readonly fine: boolean;
  /** The worst that broke; `info` when all is fine. */
  readonly level: Level;
  /** Worst first. */
  readonly broke: readonly Broke[];
  /** By how often each was started, most first. */
  readonly starts: readonly { readonly service: string; readonly times: number }[];
  /** Slowest first. */
  readonly slow: readonly Slow[];
  /** Least available in the day first. */
  readonly availability: readonly ServiceAvailability[];
  readonly mutes: readonly Mute[];
  /** The first to be full first. */
  readonly disks: readonly DiskOutlook[];
}

/** A digest that waits to be told: it is put into words when it is. */
export interface DigestNotice extends Span {
  readonly level: Level;
}

/** What a digest is made of. */
export interface DigestParts extends Span {
  readonly services: readonly ServiceView[];
  readonly incidents: readonly Incident[];
  readonly starts: Digest['starts'];
  readonly slow: readonly Slow[];
  readonly availability: readonly ServiceAvailability[];
  readonly mutes: readonly Mute[];
  readonly disks: readonly DiskOutlook[];
}

const DAY = 86_400_000;
/** A disk that is full sooner (ms), or as full as this (percent), is worth a word on the best of days. */
const FULL_SOON_MS = 14 * DAY;
const FULL_PERCENT = 90;
/** Nobody looking for longer (ms) is worth a word, too: a restart of the manager is not. */
const UNKNOWN_MS = 5 * 60_000;
const MOST_SLOW = 3;

/** Puts a digest together; pure. */
export function digestOf(parts: DigestParts): Digest {
  const { from, to, services, mutes } = parts;
  const broke = brokeIn(parts.incidents, from, to);
  const disks = parts.disks.toSorted((a, b) => (a.fullIn ?? Number.MAX_VALUE) - (b.fullIn ?? Number.MAX_VALUE));
  const diskTrouble = disks.some(
    ({ fullIn, usedPercent }) => usedPercent >= FULL_PERCENT || (fullIn !== null && fullIn < FULL_SOON_MS),
  );
  const unknown = parts.availability.some(({ day }) => day.unknown > UNKNOWN_MS);
  const ill = services.some((view) => conditionOf(view) === 'unhealthy');
  const fine = broke.length === 0 && mutes.length === 0 && !diskTrouble && !unknown && !ill;
  const worst = Math.max(diskTrouble ? 1 : 0, ...broke.map(({ level }) => levels.indexOf(level)));
  return {
    ...{ from, to, fine, broke, mutes, disks },
    services: services.length,
    level: levels[worst] ?? 'info',
    starts: parts.starts.filter(({ times }) => times > 0).toSorted((a, b) => b.times - a.times),
    slow: parts.slow.toSorted((a, b) => b.usual - a.usual).slice(0, MOST_SLOW),
    availability: parts.availability.toSorted((a, b) => shareOf(a.day) - shareOf(b.day)),
  };
}

const shareOf = ({ share }: Availability) => share ?? 2;

/** What was wrong in the span: by service and subject; information is left out, and so is what only sums up others. */
function brokeIn(incidents: readonly Incident[], from: number, to: number): readonly Broke[] {
  const groups = new Map<string, Incident[]>();
  for (const incident of incidents) {
    const over = incident.resolvedAt !== null && incident.resolvedAt <= from;
    if (incident.level === 'info' || incident.kind === 'flapping' || incident.openedAt >= to || over) continue;
    const key = JSON.stringify([incident.service, incident.subject?.key ?? null]);
    groups.set(key, [...(groups.get(key) ?? []), incident]);
  }
  return [...groups.values()]
    .flatMap((group): readonly Broke[] => {
      const [first] = group;
      if (first === undefined) return [];
      return [
        {
          service: first.service,
          subject: first.subject?.title ?? null,
          level: levels[Math.max(...group.map(({ level }) => levels.indexOf(level)))] ?? 'info',
          // What took the place of something else is the same trouble by another name.
          times: Math.max(1, group.filter(({ resolution }) => resolution !== 'superseded').length),
          lasted: lengthOf(group, from, to),
          open: group.some(({ resolvedAt }) => resolvedAt === null || resolvedAt >= to),
        },
      ];
    })
    .toSorted(
      (a, b) =>
        Number(b.open) - Number(a.open) || levels.indexOf(b.level) - levels.indexOf(a.level) || b.lasted - a.lasted,
    );
}

/** Ms of [from, to) in which at least one of them was open. */
function lengthOf(incidents: readonly Incident[], from: number, to: number): number {
  let sum = 0;
  let reached = from;
  for (const { openedAt, resolvedAt } of incidents.toSorted((a, b) => a.openedAt - b.openedAt)) {
    const start = Math.max(openedAt, reached);
    const end = Math.min(resolvedAt ?? to, to);
    if (end > start) sum += end - start;
    reached = Math.max(reached, end);
  }
  return sum;
}

import {
  type Digest,
  type DiskOutlook,
  digestOf,
  type ServiceAvailability,
  type Slow,
  type Span,
} from '../core/digest.ts';
import { timeUntil } from '../core/forecast.ts';
import { type History, summarize } from '../core/history.ts';
import type { Incident } from '../core/incident.ts';
import type { Mute } from '../core/mute.ts';
import type { ServiceView } from '../core/snapshot.ts';
import { availabilityOf, type Tally } from '../core/standing.ts';

export interface DigestOptions {
  readonly services: () => readonly ServiceView[];
  readonly mutes: () => readonly Mute[];
  /** Open now, or at any time since then. */
  readonly incidentsSince: (from: number) => readonly Incident[];
  readonly tally: (service: string, from: number, to: number) => Tally;
  readonly history: Pick<History, 'series' | 'query' | 'marks'>;
}

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** What stands for a disk's course: by the hour, over so many days. */
const DISK_DAYS = 3;

/** Reads from the stores what happened in a span of time. */
export function createDigest({ services, mutes, incidentsSince, tally, history }: DigestOptions) {
  function availabilityIn(service: string, { from, to }: Span): ServiceAvailability {
    const of = (start: number) => availabilityOf(tally(service, start, to));
    return { service, day: of(from), week: of(to - 7 * DAY), month: of(to - 30 * DAY) };
  }

  /** Its slowest check; a service without one that measures has no speed. */
  function slownessOf(service: string, { from, to }: Span): readonly Slow[] {
    const measured = history
      .series(service)
      .filter(({ metric, unit }) => metric === 'latency' && unit === 'ms')
      .flatMap(({ check, metric }) => {
        const points = history.query({ service, metric, check, from, to, step: 10 * 60_000 })?.points ?? [];
        const all = summarize(points);
        return all === null ? [] : [{ service, usual: all.avg, most: all.max }];
      });
    const slowest = measured.toSorted((a, b) => b.usual - a.usual)[0];
    return slowest === undefined ? [] : [slowest];
  }

  function disksOf(service: string, to: number): readonly DiskOutlook[] {
    return history
      .series(service)
      .filter(({ metric }) => metric.startsWith('disk:'))
      .flatMap(({ check, metric }) => {
        const question = { service, metric, check, from: to - DISK_DAYS * DAY, to, step: HOUR };
        const levels = (history.query(question)?.points ?? []).map(({ at, last }) => ({ at, value: last }));
        const now = levels.at(-1);
        // Not measured for a day: unplugged, or named otherwise.
        if (now === undefined || to - now.at > DAY) return [];
        const path = metric.slice('disk:'.length);
        return [{ service, path, usedPercent: now.value, fullIn: timeUntil(100, levels) }];
      });
  }

  return {
    report(span: Span): Digest {
      const views = services();
      const names = views.map(({ name }) => name);
      return digestOf({
        ...span,
        services: views,
        incidents: incidentsSince(span.from),
        // What is only watched was never started by anybody here.
        starts: views
          .filter(({ driver }) => driver !== 'external')
          .map(({ name }) => ({ service: name, times: history.marks(name, span.from, span.to).starts.length })),
        slow: names.flatMap((service) => slownessOf(service, span)),
        availability: names.map((service) => availabilityIn(service, span)),
        mutes: mutes(),
        disks: names.flatMap((service) => disksOf(service, span.to)),
      });
    },
  };
}

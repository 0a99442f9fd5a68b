import type { Logger } from 'pino';
import type { Mute } from '../core/mute.ts';
import type { ServiceRecord } from '../core/service.ts';
import { standingOf, type Tally } from '../core/standing.ts';
import type { Stretch, StretchTable } from '../store/stretches.ts';

export interface StandingsOptions {
  readonly table: StretchTable;
  /** A record is another object as soon as anything in it changes. */
  readonly services: ReadonlyMap<string, { readonly record: ServiceRecord }>;
  readonly mutes: () => readonly Mute[];
  readonly clock: () => number;
  readonly log: Logger;
}

/** What a killed manager forgets at most; it counts as not known then. */
const WRITE_EVERY_MS = 60_000;
/** Who looked away for longer (ms) does not know what was meanwhile. */
const LOOKED_AWAY_MS = 15_000;

/** How a service stands: the same from `record` on for as long as nothing changes that; it goes on to the last look. */
type Stand = Omit<Stretch, 'end'> & { record: ServiceRecord };

/** Keeps how each service stands, looked at each second, for the reckoning of availability. */
export function createStandings({ table, services, mutes, clock, log }: StandingsOptions) {
  const current = new Map<string, Stand>();
  let looked = 0;
  let muted: readonly Mute[] = [];
  let written = clock();
  let failing = false;

  function write(all: readonly Stretch[]): void {
    if (all.length === 0) return;
    try {
      table.save(all);
      failing = false;
    } catch (err) {
      // Supervision does not depend on it.
      if (!failing) log.error({ err }, 'how services stand could not be written');
      failing = true;
    }
  }

  /** All that go on, as far as they were looked at. */
  function goingOn(): readonly Stretch[] {
    return [...current.values()].map((stand) => endAt(stand, looked));
  }

  /** Whether a mute came, went, began or ended since the last look. */
  function mutesMoved(known: readonly Mute[], now: number): boolean {
    const turned = (at: number) => at > looked && at <= now;
    return known !== muted || known.some(({ from, until }) => turned(from) || turned(until));
  }

  return {
    tick(): void {
      const now = clock();
      const away = now - looked > LOOKED_AWAY_MS || now < looked;
      const over: Stretch[] = [];
      if (away) {
        over.push(...goingOn());
        current.clear();
      }
      const known = mutes();
      const moved = mutesMoved(known, now);
      services.forEach(({ record }, name) => {
        const before = current.get(name);
        // Of hundreds of services nearly all are what they were a second ago.
        if (before?.record === record && !moved) return;
        const { state, wanted, reason, health } = record;
        const standing = standingOf({ name, state, wanted, reason, health: health.health }, known, now);
        if (before?.standing === standing) before.record = record;
        else {
          if (before !== undefined) over.push(endAt(before, now));
          current.set(name, { service: name, start: now, standing, record });
        }
      });
      if (current.size > services.size)
        for (const [name, stand] of current) {
          if (services.has(name)) continue;
          over.push(endAt(stand, looked));
          current.delete(name);
        }
      looked = now;
      muted = known;
      const due = now - written >= WRITE_EVERY_MS || now < written;
      if (due) written = now;
      write(due ? [...over, ...goingOn()] : over);
    },
    /** What is known of a service in [from, to), epoch ms. */
    tally(service: string, from: number, to: number): Tally {
      write(goingOn());
      return table.tally(service, from, to);
    },
    /** Before the manager ends. */
    flush: (): void => write(goingOn()),
  };
}

export type Standings = ReturnType<typeof createStandings>;

function endAt({ service, start, standing }: Stand, end: number): Stretch {
  return { service, start, end, standing };
}

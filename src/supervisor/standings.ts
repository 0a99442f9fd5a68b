import type { Logger } from 'pino';
import type { Mute } from '../core/mute.ts';
import { type Standee, standingOf, type Tally } from '../core/standing.ts';
import type { Stretch, StretchTable } from '../store/stretches.ts';

export interface StandingsOptions {
  readonly table: StretchTable;
  readonly services: () => Iterable<Standee>;
  readonly mutes: () => readonly Mute[];
  readonly clock: () => number;
  readonly log: Logger;
}

/** What a killed manager forgets at most; it counts as not known then. */
const WRITE_EVERY_MS = 60_000;
/** Who looked away for longer (ms) does not know what was meanwhile. */
const LOOKED_AWAY_MS = 15_000;

/** Keeps how each service stands, looked at each second, for the reckoning of availability. */
export function createStandings({ table, services, mutes, clock, log }: StandingsOptions) {
  /** Moved on in place: for hundreds of services a new one each second would be most of what a quiet manager allocates. */
  const current = new Map<string, Omit<Stretch, 'end'> & { end: number }>();
  let looked = 0;
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

  return {
    tick(): void {
      const now = clock();
      const away = now - looked > LOOKED_AWAY_MS || now < looked;
      const over: Stretch[] = [];
      if (away) {
        over.push(...current.values());
        current.clear();
      }
      const known = mutes();
      for (const service of services()) {
        const { name } = service;
        const standing = standingOf(service, known, now);
        const before = current.get(name);
        if (before?.standing === standing) before.end = now;
        else {
          if (before !== undefined) over.push({ ...before, end: now });
          current.set(name, { service: name, start: now, end: now, standing });
        }
      }
      for (const [name, stretch] of current) {
        if (stretch.end === now) continue;
        over.push(stretch);
        current.delete(name);
      }
      looked = now;
      const due = now - written >= WRITE_EVERY_MS || now < written;
      if (due) written = now;
      write(due ? [...over, ...current.values()] : over);
    },
    /** What is known of a service in [from, to), epoch ms. */
    tally(service: string, from: number, to: number): Tally {
      write([...current.values()]);
      return table.tally(service, from, to);
    },
    /** Before the manager ends. */
    flush: (): void => write([...current.values()]),
  };
}

export type Standings = ReturnType<typeof createStandings>;

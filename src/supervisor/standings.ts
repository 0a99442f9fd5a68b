import type { Logger } from 'pino';
import type { Mute } from '../core/mute.ts';
import type { ServiceView } from '../core/snapshot.ts';
import { standingOf, type Tally } from '../core/standing.ts';
import type { Stretch, StretchTable } from '../store/stretches.ts';

export interface StandingsOptions {
  readonly table: StretchTable;
  readonly services: () => readonly ServiceView[];
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
  let current = new Map<string, Stretch>();
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
      const next = new Map<string, Stretch>();
      for (const view of services()) {
        const standing = standingOf(view, mutes(), now);
        const before = away ? undefined : current.get(view.name);
        if (before?.standing === standing) next.set(view.name, { ...before, end: now });
        else {
          if (before !== undefined) over.push({ ...before, end: now });
          next.set(view.name, { service: view.name, start: now, end: now, standing });
        }
      }
      if (away) over.push(...current.values());
      current = next;
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

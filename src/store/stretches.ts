import * as z from 'zod';
import { type Standing, standings, type Tally } from '../core/standing.ts';
import type { SqlStore } from './database.ts';

/** How a service stood from one moment to another (epoch ms). */
export interface Stretch {
  readonly service: string;
  readonly start: number;
  readonly end: number;
  readonly standing: Standing;
}

const sums = z.array(z.object({ standing: z.enum(standings), ms: z.number() }));
const firstRow = z.object({ first: z.number().nullable() });

/** How each service stood and when; where nothing stands, no manager was there. */
export function createStretchTable(store: SqlStore) {
  const { connection } = store;
  const write = connection.prepare(
    `INSERT INTO stretches (service, start, "end", standing) VALUES (?, ?, ?, ?)
     ON CONFLICT (service, start) DO UPDATE SET "end" = excluded."end", standing = excluded.standing`,
  );
  const sum = connection.prepare(
    `SELECT standing, sum(min("end", ?3) - max(start, ?2)) AS ms FROM stretches
     WHERE service = ?1 AND start < ?3 AND "end" > ?2 GROUP BY standing`,
  );
  const first = connection.prepare('SELECT min(start) AS first FROM stretches WHERE service = ?');
  const erase = connection.prepare('DELETE FROM stretches WHERE "end" < ?');
  return {
    save(all: readonly Stretch[]): void {
      store.transaction(() => {
        for (const { service, start, end, standing } of all) write.run(service, start, end, standing);
      });
    },
    /** What is known of [from, to); the time before the service was first seen does not count. */
    tally(service: string, from: number, to: number): Tally {
      const begun = firstRow.parse(first.get(service)).first ?? to;
      const tally = { up: 0, down: 0, unknown: 0, off: 0, maintenance: 0 };
      for (const { standing, ms } of sums.parse(sum.all(service, from, to))) tally[standing] = ms;
      const watched = Object.values(tally).reduce((all, ms) => all + ms, 0);
      return { ...tally, unwatched: Math.max(0, to - Math.max(from, begun) - watched) };
    },
    prune: (before: number): void => void erase.run(before),
  };
}

export type StretchTable = ReturnType<typeof createStretchTable>;

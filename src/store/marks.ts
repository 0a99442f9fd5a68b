import * as z from 'zod';
import type { Marks } from '../core/history.ts';
import { levels } from '../core/incident.ts';
import type { SqlStore } from './database.ts';

const startRows = z.array(z.object({ at: z.number() }));
const incidentRows = z.array(z.object({ opened: z.number(), resolved: z.number().nullable(), level: z.enum(levels) }));

/** More of either in one picture is a wall. */
const MOST = 200;

/** What happened to services: their starts, and (from their own table) their incidents. */
export function createMarkTable(store: SqlStore) {
  const { connection } = store;
  const insert = connection.prepare('INSERT OR IGNORE INTO starts (service, at) VALUES (?, ?)');
  const starts = connection.prepare(
    `SELECT at FROM starts WHERE service = ? AND at >= ? AND at < ? ORDER BY at DESC LIMIT ${MOST}`,
  );
  const incidents = connection.prepare(
    `SELECT opened_at AS opened, resolved_at AS resolved, incident ->> 'level' AS level FROM incidents
     WHERE service = ? AND opened_at < ? AND (resolved_at IS NULL OR resolved_at > ?) ORDER BY opened_at DESC LIMIT ${MOST}`,
  );
  const erase = connection.prepare('DELETE FROM starts WHERE at < ?');
  return {
    add: (service: string, at: number): void => void insert.run(service, at),
    /** In [from, to), oldest first; of very many the newest. */
    of(service: string, from: number, to: number): Marks {
      const rows = incidentRows.parse(incidents.all(service, to, from)).toReversed();
      return {
        starts: startRows
          .parse(starts.all(service, from, to))
          .map(({ at }) => at)
          .toReversed(),
        incidents: rows.map(({ opened, resolved, level }) => ({ from: opened, to: resolved, level })),
      };
    },
    prune: (before: number): void => void erase.run(before),
  };
}

import * as z from 'zod';
import type { Incident } from '../core/incident.ts';
import { fromJson, incidentSchema } from '../wire.ts';
import type { SqlStore } from './database.ts';

const row = z.object({ incident: z.string() });

/** Incidents, open and past. */
export function createIncidentTable(store: SqlStore) {
  const { connection } = store;
  const write = connection.prepare(
    `INSERT INTO incidents (id, key, service, opened_at, resolved_at, incident) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET resolved_at = excluded.resolved_at, incident = excluded.incident`,
  );
  const one = connection.prepare('SELECT incident FROM incidents WHERE id = ?');
  const openOnes = connection.prepare('SELECT incident FROM incidents WHERE resolved_at IS NULL ORDER BY id');
  const pastOnes = connection.prepare(
    'SELECT incident FROM incidents WHERE resolved_at < ? ORDER BY resolved_at DESC, id DESC LIMIT ? OFFSET ?',
  );
  const recentOnes = connection.prepare(
    'SELECT incident FROM incidents WHERE resolved_at IS NULL OR resolved_at >= ? ORDER BY id',
  );
  // What still waits to be told stays, and the newest stays so that no number is given twice.
  const old = `SELECT id FROM incidents WHERE resolved_at < ? AND id < (SELECT max(id) FROM incidents)
     AND id NOT IN (SELECT incident FROM outbox WHERE incident IS NOT NULL)`;
  const pruneCopies = connection.prepare(`DELETE FROM copies WHERE incident IN (${old})`);
  const pruneOld = connection.prepare(`DELETE FROM incidents WHERE id IN (${old})`);
  const highest = connection.prepare('SELECT coalesce(max(id), 0) AS id FROM incidents');
  return {
    save(incident: Incident): void {
      const { id, key, service, openedAt, resolvedAt } = incident;
      write.run(id, key, service, openedAt, resolvedAt, JSON.stringify(incident));
    },
    get(id: number): Incident | null {
      const found = one.get(id);
      return found === undefined ? null : fromJson(incidentSchema, row.parse(found).incident);
    },
    open(): readonly Incident[] {
      return openOnes.all().map((found) => fromJson(incidentSchema, row.parse(found).incident));
    },
    /** Open now, or at any time since `from` (epoch ms), oldest first. */
    since(from: number): readonly Incident[] {
      return recentOnes.all(from).map((found) => fromJson(incidentSchema, row.parse(found).incident));
    },
    /** Resolved before `before` (epoch ms), newest first, without the first `skip`. */
    past(before: number, limit: number, skip = 0): readonly Incident[] {
      return pastOnes.all(before, limit, skip).map((found) => fromJson(incidentSchema, row.parse(found).incident));
    },
    /** Forgets what was resolved before that time, and which messages showed it. */
    prune(before: number): void {
      store.transaction(() => {
        pruneCopies.run(before);
        pruneOld.run(before);
      });
    },
    lastId(): number {
      return z.object({ id: z.number() }).parse(highest.get()).id;
    },
  };
}

export type IncidentTable = ReturnType<typeof createIncidentTable>;

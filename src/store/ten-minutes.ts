import * as z from 'zod';
import type { Bucket } from '../core/history.ts';
import type { SqlStore } from './database.ts';
import { prepareMany } from './many-rows.ts';
import { createFirstSample, type RollupTable } from './rollups.ts';

/** Slot, min, avg, max, last, count. */
type Row = readonly [number, number, number, number, number, number];
const edge = z.object({ slot: z.number().nullable() });

/** There is a new row for each series every ten minutes; after so many turns, one a minute, each has let go of one. */
const TURNS = 10;
const EARLY_SLOTS = 60;
const EVERY_SERIES = [1, 0] as const;

/**
 * The tier that is kept for months. Its key begins with the series: what is measured in ten minutes goes to as many
 * places as there are series, but a month of one of them is read from one place.
 */
export function createTenMinuteTable(store: SqlStore, step: number, finer: RollupTable): RollupTable {
  const { connection } = store;
  const insert = connection.prepare(
    `WITH part AS (SELECT * FROM rollups WHERE step = ${finer.step} AND slot >= ?2 AND slot < ?3),
     newest AS (SELECT series, last, max(slot) FROM part GROUP BY series)
     INSERT OR REPLACE INTO ten_minutes (series, slot, min, avg, max, last, count)
     SELECT series, ?1, min(min), sum(avg * count) / sum(count), max(max), newest.last, sum(count)
     FROM part JOIN newest USING (series) GROUP BY series`,
  );
  const ofSeries = prepareMany<Row>(connection, {
    ...{ columns: 't.slot, t.min, t.avg, t.max, t.last, t.count', width: 6 },
    from: 'ten_minutes t WHERE series = ? AND slot >= ? AND slot < ?',
  });
  // Asked for each series on its own: one look into the index each, instead of one at every row.
  const edgeOf = (which: 'min' | 'max') =>
    connection.prepare(
      `SELECT ${which}(edge) AS slot FROM
       (SELECT (SELECT ${which}(slot) FROM ten_minutes WHERE series = series.id) AS edge FROM series)`,
    );
  const newest = edgeOf('max');
  const oldest = edgeOf('min');
  const erase = connection.prepare(
    'DELETE FROM ten_minutes WHERE slot < ? AND series IN (SELECT id FROM series WHERE id % ? = ?)',
  );
  const firstSample = createFirstSample(store);
  let until: number | null = null;
  let turn = 0;

  function lookUp(now: number): number {
    const known = edge.parse(newest.get()).slot;
    return known === null ? Math.floor(firstSample(now) / step) * step : (known + 1) * step;
  }

  return {
    step,
    until(now) {
      until ??= lookUp(now);
      if (until > now + step) until = Math.floor(now / step) * step;
      return until;
    },
    add(from) {
      insert.run(Math.floor(from / step), Math.floor(from / finer.step), Math.floor((from + step) / finer.step));
      until = from + step;
    },
    of(series, from, to): readonly Bucket[] {
      if (from >= to) return [];
      return ofSeries(series, Math.floor(from / step), Math.ceil(to / step)).map(
        ([slot, min, avg, max, last, count]) => ({
          at: slot * step,
          ...{ min, avg, max, last, count },
        }),
      );
    },
    prune(before, early) {
      if (early) {
        const lowest = edge.parse(oldest.get()).slot;
        if (lowest !== null) erase.run(lowest + EARLY_SLOTS, ...EVERY_SERIES);
        return;
      }
      turn = (turn + 1) % TURNS;
      erase.run(Math.floor(before / step), TURNS, turn);
    },
  };
}

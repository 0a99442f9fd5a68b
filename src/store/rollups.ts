import * as z from 'zod';
import { type Bucket, RAW_STEP } from '../core/history.ts';
import type { SqlStore } from './database.ts';
import { prepareMany, WANTED_SLOTS } from './many-rows.ts';

/** Slot, series, min, avg, max, last, count. */
type Row = readonly [number, number, number, number, number, number, number];
const edge = z.object({ slot: z.number().nullable() });

const LEEWAY_MS = 3600_000;

/** What was rolled up to one step. */
export interface RollupTable {
  /** Ms. */
  readonly step: number;
  /** Epoch ms where rolling up has to go on. A clock that was set back starts it anew from there. */
  until(now: number): number;
  /** Rolls up what the finer tier holds of the slot that begins at `from`: all of it is written, or none. */
  add(from: number): void;
  /** One series in [from, to). */
  of(series: number, from: number, to: number): readonly Bucket[];
  /** Forgets what is older than `before`; `early`: some of what is not, too. */
  prune(before: number, early: boolean): void;
}

/** Where there is anything to roll up; what is about to be written may be older than now. */
export function createFirstSample(store: SqlStore): (now: number) => number {
  const first = store.connection.prepare('SELECT min(slot) AS slot FROM samples');
  return (now) => {
    const { slot } = edge.parse(first.get());
    return slot === null ? now - LEEWAY_MS : slot * RAW_STEP;
  };
}

/**
 * The tier of minutes. The time comes first in its key: what is measured now goes to the end, and all series of ten
 * minutes are read from one place.
 */
export function createMinuteTable(store: SqlStore, step: number): RollupTable {
  const { connection } = store;
  const columns = 'r.slot, r.series, r.min, r.avg, r.max, r.last, r.count';
  // Where they are: tens of thousands of samples as objects, once a minute, would be most of what a manager allocates.
  const insert = connection.prepare(
    `WITH newest AS (
       SELECT series, value AS last, max(slot * ${RAW_STEP} + late) FROM samples
       WHERE slot >= ?2 AND slot < ?3 GROUP BY series
     )
     INSERT OR REPLACE INTO rollups (step, slot, series, min, avg, max, last, count)
     SELECT ${step}, ?1, series, min(value), avg(value), max(value), last, count(*)
     FROM samples JOIN newest USING (series)
     WHERE slot >= ?2 AND slot < ?3 GROUP BY series`,
  );
  const ofSeries = prepareMany<Row>(connection, {
    ...{ with: WANTED_SLOTS, columns, width: 7 },
    from: `wanted CROSS JOIN rollups r ON r.step = ${step} AND r.slot = wanted.slot AND r.series = ?3`,
  });
  const newest = connection.prepare(`SELECT max(slot) AS slot FROM rollups WHERE step = ${step}`);
  const oldest = connection.prepare(`SELECT min(slot) AS slot FROM rollups WHERE step = ${step}`);
  const firstSample = createFirstSample(store);
  const erase = connection.prepare(`DELETE FROM rollups WHERE step = ${step} AND slot < ?`);
  /** Epoch ms up to which all is rolled up; null: not looked up yet. */
  let until: number | null = null;

  function lookUp(now: number): number {
    const known = edge.parse(newest.get()).slot;
    return known === null ? Math.floor(firstSample(now) / step) * step : (known + 1) * step;
  }

  return {
    step,
    /** Where rolling up has to go on. A clock that was set back starts it anew from there. */
    until(now: number): number {
      until ??= lookUp(now);
      if (until > now + step) until = Math.floor(now / step) * step;
      return until;
    },
    /** Rolls up what the finer tier holds of the slot that begins at `from`: all of it is written, or none. */
    add(from: number): void {
      insert.run(Math.floor(from / step), Math.floor(from / RAW_STEP), Math.floor((from + step) / RAW_STEP));
      until = from + step;
    },
    /** One series in [from, to). */
    of(series: number, from: number, to: number): readonly Bucket[] {
      if (from >= to) return [];
      const found = ofSeries(Math.floor(from / step), Math.ceil(to / step), series);
      return found.map(([slot, , min, avg, max, last, count]) => ({ at: slot * step, min, avg, max, last, count }));
    },
    /** Forgets what is older than `before`; `early`: some of what is not, too. */
    prune(before: number, early: boolean): void {
      const lowest = edge.parse(oldest.get()).slot;
      if (lowest === null) return;
      erase.run(Math.min(lowest + 60, early ? Number.MAX_SAFE_INTEGER : Math.floor(before / step)));
    },
  };
}

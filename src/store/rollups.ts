import { z } from 'zod';
import { type Bucket, RAW_STEP, rollUp } from '../core/history.ts';
import type { SqlStore } from './database.ts';
import { prepareMany, WANTED_SLOTS } from './many-rows.ts';

/** Slot, series, min, avg, max, last, count. */
type Row = readonly [number, number, number, number, number, number, number];
const edge = z.object({ slot: z.number().nullable() });

const LEEWAY_MS = 3600_000;

export type BucketOf = Bucket & { readonly series: number };

/** What was rolled up to one step. */
export interface RollupTable {
  /** Ms. */
  readonly step: number;
  /** Epoch ms where rolling up has to go on. A clock that was set back starts it anew from there. */
  until(now: number): number;
  /** Rolls up what the finer tier holds of the slot that begins at `from`: all of it is written, or none. */
  add(from: number, parts: readonly BucketOf[]): void;
  /** One series in [from, to). */
  of(series: number, from: number, to: number): readonly Bucket[];
  /** Forgets what is older than `before`; `early`: some of what is not, too. */
  prune(before: number, early: boolean): void;
}

/** What falls into one slot, as one bucket for each series. */
export function* rolledUp(parts: readonly BucketOf[], step: number): Generator<readonly [series: number, Bucket]> {
  const bySeries = new Map<number, BucketOf[]>();
  for (const part of parts) {
    const own = bySeries.get(part.series);
    if (own === undefined) bySeries.set(part.series, [part]);
    else own.push(part);
  }
  for (const [series, own] of bySeries) for (const bucket of rollUp(own, step)) yield [series, bucket];
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
export function createMinuteTable(store: SqlStore, step: number) {
  const { connection } = store;
  const columns = 'r.slot, r.series, r.min, r.avg, r.max, r.last, r.count';
  const insert = connection.prepare(
    `INSERT OR REPLACE INTO rollups (step, slot, series, min, avg, max, last, count)
     VALUES (${step}, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const inSlots = prepareMany<Row>(connection, {
    ...{ columns, width: 7 },
    from: `rollups r WHERE step = ${step} AND slot >= ? AND slot < ?`,
  });
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

  const buckets = (found: readonly Row[]): readonly BucketOf[] =>
    found.map(([slot, series, min, avg, max, last, count]) => ({
      ...{ series, at: slot * step },
      ...{ min, avg, max, last, count },
    }));

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
    add(from: number, parts: readonly BucketOf[]): void {
      if (parts.length > 0)
        store.transaction(() => {
          for (const [series, { min, avg, max, last, count }] of rolledUp(parts, step))
            insert.run(Math.floor(from / step), series, min, avg, max, last, count);
        });
      until = from + step;
    },
    /** All series in [from, to), in order of time. */
    all: (from: number, to: number) => buckets(inSlots(Math.floor(from / step), Math.floor(to / step))),
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

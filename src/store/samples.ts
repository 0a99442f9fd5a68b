import type { Logger } from 'pino';
import * as z from 'zod';
import type { Metric } from '../core/health.ts';
import {
  type Bucket,
  type History,
  type HistoryQuestion,
  RAW_STEP,
  rollUp,
  stepFor,
  stepIn,
  tierFor,
  tiersOf,
} from '../core/history.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { SqlStore } from './database.ts';
import { prepareMany, WANTED_SLOTS } from './many-rows.ts';
import { createMarkTable } from './marks.ts';
import { createMinuteTable } from './rollups.ts';
import { createSeriesTable } from './series.ts';
import { createTenMinuteTable } from './ten-minutes.ts';
import { createWaiting } from './waiting.ts';

export interface SampleOptions {
  readonly store: SqlStore;
  readonly retentionDays: number;
  /** Bytes left on the disk; null: nobody knows. */
  readonly freeBytes: () => number | null;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly log: Logger;
  /** Bytes that the data file may take before the oldest samples go earlier than they should. */
  readonly mostBytes?: number;
}

/** What a manager that is killed loses at most. */
const FLUSH_EVERY_MS = 10_000;
/** A minute is rolled up when its last samples have surely been written. */
const SETTLE_MS = 2 * FLUSH_EVERY_MS;
/** What is left on a full disk belongs to the alerts. */
const RESERVED_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;
/** More wait only when nothing can be written, and then they are dropped anyway. */
const MOST_WAITING = 50_000;
/** Rolled up and deleted in one go at most, so that catching up after a long pause holds nobody up. */
const WINDOWS_AT_ONCE = 60;
const TIDY_EVERY_MS = 60_000;
const LIST_EVERY_MS = 3600_000;

type SampleRow = readonly [slot: number, series: number, late: number, value: number];
const lowest = z.object({ slot: z.number().nullable() });

/**
 * The history: samples wait in memory for ten seconds at most, are written together in one transaction, and are rolled
 * up by what is on disk, never by what is in memory; so a killed manager loses those ten seconds and nothing else.
 */
export function createSamples(options: SampleOptions) {
  const { store, clock, log, freeBytes, mostBytes = MOST_BYTES } = options;
  const { connection } = store;
  const tiers = tiersOf(options.retentionDays);
  const [raw, ...coarser] = tiers;
  const [minute, tenMinutes] = coarser;
  const seriesTable = createSeriesTable(store);
  const marks = createMarkTable(store);
  const minutes = createMinuteTable(store, minute.step);
  const rollups = [minutes, createTenMinuteTable(store, tenMinutes.step, minutes)] as const;
  // All of a slot in one statement, as one JSON object: run for each row it takes two to three times as long, and an
  // array for each row, which would have to be read for each of its columns, up to half as long again.
  const insert = connection.prepare(
    `INSERT OR REPLACE INTO samples (slot, series, late, value)
     SELECT ?1, key / ${RAW_STEP}, key % ${RAW_STEP}, value FROM json_each(?2)`,
  );
  const ofSeries = prepareMany<SampleRow>(connection, {
    ...{ with: WANTED_SLOTS, columns: 's.slot, s.series, s.late, s.value', width: 4 },
    from: 'wanted CROSS JOIN samples s ON s.slot = wanted.slot AND s.series = ?3',
  });
  const oldest = connection.prepare('SELECT min(slot) AS slot FROM samples');
  const erase = connection.prepare('DELETE FROM samples WHERE slot < ?');
  const pages = connection.prepare(
    `SELECT (page_count - freelist_count) * page_size AS bytes
     FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`,
  );

  const waiting = createWaiting();
  let starts: { service: string; at: number }[] = [];
  let flushedAt = clock();
  let tidiedAt = clock();
  let listedAt = clock();
  let dropped = 0;
  let trouble: Reason | null = null;

  function add(service: string, check: string, metrics: readonly Metric[], at: number): void {
    for (const metric of metrics) {
      const { value } = metric;
      if (!Number.isFinite(value)) continue;
      const series = seriesTable.idOf(service, check, metric, at);
      if (series === null) {
        if (seriesTable.saysFull())
          log.warn({ service, check }, 'history: too many different numbers; new ones are not kept');
      } else if (waiting.count() < MOST_WAITING) waiting.add(series, at, value);
    }
  }

  function flush(): void {
    flushedAt = clock();
    const count = waiting.count();
    if (count === 0 && starts.length === 0) return;
    const [samples, begun] = [waiting.take(), starts];
    starts = [];
    const free = freeBytes();
    if (free !== null && free < RESERVED_BYTES) {
      drop(count, reason('history-disk-full', { megabytes: Math.floor(free / 1024 / 1024) }));
      return;
    }
    try {
      store.transaction(() => {
        seriesTable.saveNew();
        for (const [slot, values] of samples) insert.run(slot, values);
        for (const { service, at } of begun) marks.add(service, at);
      });
    } catch (error) {
      seriesTable.unsaved();
      drop(count, notWritten(error));
      return;
    }
    if (trouble !== null) log.info({ dropped }, 'history: samples are kept again');
    trouble = null;
    dropped = 0;
  }

  /** Said once, at the first; how many there were is said when it is over. Nothing else depends on samples. */
  function drop(count: number, why: Reason): void {
    if (trouble === null) log.warn({ why }, 'history: samples cannot be kept and are dropped; alerts go on');
    trouble = why;
    dropped += count;
  }

  function samplesAsBuckets(rows: readonly SampleRow[]): readonly Bucket[] {
    return rows.map(([slot, , late, value]) => ({
      at: slot * RAW_STEP + late,
      ...{ min: value, avg: value, max: value, last: value, count: 1 },
    }));
  }

  function rollUpDue(now: number): void {
    for (const [index, table] of rollups.entries()) {
      // The tier below has to be complete first; it is, since it was its turn just now.
      const done = index === 0 ? now - SETTLE_MS : (rollups[index - 1]?.until(now) ?? now);
      const begin = Math.max(table.until(now), now - (tiers[index]?.keep ?? 0));
      const first = Math.floor(begin / table.step);
      const last = Math.min(Math.floor(done / table.step), first + WINDOWS_AT_ONCE);
      for (let slot = first; slot < last; slot += 1) table.add(slot * table.step);
    }
  }

  function tidy(now: number): void {
    tidiedAt = now;
    const all = now - (tiers.at(-1) ?? raw).keep;
    const first = lowest.parse(oldest.get()).slot;
    // Above the bound the oldest goes faster than the newest comes, whatever its age.
    const full = used() > mostBytes;
    store.transaction(() => {
      if (first !== null) {
        const due = full ? Number.MAX_SAFE_INTEGER : Math.floor((now - raw.keep) / RAW_STEP);
        erase.run(Math.min(first + WINDOWS_AT_ONCE, due));
      }
      for (const [index, table] of rollups.entries())
        table.prune(now - (coarser[index]?.keep ?? 0), full && first === null);
      if (now - listedAt < LIST_EVERY_MS && now >= listedAt) return;
      listedAt = now;
      marks.prune(all);
      seriesTable.prune(all);
    });
  }

  function used(): number {
    return z.object({ bytes: z.number() }).parse(pages.get()).bytes;
  }

  /** One series in [from, to), rolled up as far as it is; what is newer comes from the finer tiers. */
  function read(series: number, index: number, from: number, to: number): readonly Bucket[] {
    const table = rollups[index - 1];
    if (table === undefined) {
      const rows = ofSeries(Math.floor(from / RAW_STEP), Math.ceil(to / RAW_STEP), series);
      const news = waiting
        .of(series)
        .map(({ at, value }) => ({ at, min: value, avg: value, max: value, last: value, count: 1 }));
      return [...samplesAsBuckets(rows), ...news].filter(({ at }) => at >= from && at < to).sort((a, b) => a.at - b.at);
    }
    const edge = Math.min(to, Math.max(from, table.until(clock())));
    return [
      ...table.of(series, from, edge),
      ...(edge < to ? rollUp(read(series, index - 1, edge, to), table.step) : []),
    ];
  }

  const history: History = {
    series: (service) => seriesTable.list(service),
    query(question: HistoryQuestion) {
      const found = seriesTable.find(question);
      if (found === null) return null;
      const now = clock();
      const wanted = stepFor(question.to - question.from, question.step);
      const index = tierFor(tiers, question.from, wanted, now);
      const tier = tiers[index] ?? raw;
      const step = stepIn(tier, wanted);
      const from = Math.floor(question.from / step) * step;
      const points = rollUp(read(found.id, index, Math.max(from, now - tier.keep), question.to), step);
      return { series: found.series, step, points };
    },
    marks: (service, from, to) => marks.of(service, from, to),
    bytes: used,
  };

  return {
    history,
    add,
    /** A service was started at `at`. */
    started: (service: string, at: number): void => void starts.push({ service, at }),
    flush,
    /** Why samples are dropped now; null: they are kept. */
    trouble: (): Reason | null => trouble,
    /** To be called each second; writes, rolls up, and lets go of what is too old. */
    tick(): void {
      const now = clock();
      if (now - flushedAt < FLUSH_EVERY_MS && now >= flushedAt) return;
      flush();
      try {
        rollUpDue(now);
        if (now - tidiedAt >= TIDY_EVERY_MS || now < tidiedAt) tidy(now);
      } catch (error) {
        drop(0, notWritten(error));
      }
    },
  };
}

function notWritten(error: unknown): Reason {
  return reason('history-not-written', { text: error instanceof Error ? error.message : String(error) });
}

export type Samples = ReturnType<typeof createSamples>;

import * as z from 'zod';
import { type Metric, metricUnits } from '../core/health.ts';
import type { HistoryQuestion, Series } from '../core/history.ts';
import type { SqlStore } from './database.ts';

/** Bounds the memory and the disk that a check with ever new names can take. */
const MOST_SERIES = 5000;

interface Known {
  readonly id: number;
  readonly series: Series;
  seen: number;
  /** Not on disk yet, or not as it is now. */
  fresh: boolean;
}

const rows = z.array(
  z.object({
    id: z.number(),
    service: z.string(),
    check_id: z.string(),
    metric: z.string(),
    unit: z.enum(metricUnits),
    seen: z.number(),
  }),
);

/** The names of what is measured; held in memory, since every sample asks for one. */
export function createSeriesTable(store: SqlStore) {
  const { connection } = store;
  const write = connection.prepare(
    `INSERT INTO series (id, service, check_id, metric, unit, seen) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, seen = excluded.seen`,
  );
  const erase = connection.prepare('DELETE FROM series WHERE id = ?');
  // The other tiers let go of everybody's oldest together; this one goes from series to series.
  const eraseMonth = connection.prepare('DELETE FROM ten_minutes WHERE series = ?');
  const known = new Map<string, Known>();
  /** The same by service, check and metric, for the way that each sample takes. */
  const quick = new Map<string, Map<string, Map<string, Known>>>();
  let lastId = 0;
  let fullSaid = false;
  let anyFresh = false;
  for (const row of rows.parse(
    connection.prepare('SELECT id, service, check_id, metric, unit, seen FROM series').all(),
  )) {
    const series = { service: row.service, check: row.check_id, metric: row.metric, unit: row.unit };
    know({ id: row.id, series, seen: row.seen, fresh: false });
    lastId = Math.max(lastId, row.id);
  }

  return {
    /** Null: there are too many already. */
    idOf(service: string, check: string, { name: metric, unit }: Pick<Metric, 'name' | 'unit'>, at: number) {
      const found = quick.get(service)?.get(check)?.get(metric);
      if (found !== undefined && found.series.unit === unit) {
        found.seen = at;
        return found.id;
      }
      if (found === undefined && known.size >= MOST_SERIES) return null;
      const id = found?.id ?? ++lastId;
      know({ id, series: { service, check, metric, unit }, seen: at, fresh: true });
      anyFresh = true;
      return id;
    },
    /** True the first time. */
    saysFull(): boolean {
      const first = !fullSaid;
      fullSaid = true;
      return first;
    },
    /** Within the transaction that writes their first samples. */
    saveNew(): void {
      if (!anyFresh) return;
      for (const each of known.values()) if (each.fresh) save(each);
      anyFresh = false;
    },
    /** That transaction was rolled back. */
    unsaved(): void {
      for (const each of known.values()) each.fresh = true;
      anyFresh = true;
    },
    /** Of a check that is not named: the process's own, else the first by name. */
    find({ service, metric, check }: Pick<HistoryQuestion, 'service' | 'metric' | 'check'>) {
      if (check !== undefined) return known.get(keyOf({ service, check, metric })) ?? null;
      const all = [...known.values()].filter(({ series }) => series.service === service && series.metric === metric);
      return all.sort((a, b) => compare(a.series, b.series))[0] ?? null;
    },
    list(service?: string): readonly Series[] {
      const all = [...known.values()].map(({ series }) => series);
      return all.filter((each) => service === undefined || each.service === service).sort(compare);
    },
    /** Forgets what was not measured since `before`, and writes down what was. */
    prune(before: number): void {
      store.transaction(() => {
        for (const [key, each] of known) {
          if (each.seen >= before) save(each);
          else {
            erase.run(each.id);
            eraseMonth.run(each.id);
            known.delete(key);
            quick.get(each.series.service)?.get(each.series.check)?.delete(each.series.metric);
          }
        }
      });
    },
  };

  function know(each: Known): void {
    const { service, check, metric } = each.series;
    known.set(keyOf(each.series), each);
    const checks = quick.get(service) ?? new Map<string, Map<string, Known>>();
    const metrics = checks.get(check) ?? new Map<string, Known>();
    quick.set(service, checks.set(check, metrics.set(metric, each)));
  }

  function save(each: Known): void {
    const { id, series, seen } = each;
    write.run(id, series.service, series.check, series.metric, series.unit, seen);
    each.fresh = false;
  }
}

function keyOf({ service, check, metric }: Pick<Series, 'service' | 'check' | 'metric'>): string {
  return JSON.stringify([service, check, metric]);
}

/** By service; the process first, since it is what everybody asks for; then by name. */
function compare(a: Series, b: Series): number {
  return (
    a.service.localeCompare(b.service) ||
    Number(b.check === 'process') - Number(a.check === 'process') ||
    a.check.localeCompare(b.check) ||
    a.metric.localeCompare(b.metric)
  );
}

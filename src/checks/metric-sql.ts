import * as z from 'zod';
import type { MetricConfigOf } from '../config/schema.ts';
import { reason } from '../core/reason.ts';
import { type MetricSource, noNumber } from './metric.ts';
import { createPostgresConnection } from './postgres-connection.ts';
import { isPostgresUrl } from './postgres-target.ts';
import type { SharedPostgres } from './shared-postgres.ts';

const row = z.object({ value: z.number().nullable() });

/**
 * A number that a PostgreSQL counts. The operator's SELECT stands inside one of ours, where nothing that changes data can
 * stand, and in a session that is read only and ends statements after 3 s.
 */
export function createSqlSource({ url, query }: MetricConfigOf<'sql-count'>, shared: SharedPostgres): MetricSource {
  if (url === null || !isPostgresUrl(url)) {
    const failed = noNumber(reason('metric-no-database'));
    return { read: async () => failed, close: async () => undefined };
  }
  const connection = shared.take(url, createPostgresConnection);
  const inner = query.trim().replace(/;$/, '');
  // Its last line may be a comment. A second row is enough to know that there is more than one.
  const sql = `SELECT value::float8 AS value FROM (${inner}\n) AS metric (value) LIMIT 2`;
  return {
    async read(signal) {
      const got = await connection.use(signal, (session) => session.all({ sql, row }));
      if (!got.ok) return got;
      const [first] = got.value;
      if (first === undefined || got.value.length > 1)
        return noNumber(reason('metric-rows', { rows: got.value.length === 0 ? 'none' : 'several' }));
      return first.value === null
        ? noNumber(reason('metric-no-number', { found: 'NULL' }))
        : { ok: true, value: first.value };
    },
    close: () => shared.give(url),
  };
}

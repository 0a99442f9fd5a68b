import { z } from 'zod';
import type { Connection } from './database.ts';

const answer = z.object({ rows: z.string() });

/** The slots from ?1 to ?2, to be joined one by one: where the key begins with them, that is quicker than to scan. */
export const WANTED_SLOTS =
  'WITH RECURSIVE wanted (slot) AS (SELECT ?1 UNION ALL SELECT slot + 1 FROM wanted WHERE slot + 1 < ?2)';

/**
 * A query for thousands of rows of numbers, each an array of its columns. It comes as one JSON text: the driver takes
 * three times as long to make an object of a row as SQLite takes to find and write it.
 */
export function prepareMany<Row extends readonly number[]>(
  connection: Connection,
  parts: { readonly with?: string; readonly columns: string; readonly from: string },
  row: z.ZodType<Row>,
): (...values: readonly number[]) => readonly Row[] {
  const { columns, from } = parts;
  const query = connection.prepare(
    `${parts.with ?? ''} SELECT json_group_array(json_array(${columns})) AS rows FROM ${from}`,
  );
  const rows = z.array(row);
  return (...values) => rows.parse(JSON.parse(answer.parse(query.get(...values)).rows));
}

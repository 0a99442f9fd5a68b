import * as z from 'zod';
import type { Connection } from './database.ts';

const answer = z.object({ rows: z.string() });

/** The slots from ?1 to ?2, to be joined one by one: where the key begins with them, that is quicker than to scan. */
export const WANTED_SLOTS =
  'WITH RECURSIVE wanted (slot) AS (SELECT ?1 UNION ALL SELECT slot + 1 FROM wanted WHERE slot + 1 < ?2)';

/** As a tuple of zod's it would be an object for each number, and a month of them a pause of the whole process. */
function isRows(found: unknown, width: number): boolean {
  return (
    Array.isArray(found) &&
    found.every((row) => Array.isArray(row) && row.length === width && row.every((each) => typeof each === 'number'))
  );
}

/**
 * A query for thousands of rows of numbers, each an array of its columns (`width` of them, none null). It comes as one JSON text: the driver takes
 * three times as long to make an object of a row as SQLite takes to find and write it.
 */
export function prepareMany<Row extends readonly number[]>(
  connection: Connection,
  parts: { readonly with?: string; readonly columns: string; readonly from: string; readonly width: Row['length'] },
): (...values: readonly number[]) => readonly Row[] {
  const { columns, from, width } = parts;
  const query = connection.prepare(
    `${parts.with ?? ''} SELECT json_group_array(json_array(${columns})) AS rows FROM ${from}`,
  );
  const rows = z.custom<readonly Row[]>((found) => isRows(found, width), 'not rows of numbers');
  return (...values) => rows.parse(JSON.parse(answer.parse(query.get(...values)).rows));
}

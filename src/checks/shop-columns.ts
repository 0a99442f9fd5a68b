import * as z from 'zod';
import { type Reason, reason } from '../core/reason.ts';
import { query } from './postgres-queries.ts';

/**
 * What the shop's tables have, and what this role may read of it. Asked of the catalogue: the information_schema hides
 * what one has no right to, so that "not there" and "not allowed" would look the same.
 */
export const shopColumns = query(
  `SELECT c.relname AS "table", quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
          a.attname AS "column", format_type(a.atttypid, NULL) AS type,
          has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relname IN ('users', 'configs', 'payments') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   ORDER BY pg_table_is_visible(c.oid), n.nspname DESC`,
  { table: z.string(), name: z.string(), column: z.string(), type: z.string(), readable: z.boolean() },
);
type ShopColumn = z.output<typeof shopColumns.row>;

export type ShopTable = 'users' | 'configs' | 'payments';

/** A column ready for SQL, and whether its moments carry a zone (those without are UTC in the shop). */
export interface Column {
  readonly sql: string;
  readonly zoned: boolean;
}

export type Needed =
  | { readonly ok: true; readonly table: string; readonly columns: readonly Column[] }
  | { readonly ok: false; readonly reason: Reason };

/**
 * Finds what a figure needs. Each of `wanted` is one column, or several names that versions of the shop gave it; one
 * with `@` in front has to hold a moment.
 */
export function needColumns(
  found: readonly ShopColumn[],
  user: string,
  table: ShopTable,
  ...wanted: readonly (readonly string[])[]
): Needed {
  // The last one wins: the one that the search path leads to.
  const name = found.findLast((each) => each.table === table)?.name;
  if (name === undefined) return { ok: false, reason: reason('shop-no-table', { table }) };
  const own = found.filter((each) => each.name === name);

  const columns: Column[] = [];
  for (const names of wanted) {
    const plain = names.map((each) => each.replace('@', ''));
    const column = own.find((each) => plain.includes(each.column));
    const shown = plain.join('/');
    if (column === undefined) return { ok: false, reason: reason('shop-no-column', { table, column: shown }) };
    if (!column.readable) {
      return { ok: false, reason: reason('shop-no-right', { table, column: column.column, user }) };
    }
    const isMoment = /^(timestamp|date)/.test(column.type);
    if (names.some((each) => each.startsWith('@')) && !isMoment) {
      return { ok: false, reason: reason('shop-other-type', { table, column: column.column, type: column.type }) };
    }
    columns.push({ sql: `"${column.column.replaceAll('"', '""')}"`, zoned: /with time zone/.test(column.type) });
  }
  return { ok: true, table: name, columns };
}

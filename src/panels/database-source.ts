import * as z from 'zod';
import { panelKinds } from '../core/panel-view.ts';
import { type Reason, reason } from '../core/reason.ts';
import { panelAddress } from './address.ts';
import { type PanelSource, unsaid } from './panel.ts';

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** What a question to the database brings, or why it could not be asked. */
export type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason };

/** Runs one statement and gives its rows; never rejects for what server or network can do. */
export type Query = (sql: string) => Promise<Asked<Rows>>;

const present = z.array(z.object({ present: z.boolean() }));

/** The shop's table of panels; null: there is none. */
export async function readPanelTable(query: Query): Promise<Asked<Rows | null>> {
  const found = await query("SELECT to_regclass('marzban_instances') IS NOT NULL AS present");
  if (!found.ok) return found;
  if (present.parse(found.value)[0]?.present !== true) return { ok: true, value: null };
  // All columns: which there are depends on the shop bot's version.
  return query('SELECT * FROM marzban_instances ORDER BY is_active DESC NULLS LAST, priority NULLS LAST, id');
}

const filled = z.string().trim().min(1).nullish().catch(null);

/** A row of any version of the table: every column may be missing or NULL. */
const row = z.object({
  id: z.union([z.string(), z.number()]).transform(String).nullish().catch(null),
  name: filled,
  base_url: filled,
  username: filled,
  password: z.string().min(1).nullish().catch(null),
  is_active: z.boolean().nullish().catch(null),
  priority: z.number().nullish().catch(null),
  excluded_node_names: z.array(z.string()).nullish().catch(null),
  /** A column of our own wish; the shop bot has none. */
  panel_type: z.enum(panelKinds).nullish().catch(null),
});

/** What the shop bot takes for a row without a priority. */
const DEFAULT_PRIORITY = 100;

/** The panels of the table's rows, mapped by name. A row that cannot be used is shown with its problem. */
export function fromDatabaseRows(rows: Rows): readonly PanelSource[] {
  return rows.map((each, index): PanelSource => {
    const given = row.parse(each);
    const id = given.id ?? `row-${index + 1}`;
    const address = panelAddress(given.base_url ?? '');
    const missing: Reason | null =
      given.username && given.password ? null : reason('panel-no-credentials', { where: 'marzban_instances' });
    return {
      id,
      name: given.name ?? id,
      kind: given.panel_type ?? 'marzban',
      origin: 'database',
      baseUrl: address.ok ? address.baseUrl : '',
      username: given.username ?? '',
      password: given.password ?? '',
      apiKey: null,
      // The column's default; a table made by the ORM has none, and NULL is what the bot does not choose.
      active: given.is_active ?? !('is_active' in each),
      priority: given.priority ?? DEFAULT_PRIORITY,
      excludedNodeNames: given.excluded_node_names ?? [],
      insecureTls: false,
      certificateHosts: [],
      problem: address.ok ? missing : address.reason,
      ...unsaid,
    };
  });
}

import { percentOf } from '../../core/counter.ts';
import type { PostgresDetails, Table, TableSize } from '../../core/postgres-details.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { sayDuration, shorten } from '../say.ts';
import { none, sayBytes, sayPercent } from './stores.ts';

const TABLES = 12;
const INDEXES = 8;
const FEW = 5;
const LONGEST_NAME = 40;

/** The largest tables: their size, rows and dead rows, and what is being vacuumed. */
export function tableLines(language: Language, details: PostgresDetails): readonly string[] {
  const { tables, vacuums, unusedIndexes, at } = details;
  const { sizes, note } = sizesOf(language, details);
  const name = (schema: string, table: string) => (schema === 'public' ? table : `${schema}.${table}`);
  const sizeOf = (table: Table) => sizes.find((each) => each.schema === table.schema && each.name === table.name);
  const bytesOf = (table: Table) => sizeOf(table)?.total_bytes ?? table.about_bytes;
  const largest = [...(tables ?? [])].sort((a, b) => bytesOf(b) - bytesOf(a)).slice(0, TABLES);
  return [
    html(language, largest.length === 0 ? 'chat-db-tables-none' : 'chat-db-tables'),
    ...note,
    ...largest.map((table) => {
      const exact = sizeOf(table);
      return html(language, 'chat-db-table', {
        name: shorten(name(table.schema, table.name), LONGEST_NAME),
        size:
          exact === undefined ? `≈ ${sayBytes(language, table.about_bytes)}` : sayBytes(language, exact.total_bytes),
        indexes: exact === undefined ? none : sayBytes(language, exact.index_bytes),
        live: table.live,
        dead: table.dead,
        share: sayPercent(language, percentOf(table.dead, table.live + table.dead)),
        vacuum: table.last_vacuum === null ? none : sayDuration(language, at - table.last_vacuum * 1000),
      });
    }),
    ...vacuums.slice(0, FEW).map(({ table, phase, scanned, total }) =>
      html(language, 'chat-db-vacuum', {
        table: table ?? '?',
        phase: phase ?? '?',
        share: sayPercent(language, percentOf(scanned ?? 0, total ?? 0)),
      }),
    ),
    ...(unusedIndexes.length === 0
      ? []
      : [
          '',
          html(language, 'chat-db-unused', { count: unusedIndexes.length }),
          ...unusedIndexes
            .slice(0, INDEXES)
            .map((index) => escapeHtml(shorten(`${index.name} (${index.table})`, 2 * LONGEST_NAME))),
        ]),
  ];
}

/** Exact sizes need a moment's lock: behind somebody else's the last ones are shown, with their age. */
function sizesOf(
  language: Language,
  { sizes, lastSizes, at }: PostgresDetails,
): { readonly sizes: readonly TableSize[]; readonly note: readonly string[] } {
  if (sizes.ok) return { sizes: sizes.value, note: [] };
  const why = sayReason(language, sizes.reason);
  if (lastSizes === null) return { sizes: [], note: [html(language, 'chat-db-sizes-about', { why })] };
  const age = sayDuration(language, at - lastSizes.at);
  return { sizes: lastSizes.tables, note: [html(language, 'chat-db-sizes-old', { why, for: age })] };
}

/** The log of changes and everything that hangs on it. */
export function walLines(language: Language, details: PostgresDetails): readonly string[] {
  const { server, standby, replicas, slots, archiver, checkpoints, wraparound, at } = details;
  const bytes = (value: number | null) => (value === null ? '–' : sayBytes(language, value));
  const seconds = (value: number | null) => (value === null ? '–' : sayDuration(language, value * 1000));
  const ago = (moment: number | null) => (moment === null ? none : sayDuration(language, at - moment * 1000));
  return [
    server.standby
      ? html(language, 'chat-db-standby', { status: standby?.status ?? '–', for: seconds(standby?.lag_s ?? null) })
      : html(language, 'chat-db-replicas', { replicas: replicas.length }),
    ...replicas.slice(0, FEW).map(({ name, address, state, sync_state, lag_bytes, lag_s }) =>
      html(language, 'chat-db-replica', {
        name: shorten(name, LONGEST_NAME),
        from: address ?? 'socket',
        state: state ?? '?',
        sync: sync_state ?? '?',
        behind: bytes(lag_bytes),
        for: seconds(lag_s),
      }),
    ),
    html(language, 'chat-db-slots', { slots: slots.length }),
    ...slots.slice(0, FEW).map(({ name, active, wal_status, retained_bytes }) =>
      html(language, 'chat-db-slot', {
        name: shorten(name, LONGEST_NAME),
        active: active ? 'yes' : 'no',
        status: wal_status === '?' ? none : wal_status,
        kept: bytes(retained_bytes),
      }),
    ),
    ...(archiver === null
      ? []
      : [
          html(language, 'chat-db-archiver', {
            archived: archiver.archived,
            failed: archiver.failed,
            last: ago(archiver.last_archived),
            lastFailed: ago(archiver.last_failed),
          }),
        ]),
    checkpoints.ok
      ? html(language, 'chat-db-checkpoints', { ...checkpoints.value })
      : html(language, 'chat-db-missing', { why: sayReason(language, checkpoints.reason) }),
    ...(wraparound === null
      ? []
      : [
          html(language, 'chat-db-wraparound-more', {
            name: wraparound.name,
            share: sayPercent(language, wraparound.percent),
            age: wraparound.xid_age,
            freeze: wraparound.freeze_max,
          }),
        ]),
  ];
}

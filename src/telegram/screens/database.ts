import { InlineKeyboard } from 'grammy';
import type { PostgresDetails } from '../../core/postgres-details.ts';
import { reason } from '../../core/reason.ts';
import type { StoreRef } from '../../core/stores.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../../i18n.ts';
import { databaseParts, encode } from '../callback-data.ts';
import { handleOf } from '../panel-handle.ts';
import { sayDuration, sayMetric, sayTime } from '../say.ts';
import { codeOf } from './chart.ts';
import { queryLines, sessionLines, stateLine, statementLines } from './database-sessions.ts';
import { tableLines, walLines } from './database-storage.ts';
import { asOf } from './list.ts';
import { type StoreScreen, sayBytes, sayMs, sayPercent, storeHead } from './stores.ts';

export type DatabasePart = (typeof databaseParts)[number];

export interface DatabaseLook {
  readonly ref: StoreRef;
  readonly details: PostgresDetails;
  readonly part: DatabasePart;
}

/** One PostgreSQL, or one part of what is known of it. */
export function databaseScreen(
  language: Language,
  { ref, details, part }: DatabaseLook,
  timezone: string,
): StoreScreen {
  const body = {
    overview: () => overview(language, details, timezone),
    sessions: () => hiddenLine(language, details) ?? sessionLines(language, details),
    queries: () => hiddenLine(language, details) ?? queryLines(language, details),
    tables: () => tableLines(language, details),
    wal: () => walLines(language, details),
    statements: () => statementLines(language, details),
  }[part]();
  const head = storeHead(language, ref.title, `${details.database} @ ${details.address}`, details.findings);
  const lines = [...(part === 'overview' ? head : head.slice(0, 1)), ...body, '', asOf(language, details.at, timezone)];
  return { text: lines.join('\n'), buttons: buttonsOf(language, ref, part) };
}

function buttonsOf(language: Language, { id, service, check }: StoreRef, part: DatabasePart): InlineKeyboard {
  const store = handleOf(id);
  const buttons = new InlineKeyboard();
  databaseParts
    .filter((each) => each !== part)
    .forEach((each, index) => {
      if (index > 0 && index % 2 === 0) buttons.row();
      buttons.text(t(language, `button-db-${each}`), encode({ kind: 'db', part: each, store }));
    });
  return buttons
    .row()
    .text(t(language, 'button-refresh'), encode({ kind: 'db', part, store }))
    .text(t(language, 'button-chart'), encode({ kind: 'draw', which: codeOf(`${check}/connections`), service }))
    .row()
    .text(t(language, 'button-service'), encode({ kind: 'open', service }))
    .text(t(language, 'button-menu'), encode({ kind: 'home' }));
}

/** Whether what others do is hidden, so that a count of nothing means nothing. */
function isHidden({ seesAll, connections }: PostgresDetails): boolean {
  return !seesAll && connections.hidden > 0;
}

/** In place of what nobody here can know. */
function hiddenLine(language: Language, details: PostgresDetails): readonly string[] | null {
  if (!isHidden(details)) return null;
  const why = reason('postgres-hidden', { count: details.connections.hidden, user: details.user });
  return [`⚪ ${escapeHtml(sayReason(language, why))}`];
}

function overview(language: Language, details: PostgresDetails, timezone: string): readonly string[] {
  const { at, server, latency, connections, deltas, restarts, size, wraparound } = details;
  const say = (key: string, args: Readonly<Record<string, string | number>>) => html(language, key, args);
  const ms = (value: number | null) => (value === null ? '–' : sayMs(language, value));
  return [
    say('chat-db-server', {
      version: server.version.split(' ', 1)[0] ?? '',
      for: sayDuration(language, at - server.started * 1000),
      role: server.standby ? 'standby' : 'primary',
    }),
    say('chat-db-latency', { now: ms(latency.now), median: ms(latency.median) }),
    say('chat-db-size', { size: size === null ? '–' : sayBytes(language, size) }),
    say('chat-db-connections', {
      used: connections.used,
      max: server.max_connections - server.reserved,
      share: sayPercent(language, details.connectionShare),
    }),
    ...activityLines(language, details),
    ...deltaLines(language, deltas),
    say('chat-db-wraparound', {
      share: wraparound === null ? '–' : sayPercent(language, wraparound.percent),
      name: wraparound?.name ?? '',
    }),
    say('chat-db-restarts', {
      restarts: restarts.count,
      last: restarts.lastAt === null ? '' : sayTime(language, restarts.lastAt, at, timezone),
    }),
  ];
}

/** What sessions do; of what is hidden it is said how it can be seen, never that it is nothing. */
function activityLines(language: Language, details: PostgresDetails): readonly string[] {
  const { connections } = details;
  const seconds = (value: number | null) => (value === null ? '–' : sayDuration(language, value * 1000));
  if (isHidden(details)) return [html(language, 'chat-db-unseen', { user: details.user })];
  return [
    stateLine(language, connections),
    html(language, 'chat-db-longest', {
      query: seconds(connections.longest_query),
      transaction: seconds(connections.longest_transaction),
      open: seconds(connections.longest_idle),
      slow: connections.slow,
    }),
  ];
}

function deltaLines(language: Language, deltas: PostgresDetails['deltas']): readonly string[] {
  if (deltas === null) return [html(language, 'chat-db-deltas-none')];
  const rate = (value: number) => sayMetric(language, { name: '', value, unit: 'per_s' });
  return [
    html(language, 'chat-db-cache', {
      share: deltas.cacheHit === null ? '–' : sayPercent(language, deltas.cacheHit),
      blocks: deltas.blocksRead,
      for: sayDuration(language, deltas.ms),
    }),
    html(language, 'chat-db-work', {
      transactions: rate(deltas.transactions),
      rollbacks: rate(deltas.rollbacks),
      read: rate(deltas.rowsRead),
      written: rate(deltas.rowsWritten),
    }),
    html(language, 'chat-db-deltas', {
      deadlocks: deltas.deadlocks,
      conflicts: deltas.conflicts,
      files: deltas.tempFiles,
      size: sayBytes(language, deltas.tempBytes),
    }),
  ];
}

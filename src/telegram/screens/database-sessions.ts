import type { Connections, PostgresDetails, RunningQuery } from '../../core/postgres-details.ts';
import { escapeHtml, html, type Language, sayReason } from '../../i18n.ts';
import { sayDuration, shorten } from '../say.ts';
import { none, sayMs } from './stores.ts';

const APPLICATIONS = 15;
const RUNNING = 8;
const BLOCKED = 5;
const LONGEST_NAME = 40;

/** How many sessions are in which state. */
export function stateLine(language: Language, connections: Connections): string {
  return html(language, 'chat-db-states', {
    active: connections.active,
    idle: connections.idle,
    open: connections.idle_in_transaction + connections.aborted,
    waiting: connections.waiting,
  });
}

/** Who is connected, by state and by program. */
export function sessionLines(language: Language, { connections, applications }: PostgresDetails): readonly string[] {
  return [
    stateLine(language, connections),
    '',
    html(language, applications.length === 0 ? 'chat-db-nobody' : 'chat-db-by-application'),
    ...applications.slice(0, APPLICATIONS).map(({ application, user, address, state, sessions }) =>
      html(language, 'chat-db-application', {
        name: shorten(application, LONGEST_NAME),
        user: user ?? '?',
        from: address ?? 'socket',
        state: state ?? 'hidden',
        sessions,
      }),
    ),
  ];
}

/** Who waits for whom, then what runs, longest transaction first. */
export function queryLines(language: Language, { blocked, running }: PostgresDetails): readonly string[] {
  const seconds = (value: number | null) => (value === null ? '–' : sayDuration(language, value * 1000));
  return [
    html(language, 'chat-db-blocked', { count: blocked.length }),
    ...blocked.slice(0, BLOCKED).flatMap((row) => [
      html(language, 'chat-db-blocked-line', {
        pid: String(row.pid),
        user: row.user ?? '?',
        for: seconds(row.waiting_s),
      }),
      queryLine(row.query),
      html(language, 'chat-db-blocking-line', {
        pid: String(row.by_pid),
        user: row.by_user ?? '?',
        name: shorten(row.by_application ?? '?', LONGEST_NAME),
        state: row.by_state ?? 'hidden',
        for: seconds(row.by_transaction_s),
      }),
      queryLine(row.by_query),
    ]),
    '',
    html(language, 'chat-db-running', { count: running.length }),
    ...running.slice(0, RUNNING).flatMap((row) => [runningLine(language, row, seconds), queryLine(row.query)]),
    ...(blocked.length + running.length === 0 ? [] : ['', html(language, 'chat-db-texts')]),
  ];
}

function runningLine(language: Language, row: RunningQuery, seconds: (value: number | null) => string): string {
  return html(language, 'chat-db-running-line', {
    pid: String(row.pid),
    user: row.user ?? '?',
    name: shorten(row.application, LONGEST_NAME),
    state: row.state ?? 'hidden',
    // Whoever waits for its own client waits for nothing here.
    waits: row.waits_for === null || row.waits_for === 'Client' ? none : row.waits_for,
    query: seconds(row.query_s),
    transaction: seconds(row.transaction_s),
  });
}

function queryLine(query: string): string {
  return `<code>${escapeHtml(query)}</code>`;
}

/** What took most time, where the server counts that. */
export function statementLines(language: Language, { statements, seesAll, user }: PostgresDetails): readonly string[] {
  if (statements === null) return [html(language, 'chat-db-statements-none')];
  if (!statements.ok) return [html(language, 'chat-db-missing', { why: sayReason(language, statements.reason) })];
  return [
    html(language, 'chat-db-statements'),
    ...(seesAll ? [] : [html(language, 'chat-db-statements-hidden', { user })]),
    ...statements.value.flatMap(({ calls, total_ms, mean_ms, max_ms, query }) => [
      html(language, 'chat-db-statement', {
        calls,
        total: sayMs(language, total_ms),
        mean: sayMs(language, mean_ms),
        max: sayMs(language, max_ms),
      }),
      queryLine(query),
    ]),
  ];
}

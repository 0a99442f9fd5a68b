import { z } from 'zod';
import type { SqlStore } from './database.ts';

/** Why a row is there: the change of an incident it tells, or a text of its own. */
const kinds = ['opened', 'worse', 'updated', 'resolved', 'text'] as const;
export type OutboxKind = (typeof kinds)[number];

/** One thing to be told to one chat. */
export interface OutboxRow {
  readonly id: number;
  readonly chat: string;
  readonly topic: number | null;
  readonly kind: OutboxKind;
  readonly incident: number | null;
  /** For `text`: a {@link Reason} as JSON, said in the chat's language. */
  readonly body: string | null;
  readonly silent: boolean;
  readonly createdAt: number;
  readonly attempts: number;
  /** An earlier try may have arrived: its answer was lost, or the manager died over it. */
  readonly uncertain: boolean;
}

const rowSchema = z
  .object({
    id: z.number(),
    chat: z.string(),
    topic: z.number().nullable(),
    kind: z.enum(kinds),
    incident: z.number().nullable(),
    body: z.string().nullable(),
    silent: z.number(),
    created_at: z.number(),
    attempts: z.number(),
    state: z.string(),
  })
  .transform(
    (row): OutboxRow => ({
      id: row.id,
      chat: row.chat,
      topic: row.topic,
      kind: row.kind,
      incident: row.incident,
      body: row.body,
      silent: row.silent !== 0,
      createdAt: row.created_at,
      attempts: row.attempts,
      uncertain: row.state === 'sending',
    }),
  );

export type NewRow = Pick<OutboxRow, 'chat' | 'topic' | 'kind' | 'incident' | 'body' | 'silent' | 'createdAt'>;

const COLUMNS = 'id, chat, topic, kind, incident, body, silent, created_at, attempts, state';

/**
 * The durable queue. `waiting`: not tried, or tried and surely not arrived. `sending`: handed to the transport; found
 * so after a restart, it may have arrived. `sent`, `dead`: done.
 */
export function createOutboxTable(store: SqlStore) {
  const { connection } = store;
  const insert = connection.prepare(
    'INSERT INTO outbox (chat, topic, kind, incident, body, silent, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  // What still waits is told as it is by then: a quiet update adds nothing to it.
  const insertUpdate = connection.prepare(
    `INSERT INTO outbox (chat, topic, kind, incident, body, silent, created_at)
     SELECT ?, ?, ?, ?, ?, ?, ?
     WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE chat = ? AND incident = ? AND state = 'waiting')`,
  );
  const chats = connection.prepare("SELECT DISTINCT chat FROM outbox WHERE state IN ('waiting', 'sending')");
  const first = connection.prepare(
    `SELECT ${COLUMNS} FROM outbox WHERE chat = ? AND state IN ('waiting', 'sending') ORDER BY id LIMIT 1`,
  );
  const sameIncident = connection.prepare(
    `SELECT ${COLUMNS} FROM outbox WHERE chat = ? AND incident = ? AND state IN ('waiting', 'sending') ORDER BY id`,
  );
  const mark = connection.prepare('UPDATE outbox SET state = ?, attempts = attempts + ?, cause = ? WHERE id = ?');
  const rehome = connection.prepare("UPDATE outbox SET chat = ? WHERE chat = ? AND state IN ('waiting', 'sending')");
  const rehomeCopies = connection.prepare('DELETE FROM copies WHERE chat = ?');
  const waiting = connection.prepare(
    "SELECT count(*) AS waiting, min(created_at) AS oldest FROM outbox WHERE state IN ('waiting', 'sending')",
  );
  const prune = connection.prepare("DELETE FROM outbox WHERE state IN ('sent', 'dead') AND created_at < ?");
  const readCopy = connection.prepare('SELECT message FROM copies WHERE incident = ? AND chat = ?');
  const writeCopy = connection.prepare(
    `INSERT INTO copies (incident, chat, message, sent_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (incident, chat) DO UPDATE SET message = excluded.message, sent_at = excluded.sent_at`,
  );
  const eraseCopy = connection.prepare('DELETE FROM copies WHERE incident = ? AND chat = ?');
  const chatsWithCopy = connection.prepare('SELECT chat FROM copies WHERE incident = ?');
  const park = connection.prepare(
    'INSERT INTO parked (chat, cause, since) VALUES (?, ?, ?) ON CONFLICT (chat) DO UPDATE SET cause = excluded.cause',
  );
  const unpark = connection.prepare('DELETE FROM parked WHERE chat = ?');
  const parkedOnes = connection.prepare('SELECT chat FROM parked');

  return {
    add(row: NewRow): void {
      const values = [row.chat, row.topic, row.kind, row.incident, row.body, row.silent ? 1 : 0, row.createdAt];
      if (row.kind === 'updated') insertUpdate.run(...values, row.chat, row.incident);
      else insert.run(...values);
    },
    chatsWaiting(): readonly string[] {
      return z
        .array(z.object({ chat: z.string() }))
        .parse(chats.all())
        .map((row) => row.chat);
    },
    /** The oldest row of a chat and all later ones of the same incident: they are told as one, the last state wins. */
    nextGroup(chat: string): readonly OutboxRow[] {
      const found = first.get(chat);
      if (found === undefined) return [];
      const row = rowSchema.parse(found);
      return row.incident === null ? [row] : z.array(rowSchema).parse(sameIncident.all(chat, row.incident));
    },
    markSending(rows: readonly OutboxRow[]): void {
      for (const row of rows) mark.run('sending', 1, null, row.id);
    },
    /** Tried, and to be tried again. `arrived`: it may have arrived all the same. */
    markWaiting(rows: readonly OutboxRow[], cause: string, arrived: boolean): void {
      for (const row of rows) mark.run(arrived ? 'sending' : 'waiting', 0, cause, row.id);
    },
    markDone(rows: readonly OutboxRow[], state: 'sent' | 'dead', cause: string | null): void {
      for (const row of rows) mark.run(state, 0, cause, row.id);
    },
    /** A group became a supergroup: what waits goes to its new id; the old messages cannot be edited any more. */
    move(from: string, to: string): void {
      rehome.run(to, from);
      rehomeCopies.run(from);
    },
    waiting(): { readonly waiting: number; readonly oldest: number | null } {
      return z.object({ waiting: z.number(), oldest: z.number().nullable() }).parse(waiting.get());
    },
    prune(before: number): void {
      prune.run(before);
    },
    /** The message that shows an incident in a chat. */
    copy(incident: number, chat: string): number | null {
      const found = readCopy.get(incident, chat);
      return found === undefined ? null : z.object({ message: z.number() }).parse(found).message;
    },
    saveCopy(incident: number, chat: string, message: number, at: number): void {
      writeCopy.run(incident, chat, message, at);
    },
    forgetCopy(incident: number, chat: string): void {
      eraseCopy.run(incident, chat);
    },
    chatsShowing(incident: number): readonly string[] {
      return z
        .array(z.object({ chat: z.string() }))
        .parse(chatsWithCopy.all(incident))
        .map((row) => row.chat);
    },
    park(chat: string, cause: string, at: number): void {
      park.run(chat, cause, at);
    },
    unpark(chat: string): void {
      unpark.run(chat);
    },
    parked(): readonly string[] {
      return z
        .array(z.object({ chat: z.string() }))
        .parse(parkedOnes.all())
        .map((row) => row.chat);
    },
  };
}

export type OutboxTable = ReturnType<typeof createOutboxTable>;

import * as z from 'zod';
import type { DigestNotice } from '../core/digest.ts';
import type { NoticeKind } from '../core/gate.ts';
import { digestNoticeSchema, fromJson } from '../wire.ts';
import type { SqlStore } from './database.ts';

/** Why a row is there: what is to be told of an incident, a text of its own, or the digest. */
const kinds = ['opened', 'worse', 'repeat', 'escalated', 'updated', 'resolved', 'text', 'digest'] as const;
export type OutboxKind = NoticeKind | 'text' | 'digest';

/** One thing to be told to one chat. */
export interface OutboxRow {
  readonly id: number;
  readonly chat: string;
  readonly topic: number | null;
  readonly kind: OutboxKind;
  readonly incident: number | null;
  /** For `text`: a Reason as JSON, said in the chat's language. */
  readonly body: string | null;
  /** For `digest`: what it is about. */
  readonly digest: DigestNotice | null;
  readonly silent: boolean;
  readonly createdAt: number;
  /** The gate held it at least once. */
  readonly held: boolean;
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
    held: z.string().nullable(),
    state: z.string(),
  })
  .transform(
    (row): OutboxRow => ({
      id: row.id,
      chat: row.chat,
      topic: row.topic,
      kind: row.kind,
      incident: row.incident,
      body: row.kind === 'digest' ? null : row.body,
      digest: row.kind === 'digest' ? fromJson(digestNoticeSchema, row.body ?? '') : null,
      silent: row.silent !== 0,
      createdAt: row.created_at,
      held: row.held !== null,
      uncertain: row.state === 'sending',
    }),
  );

export type NewRow = Pick<OutboxRow, 'chat' | 'topic' | 'kind' | 'incident' | 'body' | 'silent' | 'createdAt'>;

const COLUMNS = 'id, chat, topic, kind, incident, body, silent, created_at, held, state';
const PENDING = "state IN ('waiting', 'sending')";
/** Telegram's ids are plain numbers; the other channels' have a scheme. */
const TELEGRAM = "instr(chat, ':') = 0";
/** Rows looked at in one go; more than a chat can take in a minute. */
const BATCH = 1000;

const chatColumn = z.array(z.object({ chat: z.string() }));
export interface Waiting {
  readonly waiting: number;
  /** Epoch ms. */
  readonly oldest: number | null;
}

const waitingSchema: z.ZodType<Waiting> = z.object({ waiting: z.number(), oldest: z.number().nullable() });
const idColumn = z.array(z.object({ id: z.number() }));

/**
 * The durable queue. `waiting`: not tried, or tried and surely not arrived. `sending`: handed to the transport; found
 * so after a restart, it may have arrived. `sent`, `dropped` (by the gate), `dead` (refused): done.
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
  const supersede = connection.prepare(
    `UPDATE outbox SET state = 'dropped', cause = 'superseded' WHERE kind = 'digest' AND ${PENDING}`,
  );
  const chats = connection.prepare(`SELECT DISTINCT chat FROM outbox WHERE ${PENDING} AND not_before <= ?`);
  const dueRows = connection.prepare(
    `SELECT ${COLUMNS} FROM outbox WHERE chat = ? AND ${PENDING} AND not_before <= ? ORDER BY id LIMIT ${BATCH}`,
  );
  const mark = connection.prepare('UPDATE outbox SET state = ?, attempts = attempts + ?, cause = ? WHERE id = ?');
  const holdRow = connection.prepare('UPDATE outbox SET not_before = ?, held = ? WHERE id = ?');
  const release = connection.prepare(`UPDATE outbox SET not_before = 0 WHERE held IS NOT NULL AND ${PENDING}`);
  const rehome = connection.prepare(`UPDATE outbox SET chat = ? WHERE chat = ? AND ${PENDING}`);
  const forgetChat = connection.prepare('DELETE FROM copies WHERE chat = ?');
  const counted = `${PENDING} AND held IS NULL AND chat NOT IN (SELECT chat FROM parked)`;
  const waiting = connection.prepare(
    `SELECT count(*) AS waiting, min(created_at) AS oldest FROM outbox WHERE ${counted}`,
  );
  const waitingForTelegram = connection.prepare(
    `SELECT count(*) AS waiting, min(created_at) AS oldest FROM outbox WHERE ${counted} AND ${TELEGRAM}`,
  );
  const sounding = connection.prepare(
    `SELECT DISTINCT chat FROM outbox WHERE ${PENDING} AND created_at < ?
     AND kind IN ('opened', 'worse', 'repeat', 'escalated')`,
  );
  const told = connection.prepare(
    `SELECT 1 AS told FROM copies WHERE incident = ? AND sent_at >= ? AND ${TELEGRAM} LIMIT 1`,
  );
  const total = connection.prepare(`SELECT count(*) AS total FROM outbox WHERE ${PENDING}`);
  const oldest = connection.prepare(
    `UPDATE outbox SET state = 'dropped', cause = 'bound' WHERE id IN (
       SELECT id FROM outbox WHERE ${PENDING} ORDER BY CASE
         WHEN kind = 'updated' THEN 0
         WHEN incident IS NULL THEN 1
         WHEN incident IN (SELECT id FROM incidents WHERE resolved_at IS NOT NULL) THEN 2
         ELSE 3 END, id
       LIMIT ?)`,
  );
  const dead = connection.prepare("SELECT count(*) AS total FROM outbox WHERE state = 'dead'");
  const prune = connection.prepare(`DELETE FROM outbox WHERE NOT ${PENDING} AND created_at < ?`);
  const readCopy = connection.prepare('SELECT message, sent_at FROM copies WHERE incident = ? AND chat = ?');
  const writeCopy = connection.prepare(
    `INSERT INTO copies (incident, chat, message, sent_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (incident, chat) DO UPDATE SET message = excluded.message, sent_at = excluded.sent_at`,
  );
  const eraseCopies = connection.prepare('DELETE FROM copies WHERE chat = ? AND message = ?');
  const sharing = connection.prepare(
    'SELECT incident AS id FROM copies WHERE chat = ? AND message = ? ORDER BY incident',
  );
  const newest = connection.prepare('SELECT message, sent_at FROM copies WHERE chat = ? ORDER BY sent_at DESC LIMIT 1');
  const park = connection.prepare(
    'INSERT INTO parked (chat, cause, since) VALUES (?, ?, ?) ON CONFLICT (chat) DO UPDATE SET cause = excluded.cause',
  );
  const unpark = connection.prepare('DELETE FROM parked WHERE chat = ?');
  const parkedOnes = connection.prepare('SELECT chat FROM parked');
  const copyRow = z.object({ message: z.number(), sent_at: z.number() });
  const count = z.object({ total: z.number() });

  return {
    add(row: NewRow): void {
      const values = [row.chat, row.topic, row.kind, row.incident, row.body, row.silent ? 1 : 0, row.createdAt];
      if (row.kind === 'updated') insertUpdate.run(...values, row.chat, row.incident);
      else insert.run(...values);
    },
    /** A digest that still waits is yesterday's by the time of the next one. */
    dropDigests: (): void => void supersede.run(),
    chatsWaiting(now: number): readonly string[] {
      return chatColumn.parse(chats.all(now)).map((row) => row.chat);
    },
    /** What may be told to a chat now, oldest first. */
    due(chat: string, now: number): readonly OutboxRow[] {
      return z.array(rowSchema).parse(dueRows.all(chat, now));
    },
    markSending(rows: readonly OutboxRow[]): void {
      store.transaction(() => {
        for (const row of rows) mark.run('sending', 1, null, row.id);
      });
    },
    /** Tried, and to be tried again. `arrived`: it may have arrived all the same. */
    markWaiting(rows: readonly OutboxRow[], cause: string, arrived: boolean): void {
      store.transaction(() => {
        for (const row of rows) mark.run(arrived ? 'sending' : 'waiting', 0, cause, row.id);
      });
    },
    markDone(rows: readonly OutboxRow[], state: 'sent' | 'dropped' | 'dead', cause: string | null): void {
      store.transaction(() => {
        for (const row of rows) mark.run(state, 0, cause, row.id);
      });
    },
    hold(rows: readonly OutboxRow[], until: number, why: string): void {
      store.transaction(() => {
        for (const row of rows) holdRow.run(until, why, row.id);
      });
    },
    /** A mute ended early, say: what is held is looked at again. */
    releaseHeld(): void {
      release.run();
    },
    /** A group became a supergroup: what waits goes to its new id; the old messages cannot be edited any more. */
    move(from: string, to: string): void {
      store.transaction(() => {
        rehome.run(to, from);
        forgetChat.run(from);
      });
    },
    /** What waits for its way out; what the gate holds, and what is for a chat that blocked us, does not count. */
    waiting: (): Waiting => waitingSchema.parse(waiting.get()),
    waitingForTelegram: (): Waiting => waitingSchema.parse(waitingForTelegram.get()),
    /** Chats for which something sounding has waited since before that time. */
    chatsSounding(before: number): readonly string[] {
      return chatColumn.parse(sounding.all(before)).map((row) => row.chat);
    },
    /** Whether any chat on Telegram was sent a message about it since then. */
    toldOnTelegram: (incident: number, since: number): boolean => told.get(incident, since) !== undefined,
    /** Keeps at most `bound` rows: quiet updates go first, then texts, then what is over. Returns how many were dropped. */
    enforceBound(bound: number): number {
      const over = count.parse(total.get()).total - bound;
      if (over > 0) oldest.run(over);
      return Math.max(0, over);
    },
    deadLetters(): number {
      return count.parse(dead.get()).total;
    },
    prune(before: number): void {
      prune.run(before);
    },
    /** The message that shows an incident in a chat. */
    copy(incident: number, chat: string): { readonly message: number; readonly sentAt: number } | null {
      const found = readCopy.get(incident, chat);
      if (found === undefined) return null;
      const { message, sent_at } = copyRow.parse(found);
      return { message, sentAt: sent_at };
    },
    /** The newest message that shows any incident in a chat. */
    newestCopy(chat: string): { readonly message: number; readonly sentAt: number } | null {
      const found = newest.get(chat);
      if (found === undefined) return null;
      const { message, sent_at } = copyRow.parse(found);
      return { message, sentAt: sent_at };
    },
    /** The incidents that one message shows. */
    incidentsIn(chat: string, message: number): readonly number[] {
      return idColumn.parse(sharing.all(chat, message)).map((row) => row.id);
    },
    saveCopies(incidents: readonly number[], chat: string, message: number, at: number): void {
      store.transaction(() => {
        for (const incident of incidents) writeCopy.run(incident, chat, message, at);
      });
    },
    forgetMessage(chat: string, message: number): void {
      eraseCopies.run(chat, message);
    },
    park(chat: string, cause: string, at: number): void {
      park.run(chat, cause, at);
    },
    unpark(chat: string): void {
      unpark.run(chat);
    },
    parked(): readonly string[] {
      return chatColumn.parse(parkedOnes.all()).map((row) => row.chat);
    },
  };
}

export type OutboxTable = ReturnType<typeof createOutboxTable>;

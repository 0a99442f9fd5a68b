import type pg from 'pg';
import * as z from 'zod';
import type { Figure } from '../core/figure.ts';
import { type Answer, addressOf } from './connect.ts';
import { beforeDeadline } from './deadline.ts';
import { isBroken, missingFigure, postgresFailure, type Whom } from './postgres-failure.ts';
import { createClient } from './postgres-target.ts';

/** A question in SQL and the shape of a row of its answer. */
export interface Query<Row> {
  readonly sql: string;
  readonly row: z.ZodType<Row>;
}

export interface PostgresSession {
  /** All rows. Rejects with the server's error, or when the connection breaks. */
  all<Row>(query: Query<Row>, ...values: readonly (string | number)[]): Promise<readonly Row[]>;
  /** The one row that there has to be. */
  one<Row>(query: Query<Row>, ...values: readonly (string | number)[]): Promise<Row>;
  /** What `read` finds; a lock, a right or a version that stands against it is a reason, not a failure. */
  figure<T>(read: () => Promise<T>): Promise<Figure<T>>;
}

export interface PostgresConnection extends Whom {
  /**
   * Asks over the one connection, which is opened when it is first needed and kept; one that broke since is opened anew,
   * once. Several may ask at a time: their statements take turns. Never rejects for what server or network can do.
   */
  use<T>(signal: AbortSignal, ask: (session: PostgresSession) => Promise<T>): Promise<Answer<T>>;
  close(): Promise<void>;
}

interface Opened {
  readonly client: pg.Client;
  alive: boolean;
  /** Done when nobody asks. */
  turn: Promise<unknown>;
  letGo(): void;
}

/** Read only, with deadlines for statements and locks. Throws for what is no address. */
export function createPostgresConnection(url: string): PostgresConnection {
  const { client: named } = createClient(url);
  const { host, port } = named;
  const whom: Whom = {
    address: host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : addressOf(host, port),
    user: named.user ?? '',
    database: named.database ?? '',
  };
  let opened: Opened | null = null;
  let opening: Promise<Opened> | null = null;

  async function current(signal: AbortSignal): Promise<Opened> {
    if (opened?.alive) return opened;
    opening ??= open(url, signal).finally(() => {
      opening = null;
    });
    opened = await beforeDeadline(opening, signal);
    return opened;
  }

  return {
    ...whom,
    async use(signal, ask) {
      for (let isSecond = false; ; isSecond = true) {
        const wasOpen = opened?.alive ?? false;
        try {
          return { ok: true, value: await ask(sessionOn(await current(signal), signal)) };
        } catch (error) {
          if (isBroken(error)) opened?.letGo();
          // A connection that was found dead says only that the server was restarted since.
          if (wasOpen && isBroken(error) && !isSecond && !signal.aborted) continue;
          return { ok: false, failure: postgresFailure(error, whom) };
        }
      }
    },
    async close() {
      opened?.letGo();
      opened = null;
    },
  };
}

async function open(url: string, signal: AbortSignal): Promise<Opened> {
  const { client, socket } = createClient(url);
  const opened: Opened = {
    client,
    alive: true,
    turn: Promise.resolve(),
    letGo() {
      opened.alive = false;
      // A server that is there gets a goodbye, else it would note a lost connection; one that is not must not keep us.
      client.end().catch(() => {});
      socket.destroySoon();
      setTimeout(() => socket.destroy(), 1000).unref();
    },
  };
  // Also what happens between two questions, like the server's restart; without a listener it would end the process.
  client.on('error', () => {
    opened.alive = false;
  });
  client.on('end', () => {
    opened.alive = false;
  });
  try {
    await beforeDeadline(client.connect(), signal);
    return opened;
  } catch (error) {
    opened.alive = false;
    socket.destroy();
    throw error;
  }
}

function sessionOn(opened: Opened, signal: AbortSignal): PostgresSession {
  async function all<Row>(query: Query<Row>, ...values: readonly (string | number)[]): Promise<readonly Row[]> {
    const before = opened.turn;
    let done: () => void = () => {};
    opened.turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    try {
      await beforeDeadline(before, signal);
    } catch (error) {
      before.then(done, done);
      throw error;
    }
    try {
      const result = await beforeDeadline(opened.client.query(query.sql, [...values]), signal);
      return z.array(query.row).parse(result.rows);
    } catch (error) {
      // Nobody knows any more what comes back next over this one.
      if (signal.aborted) opened.letGo();
      throw error;
    } finally {
      done();
    }
  }

  return {
    all,
    async one(query, ...values) {
      const [row] = await all(query, ...values);
      if (row === undefined) throw new Error('a query that always has a row gave none');
      return row;
    },
    async figure(read) {
      try {
        return { ok: true, value: await read() };
      } catch (error) {
        const why = missingFigure(error);
        if (why === null) throw error;
        return { ok: false, reason: why };
      }
    },
  };
}

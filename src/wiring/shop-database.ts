import * as z from 'zod';
import type { Logger } from '../logger.ts';
import type { Query } from '../panels/database-source.ts';

/** A question to the shop's database may take so long (ms). */
const QUERY_DEADLINE = 10_000;

const anyRow = z.record(z.string(), z.unknown());

export interface ShopDatabase {
  readonly query: Query;
  close(): Promise<void>;
}

/** The shop's database, read only; nothing of it is loaded or opened before it is asked. Null: none is configured. */
export function openShopDatabase(url: string | null, log: Logger): ShopDatabase | null {
  if (url === null) return null;
  const opening = async () => {
    const [{ createPostgresConnection }, { isPostgresUrl }] = await Promise.all([
      import('../checks/postgres-connection.ts'),
      import('../checks/postgres-target.ts'),
    ]);
    if (isPostgresUrl(url)) return createPostgresConnection(url);
    log.warn('DATABASE_URL is not the address of a PostgreSQL: no panels are looked for there');
    return null;
  };
  let connection: ReturnType<typeof opening> | null = null;
  return {
    async query(sql) {
      connection ??= opening();
      const opened = await connection;
      // As if it had no such table: the panels come from the environment.
      if (opened === null) return { ok: true, value: [{ present: false }] };
      const answer = await opened.use(AbortSignal.timeout(QUERY_DEADLINE), (session) =>
        session.all({ sql, row: anyRow }),
      );
      return answer.ok ? answer : { ok: false, reason: answer.failure.reason };
    },
    close: async () => (await connection)?.close(),
  };
}

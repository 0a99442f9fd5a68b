import type { PostgresConnection } from './postgres-connection.ts';

/** One connection for all numbers from the same address: a database has few to give. */
export interface SharedPostgres {
  /** The connection to an address, made by `open` where there is none yet. */
  take(url: string, open: (url: string) => PostgresConnection): PostgresConnection;
  /** Closed when nobody has it any more. */
  give(url: string): Promise<void>;
}

export function createSharedPostgres(): SharedPostgres {
  const all = new Map<string, { readonly connection: PostgresConnection; users: number }>();
  return {
    take(url, open) {
      const known = all.get(url) ?? { connection: open(url), users: 0 };
      known.users += 1;
      all.set(url, known);
      return known.connection;
    },
    async give(url) {
      const known = all.get(url);
      if (known === undefined) return;
      known.users -= 1;
      if (known.users > 0) return;
      all.delete(url);
      await known.connection.close();
    },
  };
}

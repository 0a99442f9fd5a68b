import * as z from 'zod';
import type { SqlStore } from './database.ts';

const loginRow = z.object({
  token: z.string().nullable(),
  expires: z.number().nullable(),
  rejected: z.string().nullable(),
});

/**
 * The logins of panels: what spares each panel's owner a notice of a new login whenever the manager starts. `account`
 * names the panel and the user; no password is ever in here.
 */
export function createPanelLogins(store: SqlStore) {
  const { connection } = store;
  const one = connection.prepare('SELECT token, expires, rejected FROM panel_logins WHERE account = ?');
  const token = connection.prepare(
    `INSERT INTO panel_logins (account, token, expires) VALUES (?, ?, ?)
     ON CONFLICT (account) DO UPDATE SET token = excluded.token, expires = excluded.expires`,
  );
  const refusal = connection.prepare(
    `INSERT INTO panel_logins (account, rejected) VALUES (?, ?)
     ON CONFLICT (account) DO UPDATE SET rejected = excluded.rejected`,
  );
  const read = (account: string) => {
    const found = one.get(account);
    return found === undefined ? null : loginRow.parse(found);
  };
  return {
    load(account: string): { readonly token: string; readonly expires: number | null } | null {
      const found = read(account);
      return found === null || found.token === null ? null : { token: found.token, expires: found.expires };
    },
    save: (account: string, text: string, expires: number | null): void => void token.run(account, text, expires),
    /** The token is dead. */
    forget: (account: string): void => void token.run(account, null, null),
    /** The mark of the password that the panel refused; null: none. */
    rejected: (account: string): string | null => read(account)?.rejected ?? null,
    reject: (account: string, mark: string | null): void => void refusal.run(account, mark),
  };
}

/** What was known of each panel when the manager last ran: since when it is in which state. */
export function createPanelTable<T>(store: SqlStore, schema: z.ZodType<T>) {
  const { connection } = store;
  const one = connection.prepare('SELECT record FROM panels WHERE id = ?');
  const write = connection.prepare(
    'INSERT INTO panels (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
  );
  const row = z.object({ record: z.string() });
  return {
    /** Null: nothing, or of a version that said it differently; it is seen anew within a minute. */
    load(id: string): T | null {
      const found = one.get(id);
      if (found === undefined) return null;
      return schema.safeParse(JSON.parse(row.parse(found).record)).data ?? null;
    },
    save: (id: string, record: T): void => void write.run(id, JSON.stringify(record)),
  };
}

import * as z from 'zod';
import type { Settings } from '../core/settings.ts';
import type { SqlStore } from './database.ts';

/** Settings, all held in memory: they are few and asked on every update. */
export function createSettings(store: SqlStore): Settings {
  const { connection } = store;
  const rows = z.array(z.object({ key: z.string(), value: z.string() }));
  const values = new Map(
    rows.parse(connection.prepare('SELECT key, value FROM settings').all()).map((row) => [row.key, row.value]),
  );
  const write = connection.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const erase = connection.prepare('DELETE FROM settings WHERE key = ?');
  return {
    get: (key) => values.get(key) ?? null,
    set(key, value) {
      // What a full disk has no room for holds until the next manager.
      if (value === null) values.delete(key);
      else values.set(key, value);
      store.attempt(() => (value === null ? erase.run(key) : write.run(key, value)));
    },
  };
}

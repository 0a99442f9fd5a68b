import * as z from 'zod';
import type { ServiceRecord } from '../core/service.ts';
import { fromJson, serviceRecordSchema } from '../wire.ts';
import type { SqlStore } from './database.ts';

/** What is remembered of each service between two lives of the manager. */
export function createServiceTable(store: SqlStore) {
  const read = store.connection.prepare('SELECT record FROM services WHERE name = ?');
  const write = store.connection.prepare(
    'INSERT INTO services (name, record) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record',
  );
  const remove = store.connection.prepare('DELETE FROM services WHERE name = ?');
  const row = z.object({ record: z.string() });
  return {
    load(name: string): ServiceRecord | null {
      const found = read.get(name);
      return found === undefined ? null : fromJson(serviceRecordSchema, row.parse(found).record);
    },
    save(record: ServiceRecord): void {
      write.run(record.name, JSON.stringify(record));
    },
    /** Nothing is remembered of it any more. */
    forget(name: string): void {
      remove.run(name);
    },
  };
}

export type ServiceTable = ReturnType<typeof createServiceTable>;

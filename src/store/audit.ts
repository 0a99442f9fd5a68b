import { z } from 'zod';
import type { Actor } from '../core/snapshot.ts';
import type { SqlStore } from './database.ts';

export interface AuditEntry {
  readonly at: number;
  /** `telegram:123 Vera`, `cli:root`. */
  readonly actor: string;
  readonly action: string;
  readonly service: string | null;
  /** `ok` or the reason's code. */
  readonly outcome: string;
}

const entry: z.ZodType<AuditEntry> = z.object({
  at: z.number(),
  actor: z.string(),
  action: z.string(),
  service: z.string().nullable(),
  outcome: z.string(),
});

/** Who did what, accepted and refused. */
export function createAudit(store: SqlStore) {
  const { connection } = store;
  const write = connection.prepare('INSERT INTO audit (at, actor, action, service, outcome) VALUES (?, ?, ?, ?, ?)');
  const last = connection.prepare('SELECT at, actor, action, service, outcome FROM audit ORDER BY id DESC LIMIT ?');
  return {
    add(at: number, by: Actor, action: string, service: string | null, outcome: string): void {
      write.run(at, `${by.kind}:${by.id} ${by.name}`.trim(), action, service, outcome);
    },
    last(count: number): readonly AuditEntry[] {
      return z.array(entry).parse(last.all(count));
    },
  };
}

export type Audit = ReturnType<typeof createAudit>;

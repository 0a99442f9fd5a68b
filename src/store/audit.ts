import * as z from 'zod';
import type { AuditEntry } from '../core/audit.ts';
import type { Reason } from '../core/reason.ts';
import type { Actor } from '../core/snapshot.ts';
import { fromJson, reasonSchema } from '../wire.ts';
import type { SqlStore } from './database.ts';

const actor = z
  .string()
  .regex(/^(?:telegram|cli|manager):/)
  .transform((text): Actor => {
    const [, kind, id = '', name = ''] = /^(telegram|cli|manager):(\S*) ?(.*)$/s.exec(text) ?? [];
    return { kind: kind === 'telegram' || kind === 'cli' ? kind : 'manager', id, name };
  });

/** `ok`, or `ok` and what exactly was done. */
const DONE = /^ok(?: \{|$)/;

const row = z
  .object({ at: z.number(), actor, action: z.string(), service: z.string().nullable(), outcome: z.string() })
  .transform(
    ({ at, actor: by, action, service, outcome }): AuditEntry => ({
      ...{ at, by, action, service },
      refused: DONE.test(outcome) ? null : readReason(outcome),
      note: outcome === 'ok' || !DONE.test(outcome) ? null : readReason(outcome.slice('ok '.length)),
    }),
  );

/** The first versions wrote only the code. */
function readReason(outcome: string): Reason {
  return outcome.startsWith('{') ? fromJson(reasonSchema, outcome) : { code: outcome };
}

/** Who did what, accepted and refused. */
export function createAudit(store: SqlStore) {
  const { connection } = store;
  const write = connection.prepare('INSERT INTO audit (at, actor, action, service, outcome) VALUES (?, ?, ?, ?, ?)');
  const last = connection.prepare(
    'SELECT at, actor, action, service, outcome FROM audit ORDER BY id DESC LIMIT ? OFFSET ?',
  );
  return {
    /** `refused`: why it was not done; null: it was. `note`: what exactly was done. */
    add(
      at: number,
      by: Actor,
      action: string,
      service: string | null,
      refused: Reason | null,
      note: Reason | null = null,
    ): void {
      const done = note === null ? 'ok' : `ok ${JSON.stringify(note)}`;
      const outcome = refused === null ? done : JSON.stringify(refused);
      const who = `${by.kind}:${by.id.replace(/\s/g, '_')} ${by.name}`.trim();
      // The log has it, too; what was done must not fail for it.
      store.attempt(() => write.run(at, who, action, service, outcome));
    },
    /** Newest first, without the first `skip`. */
    last(count: number, skip = 0): readonly AuditEntry[] {
      return z.array(row).parse(last.all(count, skip));
    },
  };
}

export type Audit = ReturnType<typeof createAudit>;

import * as z from 'zod';
import type { Mute } from '../core/mute.ts';
import { fromJson, scopeSchema } from '../wire.ts';
import type { SqlStore } from './database.ts';

const row = z
  .object({
    id: z.number(),
    kind: z.enum(['mute', 'maintenance']),
    scope: z.string(),
    starts: z.number(),
    ends: z.number(),
    by: z.string(),
  })
  .transform(
    ({ starts, ends, ...rest }): Mute => ({
      ...rest,
      scope: fromJson(scopeSchema, rest.scope),
      from: starts,
      until: ends,
    }),
  );

const edge = z.object({ at: z.number().nullable() });

/** Mutes and maintenance windows that have not ended; held in memory too, since the gate asks for them all the time. */
export function createMuteTable(store: SqlStore, clock: () => number) {
  const { connection } = store;
  const insert = connection.prepare('INSERT INTO mutes (kind, scope, starts, ends, by) VALUES (?, ?, ?, ?, ?)');
  const erase = connection.prepare('DELETE FROM mutes WHERE id = ?');
  const live = connection.prepare('SELECT id, kind, scope, starts, ends, by FROM mutes WHERE ends > ? ORDER BY ends');
  const over = connection.prepare('SELECT id, kind, scope, starts, ends, by FROM mutes WHERE ends <= ? ORDER BY ends');
  const first = connection.prepare('SELECT min(ends) AS at FROM mutes');
  const read = () => z.array(row).parse(live.all(clock()));
  const readFirstEnd = () => edge.parse(first.get()).at ?? Number.POSITIVE_INFINITY;
  let known = read();
  /** Before it (epoch ms) none is over, whatever is rolled back: that is asked each second, and the disk only then. */
  let firstEnd = readFirstEnd();
  return {
    active(): readonly Mute[] {
      const now = clock();
      if (known.some((mute) => mute.until <= now)) known = read();
      return known;
    },
    /** Those that have ended by themselves and still have to be seen to; then they are to be removed. */
    ended(): readonly Mute[] {
      if (clock() < firstEnd) return [];
      const ended = z.array(row).parse(over.all(clock()));
      if (ended.length === 0) firstEnd = readFirstEnd();
      return ended;
    },
    add(mute: Omit<Mute, 'id'>): Mute {
      const id = Number(
        insert.run(mute.kind, JSON.stringify(mute.scope), mute.from, mute.until, mute.by).lastInsertRowid,
      );
      known = read();
      firstEnd = Math.min(firstEnd, mute.until);
      return { ...mute, id };
    },
    remove(id: number): void {
      erase.run(id);
      known = read();
    },
  };
}

export type MuteTable = ReturnType<typeof createMuteTable>;

import type { Change, Level } from '../core/incident.ts';
import type { Hours } from '../core/local-time.ts';
import type { Reason } from '../core/reason.ts';
import type { OutboxTable } from '../store/outbox.ts';
import type { Destination } from './transport.ts';

/** Somebody who is told of incidents. `next` hears only of what was handed on because nobody took it on. */
export interface Recipient extends Destination {
  readonly level: Level;
  readonly quiet: Hours | null;
  readonly tier: 'first' | 'next';
}

/** Writes what is to be told into the outbox. Called inside a transaction; the gate is asked at delivery. */
export function createAnnouncer(table: OutboxTable, recipients: () => readonly Recipient[], clock: () => number) {
  return {
    change({ change, incident }: Change): void {
      for (const { chat, topic, tier } of recipients()) {
        const quiet = change === 'updated' || change === 'resolved';
        if (tier === 'next' && !quiet && change !== 'escalated') continue;
        const silent = change === 'updated';
        table.add({ chat, topic, incident: incident.id, body: null, createdAt: clock(), kind: change, silent });
      }
    },
    /** A text of its own, said in each chat's language. */
    text(chats: readonly string[], what: Reason, silent: boolean): void {
      const body = JSON.stringify(what);
      for (const chat of chats)
        table.add({ chat, topic: null, kind: 'text', incident: null, body, silent, createdAt: clock() });
    },
  };
}

import { gate } from '../core/gate.ts';
import type { Change } from '../core/incident.ts';
import type { Reason } from '../core/reason.ts';
import type { OutboxTable } from '../store/outbox.ts';
import type { Destination } from './transport.ts';

/** Writes what is to be told into the outbox, each recipient by the gate's verdict. Called inside a transaction. */
export function createAnnouncer(table: OutboxTable, recipients: readonly Destination[], clock: () => number) {
  return {
    change({ change, incident }: Change): void {
      const verdict = gate(change, incident);
      for (const { chat, topic } of recipients) {
        const row = { chat, topic, incident: incident.id, body: null, createdAt: clock() };
        if (verdict.verdict === 'send') table.add({ ...row, kind: change, silent: verdict.silent });
        else table.add({ ...row, kind: 'updated', silent: true });
      }
    },
    /** A text of its own, said in each chat's language. */
    text(chats: readonly string[], what: Reason, silent: boolean): void {
      for (const chat of chats)
        table.add({
          chat,
          topic: null,
          kind: 'text',
          incident: null,
          body: JSON.stringify(what),
          silent,
          createdAt: clock(),
        });
    },
  };
}

import type { DigestNotice } from '../core/digest.ts';
import type { Change, Incident, Level } from '../core/incident.ts';
import type { Hours } from '../core/local-time.ts';
import type { Reason } from '../core/reason.ts';
import type { SqlStore } from '../store/database.ts';
import type { OutboxTable } from '../store/outbox.ts';
import { channelOf } from './channel.ts';
import type { Destination } from './transport.ts';

/** Somebody who is told of incidents. `next` hears only of what was handed on because nobody took it on. */
export interface Recipient extends Destination {
  readonly level: Level;
  readonly quiet: Hours | null;
  /** In which `quiet` is meant: an IANA name; null or not set: the manager's. */
  readonly timezone?: string | null;
  readonly tier: 'first' | 'next';
}

const onTelegram = ({ chat }: Destination) => channelOf(chat) === 'telegram';

/** Writes what is to be told into the outbox. Called inside a transaction; the gate is asked at delivery. */
export function createAnnouncer(
  table: OutboxTable,
  recipients: () => readonly Recipient[],
  clock: () => number,
  attempt: SqlStore['attempt'],
) {
  /**
   * That Telegram is away is told where it is not; everybody else's news depends on their tier. What was handed on to
   * somebody is theirs from then on, with its reminders.
   */
  function hears(recipient: Recipient, { change, incident }: Change): boolean {
    if (incident.kind === 'telegram-away') return !onTelegram(recipient);
    if (recipient.tier === 'first' || change === 'updated' || change === 'resolved') return true;
    return onTelegram(recipient) ? incident.escalatedAt !== null : incident.handedOverAt !== undefined;
  }

  return {
    change(what: Change): void {
      const { change, incident } = what;
      const silent = change === 'updated';
      for (const recipient of recipients()) {
        const { chat, topic } = recipient;
        if (hears(recipient, what))
          table.add({ chat, topic, incident: incident.id, body: null, createdAt: clock(), kind: change, silent });
      }
    },
    /** The channels beside Telegram are told of these as if nobody had reacted. */
    handOver(incidents: readonly Incident[]): void {
      for (const { chat, topic } of recipients().filter((each) => !onTelegram(each)))
        for (const { id } of incidents)
          table.add({ chat, topic, incident: id, body: null, createdAt: clock(), kind: 'escalated', silent: false });
    },
    /** The digest, for everybody on Telegram who hears of everything; one that still waits gives way. */
    digest(what: DigestNotice): void {
      table.dropDigests();
      const body = JSON.stringify(what);
      for (const { chat, topic } of recipients().filter((each) => each.tier === 'first' && onTelegram(each)))
        table.add({
          chat,
          topic,
          kind: 'digest',
          incident: null,
          body,
          silent: what.level === 'info',
          createdAt: clock(),
        });
    },
    /** A text of its own, said in each chat's language. */
    text(chats: readonly string[], what: Reason, silent: boolean): void {
      const body = JSON.stringify(what);
      for (const chat of chats)
        attempt(() => table.add({ chat, topic: null, kind: 'text', incident: null, body, silent, createdAt: clock() }));
    },
  };
}

export type Announcer = ReturnType<typeof createAnnouncer>;

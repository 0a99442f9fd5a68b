import type { Logger } from 'pino';
import type { Incident } from '../core/incident.ts';
import type { IncidentTable } from '../store/incidents.ts';
import type { OutboxRow, OutboxTable } from '../store/outbox.ts';
import type { Delivery, Destination, Message, Transport } from './transport.ts';

/** How late a message is when it says so, and whether an earlier copy of it may have arrived. */
export interface Lateness {
  readonly delayedBy: number | null;
  readonly repeat: boolean;
}

/** Turns what is to be told into a chat's language. */
export interface Renderer {
  /** The incident's one message, as it looks now. */
  incident(chat: string, incident: Incident, late: Lateness): Message;
  /** The short reply that says it is over. */
  recovery(chat: string, incident: Incident, late: Lateness): Message;
  /** A text of its own; `body` is the row's. */
  text(chat: string, body: string, late: Lateness): Message;
}

export interface OutboxOptions {
  readonly table: OutboxTable;
  readonly incidents: IncidentTable;
  readonly transport: Transport;
  readonly render: Renderer;
  readonly clock: () => number;
  readonly log: Logger;
}

/** Later than this and the message says how late it is. */
export const LATE_AFTER_MS = 10_000;
/** Backoff after a failed try: doubles from the first to the last; kept short so that a return is noticed quickly. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;

/**
 * The only way to a chat: claims what waits, delivers it, marks it. One delivery at a time per chat, in order; each
 * chat has its own fate. What was enqueued survives the manager; what was handed over and not answered is repeated at
 * most once and marked.
 */
export function createOutbox(options: OutboxOptions) {
  const { table, incidents, transport, render, clock, log } = options;
  const busy = new Map<string, Promise<void>>();
  const notBefore = new Map<string, number>();
  const failures = new Map<string, number>();
  const parked = new Set(table.parked());
  let allNotBefore = 0;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let lastDelivered: number | null = null;
  let lastTurn = clock();

  /** Looks for work now; cheap when there is none. Called after every enqueue, at every return of Telegram, and each second. */
  function kick(): void {
    if (stopped) return;
    lastTurn = clock();
    for (const chat of table.chatsWaiting()) {
      if (busy.has(chat) || parked.has(chat)) continue;
      const wait = Math.max(allNotBefore, notBefore.get(chat) ?? 0) - clock();
      if (wait > 0) wakeIn(wait);
      else {
        const work = drain(chat)
          .catch((error: unknown) => log.error({ err: error, chat }, 'the outbox failed on a chat'))
          .finally(() => {
            busy.delete(chat);
          });
        busy.set(chat, work);
      }
    }
  }

  function wakeIn(ms: number): void {
    if (timer !== null) return;
    timer = setTimeout(
      () => {
        timer = null;
        kick();
      },
      Math.min(ms, LAST_RETRY_MS),
    );
    timer.unref();
  }

  async function drain(chat: string): Promise<void> {
    for (;;) {
      if (stopped || parked.has(chat)) return;
      if (Math.max(allNotBefore, notBefore.get(chat) ?? 0) > clock()) return;
      const rows = table.nextGroup(chat);
      const head = rows[0];
      if (head === undefined) return;
      table.markSending(rows);
      const delivery = await deliver(chat, head, rows);
      if (!settle(chat, rows, delivery)) return;
    }
  }

  /** Tells one group of rows: an edit, a message, or a message and a reply, by what the chat has already seen. */
  async function deliver(chat: string, head: OutboxRow, rows: readonly OutboxRow[]): Promise<Delivery> {
    const to: Destination = { chat, topic: head.topic };
    const age = clock() - head.createdAt;
    const late: Lateness = {
      delayedBy: age >= LATE_AFTER_MS ? age : null,
      repeat: rows.some((row) => row.uncertain),
    };
    if (head.incident === null) return transport.send(to, render.text(chat, head.body ?? '', late));
    const incident = incidents.get(head.incident);
    if (incident === null) return { outcome: 'refused', cause: { code: 'incident-gone' } };
    return tellIncident(to, incident, rows, late);
  }

  async function tellIncident(
    to: Destination,
    incident: Incident,
    rows: readonly OutboxRow[],
    late: Lateness,
  ): Promise<Delivery> {
    const told = (kind: OutboxRow['kind']) => rows.some((row) => row.kind === kind);
    const silent = rows.every((row) => row.silent);
    const shown = table.copy(incident.id, to.chat);
    // Repeating an edit changes nothing: only what is sent anew can stand there twice.
    const anew = shown === null || told('worse');
    const message = { ...render.incident(to.chat, incident, { ...late, repeat: anew && late.repeat }), silent };
    if (shown === null) {
      // Nothing but a quiet update of what this chat never saw: nothing to say.
      if (!told('opened') && !told('worse') && !told('resolved')) return { outcome: 'sent', messageId: 0 };
      return remember(to, incident, await transport.send(to, message));
    }
    if (told('worse')) {
      const sent = await remember(to, incident, await transport.send(to, { ...message, replyTo: shown }));
      // The older message keeps its text; its buttons would act on what stands below it now.
      if (sent.outcome === 'sent') await transport.edit(to, shown, { ...message, buttons: [] });
      return sent;
    }
    const edited = await transport.edit(to, shown, message);
    if (edited.outcome === 'message-gone') {
      table.forgetCopy(incident.id, to.chat);
      return remember(to, incident, await transport.send(to, message));
    }
    if (edited.outcome !== 'sent' || !told('resolved')) return edited;
    const reply = render.recovery(to.chat, incident, late);
    return transport.send(to, { ...reply, silent, replyTo: shown });
  }

  async function remember(to: Destination, incident: Incident, delivery: Delivery): Promise<Delivery> {
    if (delivery.outcome === 'sent') table.saveCopy(incident.id, to.chat, delivery.messageId, clock());
    return delivery;
  }

  /** Writes down what became of a group. Returns whether to go on with this chat now. */
  function settle(chat: string, rows: readonly OutboxRow[], delivery: Delivery): boolean {
    switch (delivery.outcome) {
      case 'sent':
        table.markDone(rows, 'sent', null);
        failures.delete(chat);
        lastDelivered = clock();
        return true;
      case 'retry': {
        const tries = (failures.get(chat) ?? 0) + 1;
        failures.set(chat, tries);
        const own = clock() + Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
        const at = Math.max(delivery.at, own);
        if (delivery.scope === 'all') allNotBefore = Math.max(allNotBefore, at);
        else notBefore.set(chat, at);
        table.markWaiting(rows, delivery.cause.code, delivery.uncertain || rows.some((row) => row.uncertain));
        if (tries === 1) log.warn({ chat, cause: delivery.cause, retryAt: at }, 'a delivery has to wait');
        wakeIn(at - clock());
        return false;
      }
      case 'message-gone':
      case 'refused': {
        const cause = delivery.outcome === 'refused' ? delivery.cause.code : 'message-gone';
        table.markDone(rows, 'dead', cause);
        log.error({ chat, cause, rows: rows.map((row) => row.id) }, 'a message was refused for good');
        return true;
      }
      case 'recipient-gone':
        table.markWaiting(rows, delivery.cause.code, false);
        table.park(chat, delivery.cause.code, clock());
        parked.add(chat);
        log.warn(
          { chat, cause: delivery.cause },
          'this chat cannot be reached; its messages wait until it writes to us',
        );
        return false;
      case 'moved':
        table.markWaiting(rows, 'moved', false);
        table.move(chat, delivery.chat);
        log.warn({ chat, to: delivery.chat }, 'the group has a new id; followed it');
        setImmediate(kick);
        return false;
    }
  }

  const beat = setInterval(kick, 1000);
  beat.unref();

  return {
    kick,
    /** Telegram is back: what waited for it goes out at once. */
    reachable(): void {
      allNotBefore = 0;
      kick();
    },
    /** The chat wrote to us: it can be reached again. */
    unpark(chat: string): void {
      if (!parked.delete(chat)) return;
      table.unpark(chat);
      kick();
    },
    view(): { waiting: number; oldestWaiting: number | null; lastDelivered: number | null } {
      const { waiting, oldest } = table.waiting();
      return { waiting, oldestWaiting: oldest, lastDelivered };
    },
    lastTurn: (): number => lastTurn,
    /** Stops claiming; waits up to `grace` ms for what is on its way. The rest stays for the next manager. */
    async stop(grace: number): Promise<void> {
      stopped = true;
      clearInterval(beat);
      if (timer !== null) clearTimeout(timer);
      let limit: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, grace);
      });
      await Promise.race([Promise.all(busy.values()), patience]);
      clearTimeout(limit);
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;

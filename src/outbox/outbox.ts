import type { Logger } from 'pino';
import type { OutboxRow, OutboxTable } from '../store/outbox.ts';
import { type Channel, canEdit, channelOf } from './channel.ts';
import { createPace } from './pace.ts';
import { createTeller, type TellerOptions } from './teller.ts';
import type { Delivery } from './transport.ts';

export interface OutboxOptions extends Omit<TellerOptions, 'table'> {
  readonly table: OutboxTable;
  /** A chat blocked us or was never opened; its messages wait. */
  readonly onParked: (chat: string) => void;
  /** A group has a new id; what is told from now on goes there. */
  readonly onMoved: (from: string, to: string) => void;
  readonly log: Logger;
}

/** Backoff after a failed try: doubles from the first to the last; kept short so that a return is noticed quickly. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;
/** Rows that may wait; what goes beyond is dropped, counted and said. */
const MAX_WAITING = 10_000;

/**
 * The only way to a chat: claims what waits, delivers it, marks it. One delivery at a time per chat, in order; each
 * chat has its own fate. What was enqueued survives the manager; what was handed over and not answered is repeated at
 * most once and marked.
 */
export function createOutbox(options: OutboxOptions) {
  const { table, clock, log } = options;
  const pace = createPace();
  // Every call to the transport counts against the pace, also the second one of a telling.
  const teller = createTeller({
    ...options,
    transport: {
      send: (to, message) => {
        pace.take(to.chat, clock());
        return options.transport.send(to, message);
      },
      edit: (to, id, message) => {
        if (canEdit(to.chat)) pace.take(to.chat, clock());
        return options.transport.edit(to, id, message);
      },
    },
  });
  const busy = new Map<string, Promise<void>>();
  const notBefore = new Map<string, number>();
  const failures = new Map<string, number>();
  const parked = new Set(table.parked());
  const channelNotBefore = new Map<Channel, number>();
  const lastDelivered = new Map<Channel, number>();
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let lastTurn = clock();
  let dropped = 0;

  /** Looks for work now; cheap when there is none. Called after every enqueue, when Telegram is back, each second. */
  function kick(): void {
    if (stopped) return;
    lastTurn = clock();
    for (const chat of table.chatsWaiting(clock())) {
      if (busy.has(chat) || parked.has(chat)) continue;
      const wait = waitFor(chat);
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

  function waitFor(chat: string): number {
    const held = Math.max(channelNotBefore.get(channelOf(chat)) ?? 0, notBefore.get(chat) ?? 0) - clock();
    return Math.max(held, pace.wait(chat, clock()));
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
    while (!stopped && !parked.has(chat)) {
      const wait = waitFor(chat);
      if (wait > 0) {
        wakeIn(wait);
        return;
      }
      const telling = teller.next(chat);
      if (telling === null) return;
      table.markSending(telling.rows);
      const delivery = await telling.run().catch((error: unknown): Delivery => {
        // A bug in a text: it is buried and logged, so that it does not stop everything behind it.
        log.error({ err: error, chat }, 'what was to be told could not be put into words');
        return { outcome: 'refused', cause: { code: 'not-sayable' } };
      });
      if (!settle(chat, telling.rows, delivery)) return;
    }
  }

  /** Writes down what became of some rows. Returns whether to go on with this chat now. */
  function settle(chat: string, rows: readonly OutboxRow[], delivery: Delivery): boolean {
    switch (delivery.outcome) {
      case 'sent':
        table.markDone(rows, 'sent', null);
        failures.delete(chat);
        lastDelivered.set(channelOf(chat), clock());
        return true;
      case 'retry':
        retry(chat, rows, delivery);
        return false;
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
        log.warn({ chat, cause: delivery.cause }, 'a chat cannot be reached; its messages wait until it writes to us');
        options.onParked(chat);
        return false;
      case 'moved':
        table.markWaiting(rows, 'moved', false);
        table.move(chat, delivery.chat);
        log.warn({ chat, to: delivery.chat }, 'the group has a new id; followed it');
        options.onMoved(chat, delivery.chat);
        setImmediate(kick);
        return false;
    }
  }

  function retry(chat: string, rows: readonly OutboxRow[], delivery: Extract<Delivery, { outcome: 'retry' }>): void {
    const tries = (failures.get(chat) ?? 0) + 1;
    failures.set(chat, tries);
    const own = clock() + Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
    const at = Math.max(delivery.at, own);
    const channel = channelOf(chat);
    if (delivery.scope === 'all') channelNotBefore.set(channel, Math.max(channelNotBefore.get(channel) ?? 0, at));
    else notBefore.set(chat, at);
    table.markWaiting(rows, delivery.cause.code, delivery.uncertain || rows.some((row) => row.uncertain));
    if (tries === 1) log.warn({ chat, cause: delivery.cause, retryAt: at }, 'a delivery has to wait');
    wakeIn(at - clock());
  }

  const beat = setInterval(kick, 1000);
  beat.unref();

  return {
    kick,
    /** Called after rows were added: keeps the queue within its bound. */
    added(): void {
      const lost = table.enforceBound(MAX_WAITING);
      if (lost > 0) {
        dropped += lost;
        log.error({ lost, dropped }, 'the outbox is full; dropped what matters least');
      }
      kick();
    },
    /** Telegram is back: what waited for it goes out at once. */
    reachable(): void {
      channelNotBefore.delete('telegram');
      kick();
    },
    /** What the gate held is asked again: a mute ended, a cause was resolved. */
    reconsider(): void {
      table.releaseHeld();
      kick();
    },
    /** The chat wrote to us: it can be reached again. */
    unpark(chat: string): void {
      if (!parked.delete(chat)) return;
      table.unpark(chat);
      kick();
    },
    /** How Telegram's part of it stands; what waits for a chat that blocked us does not count. */
    view() {
      const { waiting, oldest } = table.waitingForTelegram();
      const last = lastDelivered.get('telegram') ?? null;
      return { waiting, oldestWaiting: oldest, lastDelivered: last, dropped, dead: table.deadLetters() };
    },
    /** Epoch ms of what has waited longest on any channel; null: nothing waits. */
    oldestWaiting: (): number | null => table.waiting().oldest,
    /**
     * Since when (epoch ms, only if before `before`) something that should sound waits and nobody on Telegram was told
     * of it; null: nothing does.
     */
    soundingSince(before: number): number | null {
      const chats = table.chatsSounding(before).filter(canEdit);
      const times = chats.flatMap((chat) => teller.soundingSince(chat) ?? []).filter((at) => at < before);
      return times.length === 0 ? null : Math.min(...times);
    },
    lastTurn: (): number => lastTurn,
    /** Tells what can be told within `grace` ms, then stops. The rest stays for the next manager. */
    async stop(grace: number): Promise<void> {
      clearInterval(beat);
      kick();
      let limit: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, grace);
      });
      await Promise.race([Promise.all(busy.values()), patience]);
      clearTimeout(limit);
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;

import { EventEmitter } from 'node:events';
import { Callbacks } from './callbacks.ts';
import { Commands } from './commands.ts';
import { Files } from './files.ts';
import { Flood, type Limits } from './flood.ts';
import type { ChatState, Person, StoredMessage } from './types.ts';
import { Updates } from './updates.ts';

/** One finished or running call of the bot. */
export interface Call {
  readonly n: number;
  /** Epoch ms by the world's clock. */
  readonly at: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly fault: string | null;
  /** Null while it runs, and for ever where no answer went out. */
  status: number | null;
  result: unknown;
  description: string | null;
}

export type WorldEvent =
  | { readonly kind: 'sent' | 'edited' | 'deleted' | 'pinned'; readonly chatId: number; readonly messageId: number }
  | { readonly kind: 'action'; readonly chatId: number; readonly action: string }
  | { readonly kind: 'commands' | 'updates' }
  | { readonly kind: 'person'; readonly userId: number }
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'network'; readonly online: boolean };

export interface AccountOptions {
  readonly bot: Person;
  readonly now: () => number;
  readonly limits: Limits | null;
  /** Ms. */
  readonly queryLifetime: number;
}

/** Everything that this Telegram knows: one bot, its chats, and what waits for it. */
export class Account {
  readonly bot: Person;
  readonly now: () => number;
  readonly startedAt: number;
  readonly people = new Map<number, Person>();
  readonly chats = new Map<number, ChatState>();
  readonly files = new Files();
  readonly commands = new Commands();
  readonly updates = new Updates(() => this.tell({ kind: 'updates' }));
  readonly callbacks: Callbacks;
  readonly flood: Flood;
  loggedOut = false;
  readonly #events = new EventEmitter<{ event: [WorldEvent] }>();
  readonly #lastIds = new Map<number, number>();
  #revision = 0;

  constructor(options: AccountOptions) {
    this.bot = options.bot;
    this.now = options.now;
    this.startedAt = options.now();
    this.callbacks = new Callbacks(options.now, options.queryLifetime);
    this.flood = new Flood(options.limits, options.now);
    this.#events.setMaxListeners(0);
  }

  get revision(): number {
    return this.#revision;
  }

  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Private chats and basic groups share one sequence of message ids; each supergroup has its own. */
  nextMessageId(chat: ChatState): number {
    const sequence = chat.type === 'supergroup' ? chat.id : 0;
    const next = (this.#lastIds.get(sequence) ?? 0) + 1;
    this.#lastIds.set(sequence, next);
    return next;
  }

  /** Keeps a message as it now is, and tells everybody who looks. */
  changed(message: StoredMessage, kind: 'sent' | 'edited' | 'deleted' | 'pinned'): void {
    this.#revision += 1;
    message.revision = this.#revision;
    this.tell({ kind, chatId: message.chatId, messageId: message.id });
  }

  tell(event: WorldEvent): void {
    this.#events.emit('event', event);
  }

  /** Returns how to stop listening. */
  listen(listener: (event: WorldEvent) => void): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }
}

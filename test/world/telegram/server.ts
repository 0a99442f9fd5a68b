/**
 * A simulated Telegram: a strict Bot API server on a loopback port, with people and groups to play the other side.
 *
 *   const telegram = await startTelegram({ token: '1000:secret' });
 *   const vera = telegram.user({ id: 7, first_name: 'Vera', language_code: 'ru' });
 *   // point the bot at telegram.apiRoot, then
 *   vera.start();
 *   const menu = await telegram.waitForMessage(vera.id, /services/i);
 *   const answer = await vera.taps(menu, 'Restart');      // { text, show_alert, url } or null: nobody answered
 *   telegram.inject({ method: 'sendMessage', fault: { status: 502, description: 'Bad Gateway' }, times: 2 });
 *   await telegram.goOffline(); await telegram.goOnline();
 *   await telegram.stop();
 *
 * It refuses what the real server refuses, with the same texts. Rate limits are off unless `limits: 'real'`.
 */
import { createServer, type Server } from 'node:http';
import { Account, type Call, type WorldEvent } from './account.ts';
import { type Fault, Faults } from './faults.ts';
import { type Limits, realLimits } from './flood.ts';
import { type GroupOptions, WorldGroup } from './group.ts';
import { Http } from './http.ts';
import { type UserOptions, WorldUser } from './people.ts';
import type { Update } from './updates.ts';
import type { ShownMessage } from './view.ts';
import { type MessageTest, type MessageWaitOptions, type WaitOptions, waitFor, waitForMessage } from './waiting.ts';

export type { Call, WorldEvent } from './account.ts';
export type { CallbackAnswer } from './callbacks.ts';
export type { Fault, FaultKind } from './faults.ts';
export { type Limits, realLimits } from './flood.ts';
export type { WorldGroup } from './group.ts';
export type { WorldUser } from './people.ts';
export type { BotCommand, Button, Entity, StoredFile } from './types.ts';
export type { ShownFile, ShownMessage } from './view.ts';

export interface TelegramOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The one token this server accepts; `<bot id>:<secret>`. */
  readonly token: string;
  /** Epoch ms; for dates, the age of callback queries and messages, and rate limits. Polls run on real time. */
  readonly clock?: () => number;
  readonly limits?: 'off' | 'real' | Limits;
  /** How long a press can be answered, ms. Default: 15 s, as seen in practice. */
  readonly queryLifetimeMs?: number;
  readonly botName?: string;
  readonly botUsername?: string;
}

export interface TelegramWorld {
  /** For TELEGRAM_API_ROOT; no slash at the end. */
  readonly apiRoot: string;
  readonly port: number;
  readonly botId: number;
  readonly botName: string;
  readonly online: boolean;
  /** Every call of the bot, oldest first; running ones have no status yet. The token is not in there. */
  readonly calls: readonly Call[];
  /** Long polls waiting at this moment. */
  readonly pollsInFlight: number;
  /** Updates the bot has not confirmed. */
  readonly pendingUpdates: readonly Update[];
  /** Grows with every message sent or changed; take it before an action and pass it as `since`. */
  readonly revision: number;
  /** The same user again for the same id. */
  user(options: UserOptions): WorldUser;
  group(options: GroupOptions): WorldGroup;
  callsOf(method: string): readonly Call[];
  inject(fault: Fault): void;
  clearFaults(): void;
  /** The port refuses, open connections break. */
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
  waitFor<T>(probe: () => T | null | undefined | false, options?: WaitOptions): Promise<T>;
  waitForMessage(
    chat: number | { readonly id: number },
    test: MessageTest,
    options?: MessageWaitOptions,
  ): Promise<ShownMessage>;
  /** Returns how to stop listening. */
  listen(listener: (event: WorldEvent) => void): () => void;
  /** The bytes of a file the bot sent. */
  file(fileId: string): { readonly name: string; readonly mime: string; readonly bytes: Buffer } | null;
  stop(): Promise<void>;
}

/** Starts listening on 127.0.0.1. */
export async function startTelegram(options: TelegramOptions): Promise<TelegramWorld> {
  const { token, clock = Date.now, limits = 'off', queryLifetimeMs = 15_000 } = options;
  const botId = Number(/^([1-9]\d*):/.exec(token)?.[1]);
  if (!Number.isSafeInteger(botId)) throw new Error('A token is <bot id>:<secret>');
  const account = new Account({
    bot: {
      id: botId,
      is_bot: true,
      first_name: options.botName ?? 'OrbitVPN Manager',
      username: options.botUsername ?? 'orbit_manager_bot',
    },
    now: clock,
    limits: limits === 'off' ? null : limits === 'real' ? realLimits : limits,
    queryLifetime: queryLifetimeMs,
  });
  const faults = new Faults();
  const http = new Http(account, faults, token);
  const listener = new Listener(http);
  await listener.open(options.port ?? 0);

  const setOnline = async (online: boolean): Promise<void> => {
    if (online) await listener.open(listener.port);
    else await listener.close();
    account.tell({ kind: 'network', online });
  };
  return {
    get apiRoot() {
      return `http://127.0.0.1:${listener.port}`;
    },
    get port() {
      return listener.port;
    },
    botId,
    botName: account.bot.first_name,
    get online() {
      return listener.isOpen;
    },
    get calls() {
      return http.calls;
    },
    get pollsInFlight() {
      return account.updates.inFlight;
    },
    get pendingUpdates() {
      return account.updates.pending;
    },
    get revision() {
      return account.revision;
    },
    user: (userOptions) => new WorldUser(account, userOptions),
    group: (groupOptions) => new WorldGroup(account, groupOptions),
    callsOf: (method) => http.calls.filter((call) => call.method === method),
    inject: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    goOffline: () => setOnline(false),
    goOnline: () => setOnline(true),
    waitFor: (probe, waitOptions) => waitFor(account, probe, waitOptions),
    waitForMessage: (chat, test, waitOptions) =>
      waitForMessage(account, typeof chat === 'number' ? chat : chat.id, test, waitOptions),
    listen: (onEvent) => account.listen(onEvent),
    file: (fileId) => account.files.get(fileId),
    stop: async () => {
      account.callbacks.close();
      await listener.close();
    },
  };
}

/** A port that can be closed and opened again. */
class Listener {
  readonly #http: Http;
  #server: Server | null = null;
  #port = 0;

  constructor(http: Http) {
    this.#http = http;
  }

  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  async open(port: number): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => {
      // A bug of the simulator must show as itself, not as a Telegram that is ill.
      this.#http.handle(request, response).catch((error: unknown) => {
        queueMicrotask(() => {
          throw error;
        });
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address && typeof address === 'object') this.#port = address.port;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}

import { setMaxListeners } from 'node:events';
import { Redis, type RedisOptions } from 'ioredis';
import { type Answer, addressOf } from './connect.ts';
import { beforeDeadline } from './deadline.ts';
import { isBroken, isReply, redisFailure, replyFailure } from './redis-failure.ts';
import { refusalOf } from './redis-refusal.ts';

/**
 * All that is ever said to a Redis from here. What lists every key, empties a database or halts the server is not among
 * it, so that it cannot be typed by mistake.
 */
export type RedisCommand =
  | 'AUTH'
  | 'SELECT'
  | 'CLIENT'
  | 'PING'
  | 'INFO'
  | 'CONFIG'
  | 'SLOWLOG'
  | 'LATENCY'
  | 'DBSIZE'
  | 'SCAN'
  | 'TTL'
  | 'MEMORY'
  | 'UNLINK';

/** An open connection. */
export interface RedisSession {
  /** Rejects with the server's error, or when the connection breaks. */
  call(command: RedisCommand, ...args: readonly (string | number)[]): Promise<unknown>;
}

export interface RedisConnection {
  /** `host:port` or the socket's path; holds no secret. */
  readonly address: string;
  /**
   * Asks over the one connection, which is opened when it is first needed and kept. One that broke since (a restart of
   * the server) is opened anew, once. Never rejects for what the server or the network can do; what `ask` itself throws
   * of its own is a bug and comes through.
   */
  use<T>(signal: AbortSignal, ask: (session: RedisSession) => Promise<T>): Promise<Answer<T>>;
  close(): Promise<void>;
}

interface Target {
  readonly place: Pick<RedisOptions, 'host' | 'port' | 'path' | 'tls'>;
  readonly address: string;
  readonly auth: readonly string[] | null;
  readonly db: number;
}

const connecting = {
  // The old protocol gives every server's errors and replies the same shape, and needs no right to HELLO.
  protocol: 2,
  lazyConnect: true,
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  autoResendUnfulfilledCommands: false,
  disableClientInfo: true,
} as const;

const ownName = 'orbit-manager';
const defaultPort = 6379;

/** Whether {@link createRedisConnection} understands an address. */
export function isRedisUrl(url: string): boolean {
  return targetOf(url) !== null;
}

/** @param url `redis://` or `rediss://` with user, password, host, port and database, or `unix:///path?db=0`. Throws for another. */
export function createRedisConnection(url: string): RedisConnection {
  const target = requireTarget(url);
  const { address } = target;
  let opened: Opened | null = null;
  let opening: Promise<Opened> | null = null;

  async function session(signal: AbortSignal): Promise<Opened> {
    if (opened !== null && opened.client.status === 'ready') return opened;
    opening ??= open(target, signal).finally(() => {
      opening = null;
    });
    opened = await beforeDeadline(opening, signal);
    return opened;
  }

  async function use<T>(signal: AbortSignal, ask: (session: RedisSession) => Promise<T>): Promise<Answer<T>> {
    // A sample of keys asks for forty things at once, and each of them ends with the signal.
    setMaxListeners(0, signal);
    for (let isSecond = false; ; isSecond = true) {
      const wasOpen = opened !== null && opened.client.status === 'ready';
      try {
        const { client } = await session(signal);
        const call: RedisSession['call'] = (command, ...args) => beforeDeadline(client.call(command, ...args), signal);
        return { ok: true, value: await ask({ call }) };
      } catch (error) {
        if (isReply(error)) return { ok: false, failure: redisFailure(error, null, address) };
        const cause = opened?.lastError() ?? null;
        drop();
        // A connection that was found dead says only that the server was restarted since.
        if (wasOpen && isBroken(error) && !isSecond && !signal.aborted) continue;
        const said = wasOpen || !isBroken(error) ? null : await refusalOf(target.place, signal);
        return { ok: false, failure: said ? replyFailure(said, address) : redisFailure(error, cause, address) };
      }
    }
  }

  function drop(): void {
    opened?.client.disconnect();
    opened = null;
  }

  return {
    address,
    use,
    async close() {
      drop();
    },
  };
}

interface Opened {
  readonly client: Redis;
  /** What ioredis knows beyond its "Connection is closed.": the error of the socket. */
  lastError(): Error | null;
}

/** Authenticates by itself, so that a refusal is an answer like any other instead of a closed connection. */
async function open(target: Target, signal: AbortSignal): Promise<Opened> {
  let last: Error | null = null;
  const client = new Redis({ ...connecting, ...target.place });
  // Without a listener ioredis prints to the console.
  client.on('error', (error: Error) => {
    last = error;
  });
  try {
    await beforeDeadline(client.connect(), signal);
    if (target.auth !== null)
      await beforeDeadline(client.call('AUTH', ...target.auth), signal).catch(forgiveNoPassword);
    // An older server, or rights that do not reach so far, do without a name.
    await beforeDeadline(client.call('CLIENT', 'SETNAME', ownName), signal).catch(forgiveReply);
    if (target.db !== 0) await beforeDeadline(client.call('SELECT', target.db), signal);
  } catch (error) {
    client.disconnect();
    throw isReply(error) || signal.aborted ? error : (last ?? error);
  }
  return { client, lastError: () => last };
}

/** A password for a server that asks for none harms nobody. */
function forgiveNoPassword(error: unknown): void {
  if (!(error instanceof Error) || !/without any password configured|no password is set/.test(error.message))
    throw error;
}

function forgiveReply(error: unknown): void {
  if (!isReply(error)) throw error;
}

function requireTarget(url: string): Target {
  const target = targetOf(url);
  if (target === null) throw new TypeError('no address of a Redis');
  return target;
}

function targetOf(text: string): Target | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const isSocket = url.protocol === 'unix:' && url.pathname.length > 1;
  if (!isSocket && (!/^rediss?:$/.test(url.protocol) || url.hostname === '')) return null;
  const db = Number(url.searchParams.get('db') ?? (isSocket ? 0 : url.pathname.slice(1) || 0));
  if (!Number.isSafeInteger(db) || db < 0) return null;

  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? defaultPort : Number(url.port);
  const path = decodeURIComponent(url.pathname);
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  // `ssl_cert_reqs=none` is how the shop's own client says that any certificate will do.
  const tls = { servername: host, rejectUnauthorized: url.searchParams.get('ssl_cert_reqs') !== 'none' };
  const place: Target['place'] = isSocket ? { path } : { host, port, ...(url.protocol === 'rediss:' ? { tls } : {}) };
  return {
    address: isSocket ? path : addressOf(host, port),
    auth: password === '' ? null : username === '' ? [password] : [username, password],
    db,
    place,
  };
}

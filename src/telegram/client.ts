import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ApiClientOptions } from 'grammy';

export interface Reach {
  readonly apiRoot: string | null;
  readonly proxy: string | null;
}

export const telegramRoot = 'https://api.telegram.org';

/** A connection that is not up by then (ms) is given up: nothing was sent yet, so the send can safely be repeated. */
const connectTimeout = 10_000;

/** What a connection that never came up fails with; errors.ts knows that nothing was delivered then. */
export const notConnected = 'ENOTCONNECTED';

const agentOptions: http.AgentOptions = {
  keepAlive: true,
  // A socket that idled longer may be dead without either side knowing (NAT): the next send would hang on it.
  timeout: 20_000,
};

const require = createRequire(import.meta.url);

export interface Client {
  /** For grammY's `Bot` and `Api`. */
  readonly options: ApiClientOptions;
  /** Breaks what is still on its way. */
  hangUp(): void;
}

/** How grammY reaches the Bot API, over connections of its own. `timeout`: of one request, `connecting`: of its start, ms. */
export function createClient({ apiRoot, proxy }: Reach, timeout: number, connecting = connectTimeout): Client {
  const root = (apiRoot ?? telegramRoot).replace(/\/+$/, '');
  const agent = proxy === null ? directAgent(root, connecting) : proxyAgent(proxy, connecting);
  return {
    options: { apiRoot: root, timeoutSeconds: timeout / 1000, baseFetchConfig: { compress: true, agent } },
    hangUp: () => agent.destroy(),
  };
}

function directAgent(root: string, connecting: number): http.Agent {
  const secure = root.startsWith('https:');
  // The default of 250 ms for each address fails on a slow line that would have connected.
  const patient = { ...agentOptions, autoSelectFamilyAttemptTimeout: 4_000 };
  const agent = secure ? new https.Agent(patient) : new http.Agent(patient);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback);
    if (socket) limitConnecting(socket, secure ? 'secureConnect' : 'connect', connecting);
    return socket;
  };
  return agent;
}

function limitConnecting(socket: Duplex, up: 'connect' | 'secureConnect', ms: number): void {
  const limit = setTimeout(() => socket.destroy(failure('timed out while connecting')), ms);
  socket.once(up, () => clearTimeout(limit)).once('close', () => clearTimeout(limit));
}

function failure(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: notConnected });
}

/**
 * Loaded only where one is configured. `socks5h` resolves names at the proxy. HTTP proxies are asked to tunnel (CONNECT),
 * also to a root without TLS.
 */
function proxyAgent(proxy: string, connecting: number): http.Agent {
  if (proxy.startsWith('socks')) {
    const { SocksProxyAgent } = require('socks-proxy-agent') as typeof import('socks-proxy-agent');
    // No `timeout` here: this agent would end a long poll with it.
    const agent = new SocksProxyAgent(proxy, { keepAlive: true });
    const connect = agent.connect.bind(agent);
    agent.connect = (request, options) => throughProxy(connect(request, options), connecting);
    return agent;
  }
  const { HttpsProxyAgent } = require('https-proxy-agent') as typeof import('https-proxy-agent');
  const agent = new HttpsProxyAgent(proxy, agentOptions);
  const connect = agent.connect.bind(agent);
  agent.connect = (request, options) => {
    const refused = new Promise<never>((_, reject) => {
      // Left alone, the proxy's own answer would be handed on as if Telegram had said it.
      request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
        if (statusCode !== 200) reject(failure(`answered ${statusCode}`));
      });
    });
    return throughProxy(Promise.race([connect(request, options), refused]), connecting);
  };
  return agent;
}

/** Marks whatever fails before the proxy let us through: nothing reached Telegram. */
async function throughProxy<T>(work: Promise<T>, ms: number): Promise<T> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(() => {
      reject(failure('timed out'));
      work.then(closeLate, () => undefined);
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw failure(`proxy: ${error instanceof Error ? error.message : 'no answer'}`, error);
  } finally {
    clearTimeout(limit);
  }
}

/** A connection that came up after it was given up. */
function closeLate(socket: unknown): void {
  if (socket instanceof Socket) socket.destroy();
}

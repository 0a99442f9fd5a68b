import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Liveness } from '../core/liveness.ts';
import type { Readiness } from '../core/readiness.ts';
import type { Logger } from '../logger.ts';
import type { Api } from './api.ts';
import { healthz } from './healthz.ts';
import { readyz } from './readyz.ts';

export interface HttpServer {
  /** Where it listens; `port` null: the address is not to be had now, it is logged and tried again. Never rejects. */
  listen(): Promise<{ readonly port: number | null }>;
  /** Ends open connections too: an answer here is never worth waiting for. */
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly liveness: () => Liveness;
  readonly readiness: () => Readiness;
  /** What needs the token; null: nothing of it is served. */
  readonly api: Api | null;
  readonly log: Logger;
  /** Epoch ms. */
  readonly clock?: () => number;
  /** Ms until a port that was taken is tried again. */
  readonly retryEvery?: number;
  /** Ms that a client has to send its request. */
  readonly patience?: number;
}

/** What a route says; the body is sent as JSON, or as it is where it has a type of its own. */
export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Route = () => Reply;

/** The read-only endpoint: GET and HEAD of the routes below, everything else is refused. */
export function createHttpServer(options: HttpOptions): HttpServer {
  const { host, port, liveness, readiness, api, log } = options;
  const { clock = Date.now, retryEvery = 30_000, patience = 5_000 } = options;
  const routes: ReadonlyMap<string, Route> = new Map([
    ['/healthz', () => healthz(liveness(), clock())],
    ['/readyz', () => readyz(readiness())],
  ]);

  const server = createServer(
    {
      headersTimeout: patience,
      requestTimeout: patience,
      connectionsCheckingInterval: Math.min(1_000, patience),
      keepAliveTimeout: patience,
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => void answer(request, routes, api, log).then((reply) => send(response, reply)),
  );
  // Also for one that sends a request and does not read the answer.
  server.setTimeout(2 * patience);
  server.maxConnections = 256;
  server.maxRequestsPerSocket = 100;

  let retry: NodeJS.Timeout | undefined;
  let told = false;
  let closed = false;

  function listen(): Promise<{ readonly port: number | null }> {
    return new Promise((resolve) => {
      const failed = (err: Error): void => {
        if (!closed) {
          log[told ? 'debug' : 'error']({ err, host, port, retryEvery }, 'http: cannot listen; all else goes on');
          told = true;
          retry = setTimeout(() => void listen(), retryEvery);
        }
        resolve({ port: null });
      };
      server.once('error', failed);
      server.listen(port, host, () => {
        server.off('error', failed);
        server.on('error', (err) => log.error({ err }, 'http: server failed'));
        const bound = portOf(server.address());
        log.info({ host, port: bound }, 'http: listening');
        resolve({ port: bound });
      });
    });
  }

  return {
    listen,
    close() {
      closed = true;
      clearTimeout(retry);
      return new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function portOf(address: AddressInfo | string | null): number | null {
  return typeof address === 'object' && address !== null ? address.port : null;
}

/** Never rejects. */
async function answer(
  request: IncomingMessage,
  routes: ReadonlyMap<string, Route>,
  api: Api | null,
  log: Logger,
): Promise<Reply> {
  const { method, url = '' } = request;
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: { error: 'method not allowed' } };
  const path = url.split('?', 1)[0] ?? '';
  try {
    const found = routes.get(path)?.() ?? (await api?.(request)) ?? null;
    return found ?? { status: 404, body: { error: 'not found' } };
  } catch (err) {
    log.error({ err, path }, 'http: route failed');
    return { status: 500, body: { error: 'internal error' } };
  }
}

function send(response: ServerResponse, { status, type, headers, body }: Reply): void {
  const text = type === undefined ? `${JSON.stringify(body)}\n` : String(body);
  response.writeHead(status, {
    'Content-Type': type ?? 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...headers,
    // With another method a body may follow that nobody is going to read.
    ...(status === 405 ? { Allow: 'GET, HEAD', Connection: 'close' } : {}),
  });
  response.end(text);
}

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { TLSSocket } from 'node:tls';
import { reason } from '../core/reason.ts';
import { type Limit, limitTo } from './limit.ts';
import { socketFailure, timeoutFailure, type WireFailure } from './wire-error.ts';

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Begins with a slash; joined to the base address. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** ms for the whole exchange, redirects included. */
  readonly deadline: number;
}

export type WireReply =
  | {
      readonly ok: true;
      readonly status: number;
      readonly body: string;
      /** Of the server's certificate, epoch ms; null: plain http, or a resumed connection that does not say. */
      readonly certificateUntil: number | null;
    }
  | { readonly ok: false; readonly failure: WireFailure };

export interface Transport {
  send(request: WireRequest, signal: AbortSignal): Promise<WireReply>;
  close(): void;
}

/** A list of a hundred nodes is 25 KB. More than this is not an answer to anything we ask. */
const MAX_BODY = 4 * 1024 * 1024;
const MAX_REDIRECTS = 3;

/** Requests to one panel over kept connections. Credentials never leave the origin they are meant for. */
export function createTransport(baseUrl: string, insecureTls: boolean): Transport {
  const base = new URL(baseUrl);
  const secure = base.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: 2, maxFreeSockets: 1 };
  const agent = secure ? new HttpsAgent({ ...options, rejectUnauthorized: !insecureTls }) : new HttpAgent(options);

  async function send(request: WireRequest, signal: AbortSignal): Promise<WireReply> {
    const limit = limitTo([signal], request.deadline);
    try {
      return await follow(request, limit);
    } finally {
      limit.release();
    }
  }

  async function follow(request: WireRequest, limit: Limit): Promise<WireReply> {
    let url = new URL(`${baseUrl}${request.path}`);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const reply = await exchange(url, request, limit.signal);
      if (reply.type === 'failed') {
        if (limit.timedOut()) return { ok: false, failure: timeoutFailure() };
        if (!limit.signal.aborted) return { ok: false, failure: reply.failure };
        return { ok: false, failure: { kind: 'cancelled', reason: reason('panel-cancelled') } };
      }
      if (reply.type === 'answered') return { ok: true, ...reply.answer };
      const { location } = reply;
      const to = location !== null && URL.canParse(location, url.href) ? new URL(location, url) : null;
      // Elsewhere may be anybody; also http instead of https, which a panel behind a proxy likes to say.
      if (to === null || to.origin !== base.origin) return redirected(to === null ? '?' : to.origin);
      url = to;
    }
    return redirected(base.origin);
  }

  function redirected(to: string): WireReply {
    return { ok: false, failure: { kind: 'bad_response', reason: reason('panel-redirects', { to }) } };
  }

  async function exchange(url: URL, request: WireRequest, signal: AbortSignal): Promise<Exchanged> {
    const first = await once(url, request, signal);
    // The server closed a kept connection in the very moment we used it: nothing was asked yet.
    const again = first.type === 'failed' && first.stale && request.method === 'GET' && !signal.aborted;
    return again ? once(url, request, signal) : first;
  }

  function once(url: URL, { method, headers, body }: WireRequest, signal: AbortSignal): Promise<Exchanged> {
    return new Promise((resolve) => {
      const failed = (error: unknown, stale = false) =>
        resolve({ type: 'failed', failure: socketFailure(error), stale });
      const outgoing = (secure ? requestHttps : requestHttp)(url, {
        method,
        agent,
        signal,
        headers: {
          accept: 'application/json',
          ...headers,
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
      });
      outgoing.on('error', (error) => failed(error, outgoing.reusedSocket));
      outgoing.on('response', (response) => {
        const { statusCode = 0 } = response;
        const certificateUntil = certificateEnd(response);
        read(response).then(
          (text) => {
            const moved = statusCode >= 300 && statusCode < 400;
            if (moved) resolve({ type: 'moved', location: response.headers.location ?? null });
            else if (text === null)
              resolve({
                type: 'failed',
                failure: { kind: 'bad_response', reason: reason('panel-too-large') },
                stale: false,
              });
            else resolve({ type: 'answered', answer: { status: statusCode, body: text, certificateUntil } });
          },
          (error: unknown) => failed(error),
        );
      });
      outgoing.end(body);
    });
  }

  return { send, close: () => agent.destroy() };
}

type Exchanged =
  | {
      readonly type: 'answered';
      readonly answer: { readonly status: number; readonly body: string; readonly certificateUntil: number | null };
    }
  | { readonly type: 'moved'; readonly location: string | null }
  | { readonly type: 'failed'; readonly failure: WireFailure; readonly stale: boolean };

/** The body as text; null: too large. */
async function read(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY) {
      response.destroy();
      return null;
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function certificateEnd(response: IncomingMessage): number | null {
  const { socket } = response;
  if (!(socket instanceof TLSSocket)) return null;
  const until = Date.parse(socket.getPeerCertificate().valid_to ?? '');
  return Number.isNaN(until) ? null : until;
}

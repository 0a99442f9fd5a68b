import WebSocket from 'ws';
import { type Answer, failure } from '../core/panel.ts';
import { reason } from '../core/reason.ts';
import { socketFailure, statusFailure, timeoutFailure, type WireFailure } from './wire-error.ts';

/** Whoever listens to a log. */
export interface LogSink {
  /** The connection stands; what was logged before comes first. */
  opened(): void;
  line(text: string): void;
}

export interface LogStreamOptions {
  /** `ws://` or `wss://`; no token in it: proxies keep addresses in their logs. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly insecureTls: boolean;
  readonly sink: LogSink;
}

const HANDSHAKE_MS = 5000;
/** A connection that says nothing may be dead: asked so often, and given up when it did not answer until the next. */
const PING_EVERY_MS = 30_000;
/** A second of log lines. */
const MOST_BYTES = 1024 * 1024;

/** Follows a log over a WebSocket. Resolves when it ends: by the other side, by the signal, or because it cannot be had. */
export function followLogStream({ url, headers, insecureTls, sink }: LogStreamOptions, signal: AbortSignal) {
  return new Promise<Answer<'ended'>>((resolve) => {
    const socket = new WebSocket(url, {
      ...{ headers, handshakeTimeout: HANDSHAKE_MS, maxPayload: MOST_BYTES },
      ...{ rejectUnauthorized: !insecureTls, perMessageDeflate: false, followRedirects: false },
    });
    let answered = true;
    const pinging = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (!answered) return end(fail(timeoutFailure()));
      answered = false;
      socket.ping();
    }, PING_EVERY_MS);
    const cancel = () => end(failure('cancelled', reason('panel-cancelled')));
    const end = (result: Answer<'ended'>) => {
      clearInterval(pinging);
      signal.removeEventListener('abort', cancel);
      socket.terminate();
      resolve(result);
    };
    if (signal.aborted) return cancel();
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('open', () => sink.opened());
    socket.on('pong', () => {
      answered = true;
    });
    socket.on('message', (data) => {
      for (const line of String(data).split('\n')) if (line !== '') sink.line(line);
    });
    // A refusal is an answer to the handshake; the panel's own close codes never come through.
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      end(fail(statusFailure(response.statusCode ?? 0, '{"detail":""}')));
    });
    socket.on('close', () => end({ ok: true, value: 'ended' }));
    // Also after the end, when a terminated handshake complains.
    socket.on('error', (error) => end(fail(socketFailure(error))));
  });
}

function fail({ kind, reason: why }: WireFailure): Answer<'ended'> {
  return failure(kind, why);
}

import type { Socket } from 'node:net';
import type { Health } from '../core/health.ts';
import { type Reason, reason } from '../core/reason.ts';

/** Why there is no answer, and what that says about the one who was asked. */
export interface Failure {
  readonly verdict: Health;
  readonly reason: Reason;
}

/** What was asked for, or why it could not be had. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** `host:port`, with brackets around an IPv6 address. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Waits until `socket` says `event`. Rejects with the socket's own error, or with the signal's reason at the deadline;
 * the socket is gone in both cases.
 */
export function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    // Stays: a socket that errs later, while it is being closed, must not end the process.
    socket.on('error', fail);
    socket.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    socket.once(event, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

/** The `code` of a system error; of several attempts (IPv4 and IPv6) the one that tells most about the other side. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    const codes = error.errors.map(codeOf);
    return codes.find((code) => !ourSide.has(code)) ?? codes[0] ?? '';
  }
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Was it the deadline of the check (what a signal gives as its reason) rather than the other side? */
export function isDeadline(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError');
}

/** This machine has no way out, or nothing left to open a connection with: says nothing about the other side. */
const ourSide: ReadonlySet<string> = new Set(['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EMFILE', 'ENFILE']);

/** What a failed attempt to connect to `address` (`host:port`, or a socket's path) means. */
export function connectFailure(error: unknown, address: string): Failure {
  if (isDeadline(error)) return unhealthy(reason('net-timeout', { address }));
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return unhealthy(reason('net-refused', { address }));
    case 'ETIMEDOUT':
      return unhealthy(reason('net-timeout', { address }));
    case 'ECONNRESET':
    case 'EPIPE':
      return unhealthy(reason('net-closed', { address }));
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return unhealthy(reason('net-unreachable', { address }));
    case 'ENOTFOUND':
    case 'ENODATA':
      return unhealthy(reason('net-no-such-host', { address }));
    case 'ENOENT':
      return unhealthy(reason('net-no-socket', { address }));
    case 'EAI_AGAIN':
      return unknown(reason('net-no-resolver', { address }));
    case 'EACCES':
    case 'EPERM':
      return unknown(reason('net-forbidden', { address }));
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return unknown(reason('net-own-network', { address }));
    case 'EMFILE':
    case 'ENFILE':
      return unknown(reason('net-own-files', { address }));
    default:
      return unhealthy(reason('net-error', { address, code: code || (error instanceof Error ? error.name : '?') }));
  }
}

function unhealthy(why: Reason): Failure {
  return { verdict: 'unhealthy', reason: why };
}

function unknown(why: Reason): Failure {
  return { verdict: 'unknown', reason: why };
}

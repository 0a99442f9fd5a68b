import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { type Answer, answer, failure } from '../core/panel.ts';
import { reason } from '../core/reason.ts';
import { socketFailure, timeoutFailure } from './wire-error.ts';

const DEADLINE_MS = 5000;

/** `host`, `host:port`, `[v6]:port`; default port 443. Null: not understood. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } | null {
  const given = text.trim().replace(/^https?:\/\//i, '');
  if (given === '' || !URL.canParse(`https://${given}`)) return null;
  const url = new URL(`https://${given}`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 443 : Number(url.port) };
}

/**
 * When the certificate served there ends, epoch ms. Looks at certificates nobody would accept too (an expired one is
 * what it is for) and sends nothing.
 */
export function certificateUntil(where: string, signal: AbortSignal): Promise<Answer<number>> {
  const target = hostAndPort(where);
  if (target === null) return Promise.resolve(failure('bad_response', reason('panel-address')));
  return new Promise((resolve) => {
    const socket = connect({
      ...target,
      rejectUnauthorized: false,
      ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    });
    const end = (result: Answer<number>) => {
      clearTimeout(limit);
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      resolve(result);
    };
    const cancel = () => end(failure('cancelled', reason('panel-cancelled')));
    const failed = ({ kind, reason: why }: ReturnType<typeof timeoutFailure>) => end(failure(kind, why));
    const limit = setTimeout(() => failed(timeoutFailure()), DEADLINE_MS);
    signal.addEventListener('abort', cancel, { once: true });
    socket.once('error', (error) => failed(socketFailure(error)));
    socket.once('secureConnect', () => {
      const until = Date.parse(socket.getPeerCertificate().valid_to ?? '');
      end(Number.isNaN(until) ? failure('tls', reason('panel-tls-other', { code: 'no certificate' })) : answer(until));
    });
  });
}

import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { opened } from './connect.ts';
import { daysLeft } from './tls-certificate.ts';

/** Days go by slowly; a handshake of its own for them is not worth it more often, ms. */
const LOOK_EVERY_MS = 3600_000;

/** How many days the certificate served at an address is still good for, looked at once an hour. */
export function createCertificateDays(host: string, port: number) {
  let known: { readonly at: number; readonly days: number } | null = null;

  /** Null: it could not be seen. `now`: epoch ms. */
  return async (now: number, signal: AbortSignal): Promise<number | null> => {
    if (known !== null && Math.abs(now - known.at) < LOOK_EVERY_MS) return known.days - (now - known.at) / 86_400_000;
    // Whether it is to be trusted has been found out by the request itself.
    const socket = connect({ host, port, servername: isIP(host) === 0 ? host : '', rejectUnauthorized: false });
    try {
      await opened(socket, 'secureConnect', signal);
    } catch {
      return null;
    }
    const days = daysLeft(socket.getPeerCertificate(), now);
    socket.destroy();
    if (Number.isNaN(days)) return null;
    known = { at: now, days };
    return days;
  };
}

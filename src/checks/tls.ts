import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect, rootCertificates, type TLSSocket } from 'node:tls';
import type { Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { roll } from '../core/rolling.ts';
import type { Check } from './check.ts';
import { addressOf, codeOf, connectFailure, type Failure, isDeadline, opened } from './connect.ts';
import { answered } from './slow.ts';
import { certificateProblem, dayOf, daysLeft } from './tls-certificate.ts';

export interface TlsCheckOptions {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** The name that is asked for and has to be in the certificate; null: `host`. */
  readonly server_name: string | null;
  /** Days to expiry from which on it is degraded. */
  readonly degraded_days: number;
  /** Days to expiry from which on it is unhealthy. */
  readonly unhealthy_days: number;
  /** A certificate that nobody vouches for is fine; its name and its days still count. */
  readonly allow_self_signed: boolean;
  /** PEM file of an authority of one's own, trusted beside the well-known ones; null: none. */
  readonly ca_file: string | null;
  /** ms until the handshake is done; null: never too slow. */
  readonly degraded_over: number | null;
}

/** Does a port speak TLS, with a certificate that a client would accept, and for how long still? */
export function createTlsCheck(options: TlsCheckOptions): Check {
  const { id, host, port, ca_file, degraded_over, allow_self_signed } = options;
  const address = addressOf(host, port);
  const name = options.server_name ?? host;
  let latencies: readonly number[] = [];

  return {
    id,
    kind: 'tls',
    async run({ signal, now }) {
      let ca: { ca?: string[] } = {};
      try {
        // Giving any authority replaces the well-known ones, so they are named too.
        if (ca_file !== null) ca = { ca: [...rootCertificates, await readFile(ca_file, 'utf8')] };
      } catch (error) {
        const why = reason('tls-no-ca-file', { path: ca_file ?? '', code: codeOf(error) });
        return { verdict: 'unknown', reason: why, metrics: [] };
      }

      const started = performance.now();
      // What is wrong with the certificate is the question here, not a reason to hang up.
      const wish = { host, port, servername: isIP(name) === 0 ? name : '', rejectUnauthorized: false };
      const socket = connect({ ...wish, ...ca });
      try {
        await opened(socket, 'secureConnect', signal);
      } catch (error) {
        return { ...handshakeFailure(error, address), metrics: [] };
      }
      const latency = performance.now() - started;
      const certificate = socket.getPeerCertificate();
      const distrust = distrustOf(socket);
      socket.destroy();

      latencies = roll(latencies, latency);
      const took: Metric = { name: 'latency', value: latency, unit: 'ms' };
      const left = daysLeft(certificate, now);
      const days = Math.floor(left);
      const metrics: readonly Metric[] = Number.isNaN(left)
        ? [took]
        : [took, { name: 'days_left', value: days, unit: 'count' }];

      const problem = certificateProblem(certificate, distrust, { address, name, allow_self_signed }, now);
      if (problem) return { verdict: 'unhealthy', reason: problem, metrics };
      if (left <= options.degraded_days) {
        const verdict = left <= options.unhealthy_days ? 'unhealthy' : 'degraded';
        const date = dayOf(certificate.valid_to);
        return { verdict, reason: reason('tls-expires', { address, days, date }), metrics };
      }
      return answered(latencies, degraded_over, (ms, limit) => reason('net-slow', { address, ms, limit }), metrics);
    },
    async close() {},
  };
}

/** What OpenSSL holds against the chain: an error or its code, whatever the declared type says. */
function distrustOf(socket: TLSSocket): string | null {
  const found: unknown = socket.authorizationError;
  if (found === null || found === undefined) return null;
  return codeOf(found) || String(found);
}

function handshakeFailure(error: unknown, address: string): Failure {
  const code = codeOf(error);
  // OpenSSL could make nothing of what came back: somebody who speaks, but not TLS, or no version that we share.
  if (!isDeadline(error) && (code === 'EPROTO' || code.startsWith('ERR_SSL_'))) {
    return { verdict: 'unhealthy', reason: reason('tls-no-handshake', { address, code }) };
  }
  return connectFailure(error, address);
}

import type { CheckConfigOf } from '../config/schema.ts';
import type { CheckResult, Metric } from '../core/health.ts';
import { type Reason, reason } from '../core/reason.ts';
import { roll } from '../core/rolling.ts';
import { createCertificateDays } from './certificate-days.ts';
import type { Check } from './check.ts';
import { addressOf, codeOf, connectFailure, type Failure } from './connect.ts';
import { answered } from './slow.ts';

export type HttpCheckOptions = Omit<CheckConfigOf<'http'>, 'type'>;

/** More of a body is not looked at; a health page is small, and a pattern over megabytes would hold up everything. */
const MAX_BODY_BYTES = 256 * 1024;
/** As a browser's patience, and `curl`'s idea of a loop. */
const MAX_REDIRECTS = 5;

/** Does an address answer as it should, and how fast? */
export function createHttpCheck(options: HttpCheckOptions): Check {
  const { id, url, method, expect_status, body_matches, degraded_over, timeout, follow_redirects } = options;
  const { degraded_days, unhealthy_days } = options;
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const port = Number(target.port) || defaultPort(target);
  const address = addressOf(host, port);
  const certificateDays = target.protocol === 'https:' ? createCertificateDays(host, port) : null;
  const pattern = body_matches === null ? null : new RegExp(body_matches);
  let latencies: readonly number[] = [];

  async function ask(now: number, signal: AbortSignal): Promise<CheckResult> {
    const started = performance.now();
    const response = await follow(target, signal);
    if ('verdict' in response) return { ...response, metrics: [] };
    const body = pattern === null ? '' : await bodyOf(response);
    await response.body?.cancel().catch(() => undefined);
    const latency = performance.now() - started;
    latencies = roll(latencies, latency);
    const left = (await certificateDays?.(now, signal)) ?? null;
    const metrics: readonly Metric[] = [
      { name: 'latency', value: latency, unit: 'ms' },
      ...(left === null ? [] : [{ name: 'days_left', value: Math.floor(left), unit: 'count' } as const]),
    ];
    const wrong = (why: Reason): CheckResult => ({ verdict: 'unhealthy', reason: why, metrics });
    if (!expect_status.some(({ from, to }) => response.status >= from && response.status <= to))
      return wrong(reason('http-status', { address, status: String(response.status) }));
    if (pattern !== null && !pattern.test(body)) return wrong(reason('http-body', { address }));
    if (left !== null && left <= degraded_days) {
      const verdict = left <= unhealthy_days ? 'unhealthy' : 'degraded';
      const args = {
        address,
        days: Math.floor(left),
        date: new Date(now + left * 86_400_000).toISOString().slice(0, 10),
      };
      return { verdict, reason: reason('tls-expires', args), metrics };
    }
    return answered(latencies, degraded_over, (ms, limit) => reason('net-slow', { address, ms, limit }), metrics);
  }

  async function follow(from: URL, signal: AbortSignal): Promise<Response | Failure> {
    let at = from;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const response = await fetch(at.href, { method, redirect: 'manual', signal, headers: { connection: 'close' } });
      const location = response.headers.get('location');
      if (!follow_redirects || location === null || response.status < 300 || response.status > 399) return response;
      await response.body?.cancel().catch(() => undefined);
      if (!URL.canParse(location, at.href))
        return { verdict: 'unhealthy', reason: reason('http-redirect-nowhere', { address }) };
      at = new URL(location, at.href);
    }
    return { verdict: 'unhealthy', reason: reason('http-redirect-loop', { address, hops: MAX_REDIRECTS }) };
  }

  return {
    id,
    kind: 'http',
    async run(context) {
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeout)]);
      try {
        return await ask(context.now, signal);
      } catch (error) {
        return { ...failureOf(error, address), metrics: [] };
      }
    },
    async close() {},
  };
}

function defaultPort(url: URL): number {
  return url.protocol === 'https:' ? 443 : 80;
}

async function bodyOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  while (reader !== undefined && size < MAX_BODY_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  await reader?.cancel();
  reader?.releaseLock();
  return Buffer.concat(parts).toString('utf8').slice(0, MAX_BODY_BYTES);
}

/** fetch wraps what happened in a TypeError whose cause is the system's or TLS's own error. */
export function failureOf(error: unknown, address: string): Failure {
  const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause);
  if (code.startsWith('CERT_') || code.includes('SELF_SIGNED') || code.startsWith('ERR_TLS') || code.includes('VERIFY'))
    return { verdict: 'unhealthy', reason: reason('http-certificate', { address, code }) };
  if (code.startsWith('HPE_')) return { verdict: 'unhealthy', reason: reason('http-not-http', { address }) };
  if (code === 'UND_ERR_SOCKET') return { verdict: 'unhealthy', reason: reason('net-closed', { address }) };
  return connectFailure(cause, address);
}

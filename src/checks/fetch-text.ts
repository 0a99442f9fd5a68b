import { reason } from '../core/reason.ts';
import { type Answer, addressOf } from './connect.ts';
import { failureOf } from './http.ts';
import { noNumber } from './metric.ts';

/** The exporters of whole machines say some hundred kilobytes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** `host:port` of an address. */
export function placeOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return addressOf(hostname.replace(/^\[|\]$/g, ''), Number(port) || (protocol === 'https:' ? 443 : 80));
}

/** What an address answers to a GET, as text. */
export async function fetchText(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer<string>> {
  const address = placeOf(url);
  try {
    const response = await fetch(url, { headers: { ...headers, connection: 'close' }, signal });
    if (!response.ok) {
      await response.body?.cancel();
      return noNumber(reason('http-status', { address, status: String(response.status) }));
    }
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      // Leaving the loop gives up the rest.
      if (size > MOST_BYTES) return noNumber(reason('metric-too-long', { address, megabytes: MOST_BYTES / 1024 ** 2 }));
      parts.push(part);
    }
    return { ok: true, value: Buffer.concat(parts).toString('utf8') };
  } catch (error) {
    return { ok: false, failure: failureOf(error, address) };
  }
}

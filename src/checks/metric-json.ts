import type { MetricConfigOf } from '../config/schema.ts';
import { reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import type { Answer } from './connect.ts';
import { fetchText, placeOf } from './fetch-text.ts';
import { type MetricSource, noNumber } from './metric.ts';

const LONGEST_SHOWN = 60;

/** A number in the JSON that an address answers. */
export function createJsonSource({ url, path, headers }: MetricConfigOf<'http-json'>): MetricSource {
  const parts = partsOf(path);
  return {
    async read(signal): Promise<Answer<number>> {
      const got = await fetchText(url, { accept: 'application/json', ...headers }, signal);
      return got.ok ? numberAt(got.value, parts, path, placeOf(url)) : got;
    },
    close: async () => undefined,
  };
}

/** `queue.waiting` or, with a slash in front, a JSON pointer (RFC 6901): `/queue/waiting`. */
export function partsOf(path: string): readonly string[] {
  if (!path.startsWith('/')) return path.split('.');
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function numberAt(text: string, parts: readonly string[], path: string, address: string): Answer<number> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return noNumber(reason('metric-no-json', { address }));
  }
  for (const part of parts) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return noNumber(reason('metric-nothing-there', { address, path }));
    value = Reflect.get(value, part);
  }
  if (typeof value === 'boolean') return { ok: true, value: Number(value) };
  if (typeof value === 'number') return { ok: true, value };
  if (typeof value === 'string' && /^\s*-?\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(value))
    return { ok: true, value: Number(value) };
  return noNumber(reason('metric-no-number', { found: shown(value) }));
}

/** What was there instead, as far as it says something. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  return typeof value === 'object' && value !== null ? '(…)' : redactSecrets(String(value)).slice(0, LONGEST_SHOWN);
}

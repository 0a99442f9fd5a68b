import * as z from 'zod';
import type { PanelErrorKind } from '../core/panel.ts';
import { type Reason, reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';

export interface WireFailure {
  readonly kind: PanelErrorKind;
  readonly reason: Reason;
}

const fail = (kind: PanelErrorKind, why: Reason): WireFailure => ({ kind, reason: why });

const coded = z.object({ code: z.string() });

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'panel-refused',
  ENOTFOUND: 'panel-name-unknown',
  EAI_AGAIN: 'panel-name-unknown',
  EHOSTUNREACH: 'panel-no-route',
  ENETUNREACH: 'panel-no-route',
  EHOSTDOWN: 'panel-no-route',
  ECONNRESET: 'panel-cut-off',
  EPIPE: 'panel-cut-off',
};

const tls: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'panel-tls-expired',
  CERT_NOT_YET_VALID: 'panel-tls-not-yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'panel-tls-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'panel-tls-self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'panel-tls-chain',
  UNABLE_TO_GET_ISSUER_CERT: 'panel-tls-chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'panel-tls-chain',
  ERR_TLS_CERT_ALTNAME_INVALID: 'panel-tls-name',
};

/** What an error of the socket means. Its own text is not used: it may hold an address with a password in it. */
export function socketFailure(error: unknown): WireFailure {
  const parsed = coded.safeParse(error);
  const code = parsed.success ? parsed.data.code : 'unknown';
  if (code === 'ETIMEDOUT') return timeoutFailure();
  const away = unreachable[code];
  if (away !== undefined) return fail('unreachable', reason(away));
  const certificate = tls[code];
  if (certificate !== undefined) return fail('tls', reason(certificate));
  if (/SSL|TLS|EPROTO|CERT/.test(code)) return fail('tls', reason('panel-tls-other', { code }));
  if (code.startsWith('HPE_')) return fail('bad_response', reason('panel-not-http'));
  return fail('unreachable', reason('panel-socket', { code }));
}

export function timeoutFailure(): WireFailure {
  return fail('timeout', reason('panel-timeout'));
}

/** FastAPI's own words are a text; for a mistake in the request these panels send an object `field → message`. */
const refusal = z.object({ detail: z.union([z.string(), z.record(z.string(), z.unknown())]) });

/** More is no reason any more but a page. */
const LONGEST_DETAIL = 160;

/** The panel's own words in an error body; null: it has none that can be read. */
export function detailOf(body: string): string | null {
  const parsed = refusal.safeParse(parseJson(body));
  if (!parsed.success) return null;
  const { detail } = parsed.data;
  const text =
    typeof detail === 'string'
      ? detail
      : Object.entries(detail)
          .map(([field, said]) => `${field}: ${said}`)
          .join('; ');
  const line = redactSecrets(text.replace(/\s+/g, ' ').trim());
  return line.length > LONGEST_DETAIL ? `${line.slice(0, LONGEST_DETAIL - 1)}…` : line;
}

/** What a status other than success means. */
export function statusFailure(status: number, body: string): WireFailure {
  const detail = detailOf(body);
  if (status === 401) return fail('unauthorized', reason('panel-token-refused'));
  if (status === 403) {
    // A proxy's or a firewall's "forbidden" is a page, not the panel's answer.
    return detail === null
      ? fail('bad_response', reason('panel-proxy-forbids'))
      : fail('forbidden', reason('panel-not-allowed'));
  }
  if (status === 404)
    return fail(
      'not_found',
      reason(detail === null || detail === 'Not Found' ? 'panel-path-unknown' : 'panel-not-found', {
        detail: detail ?? '',
      }),
    );
  if (status === 429) return fail('rate_limited', reason('panel-rate-limited'));
  if (status >= 500) return fail('server_error', reason('panel-server-error', { status: String(status) }));
  if (status >= 400 && detail !== null) return fail('refused', reason('panel-says-no', { detail }));
  return fail('bad_response', reason('panel-odd-status', { status: String(status) }));
}

/** `undefined`: it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

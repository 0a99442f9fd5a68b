import * as z from 'zod';
import { parseJson } from './wire-error.ts';

/** Seconds, by the panel's clock. */
const claims = z.object({ iat: z.number().optional(), exp: z.number().optional() });

/**
 * How long a token lives, ms: the difference of the panel's own two times, so that a panel whose clock is wrong does no
 * harm. Null: it has no end, or is not a JSON web token. The signature is the panel's business.
 */
export function tokenLifetime(token: string, now: number): number | null {
  const [, payload] = token.split('.');
  if (payload === undefined) return null;
  const parsed = claims.safeParse(parseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!parsed.success || parsed.data.exp === undefined) return null;
  const { exp, iat } = parsed.data;
  return Math.max(0, exp * 1000 - (iat === undefined ? now : iat * 1000));
}

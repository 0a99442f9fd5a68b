import { scrypt } from 'node:crypto';
import * as z from 'zod';
import { type Answer, answer, failure, type PanelError } from '../core/panel.ts';
import { reason } from '../core/reason.ts';
import { tokenLifetime } from './jwt.ts';
import type { PanelSource } from './panel.ts';
import type { TokenStore } from './token-store.ts';
import type { Transport } from './transport.ts';
import { parseJson, statusFailure } from './wire-error.ts';

/** Renewed when this share of its life is over. */
const RENEW_AT = 0.9;
const LOGIN_DEADLINE_MS = 5000;
/** A login whose answer was lost may have been posted to the owner's chat: the next tries wait, and wait longer. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 900_000;
/** A panel that refuses the tokens it gives out gets one new login in so long, and each time waits twice as long. */
const RELOGIN_GAP_MS = 600_000;
const LONGEST_GAP_MS = 6 * 3_600_000;

/** One account on one panel. Whoever asks it takes turns, so that one login at a time is under way. */
export interface Session {
  /** What proves who we are; logs in when there is no other way. */
  headers(signal: AbortSignal): Promise<Answer<Readonly<Record<string, string>>>>;
  /** The panel answered 401 to these headers. */
  refused(headers: Readonly<Record<string, string>>): void;
}

interface Held {
  readonly token: string;
  /** Epoch ms. */
  readonly expires: number | null;
  readonly renewAt: number | null;
}

const grant = z.object({ access_token: z.string().min(1) });

/** What tells one password from another without being one. 4 MB of work. */
function slowHash(password: string, salt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 16, { cost: 4096 }, (error, hash) =>
      error ? reject(error) : resolve(hash.toString('hex')),
    );
  });
}

/**
 * Logs in once for a token's whole life, however many ask at once and however often the manager starts. A password
 * that the panel refused is never sent again, until another one is configured.
 */
export function createSession(
  source: PanelSource,
  transport: Transport,
  tokens: TokenStore,
  clock: () => number,
): Session {
  const { username, password, apiKey } = source;
  const key = `${source.baseUrl} ${username}`;
  let held = take(tokens.load(key));
  let mark: Promise<string> | null = null;
  let lastLogin: number | null = null;
  let refusals = 0;
  let wait = { until: 0, length: FIRST_WAIT_MS, error: null as PanelError | null };

  function take(stored: { readonly token: string; readonly expires: number | null } | null): Held | null {
    if (stored === null) return null;
    const { token, expires } = stored;
    const lifetime = tokenLifetime(token, clock());
    const renewAt = expires === null || lifetime === null ? null : expires - lifetime * (1 - RENEW_AT);
    return { token, expires, renewAt };
  }

  async function token(signal: AbortSignal): Promise<Answer<string>> {
    if (!fresh(held)) {
      // Somebody else may have logged in to this account meanwhile.
      const stored = take(tokens.load(key));
      if (stored !== null && alive(stored)) held = stored;
    }
    if (held !== null && fresh(held)) return answer(held.token);
    const got = await login(signal);
    // What could not be renewed is good until its end.
    return !got.ok && held !== null && alive(held) ? answer(held.token) : got;
  }

  function alive({ expires }: Held): boolean {
    return expires === null || clock() < expires;
  }

  function fresh(token: Held | null): boolean {
    return token !== null && alive(token) && (token.renewAt === null || clock() < token.renewAt);
  }

  async function login(signal: AbortSignal): Promise<Answer<string>> {
    if (clock() < wait.until && wait.error !== null) return { ok: false, error: wait.error };
    const rejected = failure('auth_rejected', reason('panel-password-rejected', { username }));
    const marked = tokens.rejected(key);
    if (marked !== null && marked === (await ownMark())) return rejected;
    const begun = clock();
    const reply = await transport.send(
      {
        method: 'POST',
        path: '/api/admin/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'password', username, password }).toString(),
        deadline: LOGIN_DEADLINE_MS,
      },
      signal,
    );
    if (!reply.ok) return later(reply.failure, !neverSent(reply.failure));
    if (reply.status === 401) {
      tokens.reject(key, await ownMark());
      return rejected;
    }
    if (reply.status !== 200) return later(statusFailure(reply.status, reply.body), true);
    const given = grant.safeParse(parseJson(reply.body));
    if (!given.success) return later({ kind: 'bad_response', reason: reason('panel-not-a-panel') }, true);
    const lifetime = tokenLifetime(given.data.access_token, begun);
    const expires = lifetime === null ? null : begun + lifetime;
    tokens.save(key, given.data.access_token, expires);
    tokens.reject(key, null);
    held = take({ token: given.data.access_token, expires });
    lastLogin = begun;
    wait = { until: 0, length: FIRST_WAIT_MS, error: null };
    return answer(given.data.access_token);
  }

  /** Only reckoned when a password was refused: it takes its time and its memory on purpose. */
  function ownMark(): Promise<string> {
    mark ??= slowHash(password, key);
    return mark;
  }

  /** `arrived`: the panel may have got the password, so the next try has to wait. */
  function later(error: PanelError, arrived: boolean): Answer<string> {
    if (arrived) {
      wait = { until: clock() + wait.length, length: Math.min(wait.length * 2, LONGEST_WAIT_MS), error };
    }
    return { ok: false, error };
  }

  function refused(headers: Readonly<Record<string, string>>): void {
    if (held === null || headers.authorization !== bearer(held.token)) return;
    tokens.forget(key);
    held = null;
    const soon = lastLogin !== null && clock() - lastLogin < RELOGIN_GAP_MS;
    refusals = soon ? refusals + 1 : 0;
    if (lastLogin === null || !soon) return;
    const error: PanelError = { kind: 'unauthorized', reason: reason('panel-token-refused') };
    const gap = Math.min(RELOGIN_GAP_MS * 2 ** (refusals - 1), LONGEST_GAP_MS);
    wait = { until: lastLogin + gap, length: FIRST_WAIT_MS, error };
  }

  return {
    refused,
    headers: async (signal) => {
      if (apiKey !== null) return answer({ 'x-api-key': apiKey });
      const got = await token(signal);
      return got.ok ? answer({ authorization: bearer(got.value) }) : got;
    },
  };
}

/** Nothing was posted anywhere: the next poll may try again. */
function neverSent({ kind, reason: why }: PanelError): boolean {
  return kind === 'tls' || ['panel-refused', 'panel-name-unknown', 'panel-no-route'].includes(why.code);
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}

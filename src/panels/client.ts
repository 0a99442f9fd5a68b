import { setMaxListeners } from 'node:events';
import * as z from 'zod';
import { type Answer, answer, failure } from '../core/panel.ts';
import { reason } from '../core/reason.ts';
import { limitTo } from './limit.ts';
import type { LogSink } from './log-stream.ts';
import type { PanelSource } from './panel.ts';
import { createSession, type Session } from './session.ts';
import type { TokenStore } from './token-store.ts';
import { createTransport, type Transport, type WireReply, type WireRequest } from './transport.ts';
import { createTurns } from './turns.ts';
import { parseJson, statusFailure } from './wire-error.ts';

/** What one request asks for. */
export interface Question<T> {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** With its query, encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly shape: z.ZodType<T>;
  /** ms. Default: {@link DEADLINE_MS}. */
  readonly deadline?: number;
  /** A person waits for it. */
  readonly first?: boolean;
  /** Without proof of who we are. */
  readonly anonymous?: boolean;
}

export interface Asked<T> {
  readonly value: T;
  /** From sending to the last byte, ms. */
  readonly latencyMs: number;
  readonly certificateUntil: number | null;
}

/** The way to one panel: one request at a time, logged in, parsed. */
export interface PanelClient {
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T>>;
  askWhole<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<Asked<T>>>;
  /** Follows a log for as long as it goes; takes a turn only to log in. */
  follow(path: string, sink: LogSink, signal: AbortSignal): Promise<Answer<'ended'>>;
  close(): void;
}

const DEADLINE_MS = 5000;
/** What may wait for a panel that has gone slow; a round of polls is five. */
const MOST_WAITING = 16;

export interface ClientOptions {
  readonly source: PanelSource;
  readonly tokens: TokenStore;
  /** Epoch ms. */
  readonly clock: () => number;
}

export function createPanelClient({ source, tokens, clock }: ClientOptions): PanelClient {
  const transport = createTransport(source.baseUrl, source.insecureTls);
  const session = createSession(source, transport, tokens, clock);
  const turns = createTurns(MOST_WAITING);
  const closing = new AbortController();
  // All that wait listen to it; each lets go of it when it is over.
  setMaxListeners(0, closing.signal);

  async function askWhole<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<Asked<T>>> {
    const limit = limitTo([signal, closing.signal], null);
    const turn = turns.take(async () => {
      if (limit.signal.aborted) return failure('cancelled', reason('panel-cancelled'));
      const sent = await send(transport, session, question, limit.signal);
      return sent.ok ? parse(sent.value, question.shape) : sent;
    }, question.first ?? false);
    const asked = await turn?.finally(limit.release);
    if (asked !== undefined) return asked;
    limit.release();
    return failure('busy', reason('panel-busy'));
  }

  async function follow(path: string, sink: LogSink, signal: AbortSignal): Promise<Answer<'ended'>> {
    const limit = limitTo([signal, closing.signal], null);
    try {
      const proof = await turns.take(() => session.headers(limit.signal), false);
      if (proof === null) return failure('busy', reason('panel-busy'));
      if (!proof.ok) return proof;
      // Loaded only where a log is followed.
      const { followLogStream } = await import('./log-stream.ts');
      const url = `${source.baseUrl.replace(/^http/, 'ws')}${path}`;
      return await followLogStream({ url, headers: proof.value, insecureTls: source.insecureTls, sink }, limit.signal);
    } finally {
      limit.release();
    }
  }

  return {
    askWhole,
    follow,
    ask: async (question, signal) => {
      const asked = await askWhole(question, signal);
      return asked.ok ? answer(asked.value.value) : asked;
    },
    close: () => {
      closing.abort();
      transport.close();
    },
  };
}

interface Sent {
  readonly body: string;
  readonly latencyMs: number;
  readonly certificateUntil: number | null;
}

async function send(
  transport: Transport,
  session: Session,
  question: Question<unknown>,
  signal: AbortSignal,
): Promise<Answer<Sent>> {
  const first = await once(transport, session, question, signal);
  if (!first.ok || first.value.status !== 401 || question.anonymous) return first.ok ? judge(first.value) : first;
  // The token died early (the admin's password was set anew): one new login, then the answer stands.
  const second = await once(transport, session, question, signal);
  return second.ok ? judge(second.value) : second;
}

type Exchange = Sent & { readonly status: number };

async function once(
  transport: Transport,
  session: Session,
  { method = 'GET', path, body, deadline = DEADLINE_MS, anonymous = false }: Question<unknown>,
  signal: AbortSignal,
): Promise<Answer<Exchange>> {
  const proof = anonymous ? answer({}) : await session.headers(signal);
  if (!proof.ok) return proof;
  const headers = body === undefined ? proof.value : { ...proof.value, 'content-type': 'application/json' };
  const request: WireRequest = {
    method,
    path,
    headers,
    deadline,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  // Real time, not the injected clock: a latency is a measurement.
  const begun = performance.now();
  const reply: WireReply = await transport.send(request, signal);
  const latencyMs = performance.now() - begun;
  if (!reply.ok) return { ok: false, error: reply.failure };
  if (reply.status === 401) session.refused(proof.value);
  return answer({ status: reply.status, body: reply.body, latencyMs, certificateUntil: reply.certificateUntil });
}

function judge(exchange: Exchange): Answer<Sent> {
  if (exchange.status >= 200 && exchange.status < 300) return answer(exchange);
  return { ok: false, error: statusFailure(exchange.status, exchange.body) };
}

function parse<T>({ body, latencyMs, certificateUntil }: Sent, shape: z.ZodType<T>): Answer<Asked<T>> {
  const json = body === '' ? null : parseJson(body);
  if (json === undefined) return failure('bad_response', reason('panel-not-json'));
  const parsed = shape.safeParse(json);
  if (parsed.success) return answer({ value: parsed.data, latencyMs, certificateUntil });
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  return failure('bad_response', reason('panel-odd-answer', { field: where === '' ? '.' : where }));
}

/** For answers whose content does not matter. */
export const anything = z.unknown();

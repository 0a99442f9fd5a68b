import { GrammyError, HttpError } from 'grammy';
import * as z from 'zod';
import { type Reason, reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import { notConnected } from './client.ts';

/** What a failed call means. Telegram's error texts are read here and nowhere else. */
export type Failure =
  /** Wait so long (s). */
  | { readonly kind: 'flood'; readonly after: number }
  /** Telegram itself is in trouble; the call may have been carried out. */
  | { readonly kind: 'server'; readonly code: number }
  /** No answer. `arrived`: whether the request may have reached Telegram. */
  | { readonly kind: 'network'; readonly arrived: boolean; readonly detail: string }
  | { readonly kind: 'unauthorized' }
  /** Somebody else polls with this token, or (`webhook`) has its updates sent elsewhere. */
  | { readonly kind: 'conflict'; readonly webhook: boolean }
  | { readonly kind: 'stale-query' }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'message-gone' }
  | { readonly kind: 'recipient-gone'; readonly detail: string }
  | { readonly kind: 'moved'; readonly chat: string }
  /** The HTML does not parse. */
  | { readonly kind: 'bad-html'; readonly detail: string }
  | { readonly kind: 'bad-buttons'; readonly detail: string }
  | { readonly kind: 'topic-gone'; readonly detail: string }
  | { readonly kind: 'refused'; readonly detail: string };

/** Failures before a connection stood: nothing can have arrived. */
const beforeConnecting = new Set([
  notConnected,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
]);

const texts: readonly (readonly [RegExp, (detail: string) => Failure])[] = [
  [/query is too old|query ID is invalid/i, () => ({ kind: 'stale-query' })],
  [/message is not modified/i, () => ({ kind: 'not-modified' })],
  [
    /message to edit not found|message can't be edited|no text in the message to edit|MESSAGE_ID_INVALID/i,
    () => ({ kind: 'message-gone' }),
  ],
  [
    /chat not found|user not found|PEER_ID_INVALID|can't initiate conversation|not enough rights to send|have no rights to send|CHAT_WRITE_FORBIDDEN/i,
    (detail) => ({ kind: 'recipient-gone', detail }),
  ],
  [/can't parse entities/i, (detail) => ({ kind: 'bad-html', detail })],
  [/BUTTON_|inline keyboard|reply keyboard|reply markup/i, (detail) => ({ kind: 'bad-buttons', detail })],
  [/message thread not found|TOPIC_(?:DELETED|CLOSED)/i, (detail) => ({ kind: 'topic-gone', detail })],
];

/** What a failed Bot API call means; null: this is no failed call but a mistake of ours. */
export function classify(error: unknown): Failure | null {
  if (error instanceof GrammyError) return ofAnswer(error);
  if (error instanceof HttpError) return ofNetwork(error.error);
  return null;
}

function ofAnswer({ error_code: code, description, parameters }: GrammyError): Failure {
  const detail = redactSecrets(description);
  if (parameters.migrate_to_chat_id !== undefined)
    return { kind: 'moved', chat: String(parameters.migrate_to_chat_id) };
  if (code === 429) return { kind: 'flood', after: Math.max(1, parameters.retry_after ?? 1) };
  if (code === 401) return { kind: 'unauthorized' };
  if (code === 403) return { kind: 'recipient-gone', detail };
  if (code === 409) return { kind: 'conflict', webhook: /webhook is active/i.test(description) };
  // grammY's error has no number where something that is not the Bot API answered in JSON.
  if (typeof code !== 'number') return { kind: 'network', arrived: true, detail: 'not a Bot API answer' };
  if (code >= 500) return { kind: 'server', code };
  for (const [pattern, make] of texts) if (pattern.test(description)) return make(detail);
  return { kind: 'refused', detail };
}

const inner = z.object({ code: z.string().optional(), type: z.string().optional(), message: z.string() });

/** The message of what lies inside an HttpError holds the whole URL, with the token: only its code is shown. */
function ofNetwork(error: unknown): Failure {
  const found = inner.safeParse(error).data;
  const arrived = !beforeConnecting.has(found?.code ?? '');
  if (found === undefined) return { kind: 'network', arrived, detail: 'no answer' };
  const timedOut = /timed out|aborted/i.test(found.message);
  const said = found.code === notConnected ? redactSecrets(found.message.replace(/^.*reason: /s, '')) : undefined;
  return {
    kind: 'network',
    arrived,
    detail: said ?? found.code ?? (timedOut ? 'timeout' : (found.type ?? 'no answer')),
  };
}

/** The failure in a form that every language can say. */
export function reasonOf(failure: Failure): Reason {
  switch (failure.kind) {
    case 'flood':
      return reason('telegram-flood', { seconds: failure.after });
    case 'server':
      return reason('telegram-server', { code: String(failure.code) });
    case 'network':
      return reason('telegram-no-answer', { detail: failure.detail });
    case 'unauthorized':
      return reason('telegram-unauthorized');
    case 'conflict':
      return reason('telegram-conflict');
    case 'recipient-gone':
      return reason('telegram-recipient-gone', { detail: failure.detail });
    case 'moved':
      return reason('telegram-moved', { chat: failure.chat });
    case 'stale-query':
    case 'not-modified':
    case 'message-gone':
      return reason('telegram-refused', { detail: failure.kind });
    case 'bad-html':
    case 'bad-buttons':
    case 'topic-gone':
    case 'refused':
      return reason('telegram-refused', { detail: failure.detail });
  }
}

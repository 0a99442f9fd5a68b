import * as z from 'zod';
import type { Incident } from '../core/incident.ts';
import { type Reason, reason } from '../core/reason.ts';
import { messageNumber, plain } from './plain.ts';
import type { Delivery, Message, Transport } from './transport.ts';

export interface WebhookOptions {
  /** Secret: who knows it may post there. */
  readonly url: string;
  readonly host: string;
  /** Epoch ms. */
  readonly clock: () => number;
  /** Ms until a try is given up. Default: 10 s. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 10_000;
const AGAIN_MS = 15_000;
/** A receiver that asks for more patience than this (ms) is asked again all the same. */
const LONGEST_WAIT_MS = 10 * 60_000;

/** Failures before a connection stood: nothing can have arrived. */
const beforeSending = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);
const causeSchema = z.object({ cause: z.object({ code: z.string() }) });

/**
 * Alerts as JSON to an address. 2xx: taken. 408, 425, 429 and 5xx: again. Every other answer is final: a receiver that
 * says 400 says it the hundred-thousandth time, too. A repeated delivery carries the same Idempotency-Key.
 */
export function createWebhook({ url, host, clock, timeout = TIMEOUT_MS }: WebhookOptions): Transport {
  function again(cause: Reason, uncertain: boolean, after = AGAIN_MS): Delivery {
    return { outcome: 'retry', at: clock() + after, uncertain, scope: 'chat', cause };
  }

  async function send(message: Message): Promise<Delivery> {
    const id = messageNumber(message.key ?? '') || clock();
    let response: Response;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(message.key && { 'Idempotency-Key': message.key }) },
        body: JSON.stringify(bodyOf(message, host, clock())),
        // Another place was not agreed on; the alert is not carried there.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      });
      await response.body?.cancel();
    } catch (error) {
      const code = causeSchema.safeParse(error).data?.cause.code ?? 'timeout';
      return again(reason('webhook-no-answer', { detail: code }), !beforeSending.has(code));
    }
    const { status } = response;
    if (response.ok) return { outcome: 'sent', messageId: id };
    const cause = reason('webhook-refused', { status: String(status) });
    if (status === 408 || status === 425 || status === 429) return again(cause, false, waitOf(response));
    if (status >= 500) return again(cause, true, waitOf(response));
    return { outcome: 'refused', cause };
  }

  return {
    send: (_to, message) => send(message),
    edit: async (_to, messageId) => ({ outcome: 'sent', messageId }),
  };
}

/** What the receiver asks for in seconds, within reason. */
function waitOf(response: Response): number {
  const asked = Number(response.headers.get('retry-after') ?? Number.NaN) * 1000;
  return asked > 0 ? Math.min(asked, LONGEST_WAIT_MS) : AGAIN_MS;
}

function bodyOf(message: Message, host: string, now: number) {
  return {
    version: 1,
    host,
    sent_at: new Date(now).toISOString(),
    text: plain(message.text),
    incidents: (message.about ?? []).map(incidentOf),
  };
}

function incidentOf(incident: Incident) {
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const { id, key, service, kind, level, resolution, reason: why, acknowledgedBy } = incident;
  const taken = acknowledgedBy === null ? 'open' : 'acknowledged';
  return {
    ...{ id, key, service, kind, level },
    status: incident.resolvedAt === null ? taken : 'resolved',
    opened_at: time(incident.openedAt),
    resolved_at: time(incident.resolvedAt),
    resolution,
    acknowledged_by: acknowledgedBy,
    reason: why,
  };
}

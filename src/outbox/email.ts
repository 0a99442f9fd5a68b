import { createTransport } from 'nodemailer';
import * as z from 'zod';
import { type Reason, reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import { messageNumber, plain } from './plain.ts';
import type { Delivery, Message, Transport } from './transport.ts';

export interface EmailOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. Secret. */
  readonly smtpUrl: string;
  readonly from: string;
  /** The host's name, for the ids of messages. */
  readonly host: string;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Ms for the connection, for the greeting, and for each answer of the server. */
const PATIENCE_MS = 10_000;
/** Ms for all of it, whatever the server does. */
const DEADLINE_MS = 45_000;
const AGAIN_MS = 30_000;
/** A refused login is tried seldom: servers shut out those who insist. */
const LOGIN_AGAIN_MS = 10 * 60_000;
const LONGEST_SUBJECT = 120;
const LONGEST_DETAIL = 200;

/** Failures before a message could have been handed over. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EDNS',
  'ETLS',
]);

const failureSchema = z.object({
  code: z.string().optional(),
  originalCode: z.string().optional(),
  responseCode: z.number().optional(),
  response: z.string().optional(),
});

/** Alerts by e-mail, one connection each. What was sent cannot be changed: an edit does nothing and says it is done. */
export function createEmail(options: EmailOptions): Transport {
  const { smtpUrl, from, host, clock } = options;
  const url = new URL(smtpUrl);
  const own = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  const explicit = url.searchParams.has('ignoreTLS') || url.searchParams.has('requireTLS');
  const transporter = createTransport({
    url: smtpUrl,
    // A password is never sent in the clear because somebody in between took STARTTLS away.
    ...(url.protocol === 'smtp:' && url.password !== '' && !own && !explicit && { requireTLS: true }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    dnsTimeout: PATIENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const nameOf = (id: number) => `<orbit.${id}@${host}>`;

  async function send(to: string, message: Message): Promise<Delivery> {
    const id = messageNumber(message.key ?? '') || clock();
    const text = plain(message.text);
    const mail = transporter.sendMail({
      from,
      to,
      subject: subjectOf(text, host),
      text,
      html: `<div style="white-space: pre-wrap">${message.text}</div>`,
      messageId: nameOf(id),
      // Mail that is repeated after a lost answer has the same id, and a follow-up stands under what it answers.
      ...(message.replyTo !== null && { inReplyTo: nameOf(message.replyTo), references: nameOf(message.replyTo) }),
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<Delivery>((resolve) => {
      limit = setTimeout(() => resolve(again(reason('email-no-answer', { detail: 'timeout' }), true)), DEADLINE_MS);
    });
    const done = mail.then((): Delivery => ({ outcome: 'sent', messageId: id }), settle);
    const delivery = await Promise.race([done, late]);
    clearTimeout(limit);
    return delivery;
  }

  function again(cause: Reason, uncertain: boolean, after = AGAIN_MS): Delivery {
    return { outcome: 'retry', at: clock() + after, uncertain, scope: 'chat', cause };
  }

  function settle(error: unknown): Delivery {
    const { code = '', originalCode = '', responseCode, response } = failureSchema.parse(error);
    if (code === 'EAUTH' || code === 'ENOAUTH') return again(reason('email-login'), false, LOGIN_AGAIN_MS);
    if (responseCode === undefined) {
      const surely = beforeSending.has(originalCode) || beforeSending.has(code);
      return again(reason('email-no-answer', { detail: originalCode || code || 'no answer' }), !surely);
    }
    const detail = redactSecrets(response ?? String(responseCode)).slice(0, LONGEST_DETAIL);
    const cause = reason('email-refused', { detail });
    return responseCode >= 500 ? { outcome: 'refused', cause } : again(cause, false);
  }

  return {
    send: ({ chat }, message) => send(chat.replace(/^mailto:/, ''), message),
    edit: async (_to, messageId) => ({ outcome: 'sent', messageId }),
  };
}

/** The first line says what it is about. */
function subjectOf(text: string, host: string): string {
  const first = text.split('\n', 1)[0] ?? '';
  const cut = [...first].slice(0, LONGEST_SUBJECT).join('');
  return `[${host}] ${cut}`;
}

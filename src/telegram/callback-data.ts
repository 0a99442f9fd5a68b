import { z } from 'zod';

/**
 * What our own inline buttons say when pressed: `<kind>:<argument>:…`. No `/` in it, so that it can never be taken for
 * a button of a menu. Whatever arrives is untrusted: an old message may carry the data of an older version.
 */
const verb = z.enum(['start', 'stop', 'restart']);

/** As in the configuration; `:` and `/` stay out. */
const service = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/);

const nonce = z.string().regex(/^[\w-]{8,16}$/);

const schema = z.union([
  /** Asks for a confirmation (or starts) in a new message, since the alert stays as it is. */
  z.tuple([z.literal('act'), verb, service]).transform(([kind, verb, service]) => ({ kind, verb, service })),
  /** `logs`: the last lines in a new message. `open`: turns this message into the service's screen. */
  z.tuple([z.enum(['logs', 'open']), service]).transform(([kind, service]) => ({ kind, service })),
  /** The two answers to a confirmation. */
  z.tuple([z.enum(['yes', 'no']), nonce, service]).transform(([kind, nonce, service]) => ({ kind, nonce, service })),
  /** `menu`: the list of services. `leave`: ends the question of the log search. */
  z.tuple([z.enum(['menu', 'leave'])]).transform(([kind]) => ({ kind })),
]);

export type CallbackData = z.output<typeof schema>;

/** Telegram's limit for `callback_data`, in bytes of UTF-8. */
export const maxBytes = 64;

/** Throws on data that would not come back as it went: a mistake of ours, not of a person. */
export function encode(data: CallbackData): string {
  const text = fields(data).join(':');
  if (decode(text) === null || Buffer.byteLength(text) > maxBytes) throw new Error(`Not fit for a button: ${text}`);
  return text;
}

function fields(data: CallbackData): readonly string[] {
  if ('verb' in data) return [data.kind, data.verb, data.service];
  if ('nonce' in data) return [data.kind, data.nonce, data.service];
  return 'service' in data ? [data.kind, data.service] : [data.kind];
}

/** null: not ours, or of a version that said it differently. */
export function decode(text: string): CallbackData | null {
  return schema.safeParse(text.split(':')).data ?? null;
}

import * as z from 'zod';

/** A screen in the chat. `page`: of the list one came from, counted from 0. */
export type Place =
  | { readonly at: 'list'; readonly page: number }
  | { readonly at: 'service' | 'logs'; readonly service: string; readonly page: number }
  | { readonly at: 'settings' }
  /** What can be done to all services at once. */
  | { readonly at: 'all' }
  /** `page` of the alerts, also for the one that was opened from there. */
  | { readonly at: 'alerts' | 'audit'; readonly page: number }
  | { readonly at: 'alert'; readonly incident: number; readonly page: number }
  /** What is muted and can be; null: everything. */
  | { readonly at: 'mutes'; readonly service: string | null; readonly page: number };

/**
 * What the buttons of a menu carry, and what their handlers go by: where they were drawn, and what they are to do.
 * The position of a button says nothing: the services may have changed places since.
 */
export interface Payload {
  readonly page: number;
  readonly service: string | null;
  /** A verb, a language, a preference; null: the button only leads somewhere. */
  readonly choice: Choice | null;
}

const choices = {
  ...{ a: 'start', o: 'stop', r: 'restart', u: 'unmute', en: 'en', ru: 'ru' },
  ...{ li: 'info', lw: 'warning', le: 'error', lc: 'critical', qy: 'quiet-on', qn: 'quiet-off' },
} as const;
export type Choice = (typeof choices)[keyof typeof choices];

const codes = new Map<Choice, string>(Object.entries(choices).map(([code, choice]) => [choice, code]));

/** At most 39 bytes; a menu has room for 40. */
export function writePayload({ page, service, choice }: Payload): string {
  return [String(page), service ?? '', ...(choice === null ? [] : [codes.get(choice)])].join(':');
}

const shape = z
  .string()
  .regex(/^\d{1,3}:(?:[a-z0-9][a-z0-9._-]{0,31})?(?::[a-z]{1,2})?$/)
  .transform((text): Payload => {
    const [page, service, code] = text.split(':');
    const choice = Object.entries(choices).find(([known]) => known === code)?.[1] ?? null;
    return { page: Number(page), service: service ? service : null, choice };
  });

/** What a pressed button carried; the first page and nothing else for anything else (a command's words, say). */
export function readPayload(match: unknown): Payload {
  return shape.safeParse(match).data ?? { page: 0, service: null, choice: null };
}

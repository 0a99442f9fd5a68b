import type { Reason } from './reason.ts';

/** What of the set-up was looked at. */
export const topics = [
  'node',
  'config',
  'data',
  'manager',
  'telegram',
  'admins',
  'services',
  'stores',
  'http',
  'host',
] as const;
export type Topic = (typeof topics)[number];

/** One thing that was found out about the set-up. */
export interface Finding {
  readonly topic: Topic;
  /** Which one of several: a service, a place in the configuration; null: there is only one. */
  readonly about: string | null;
  /** note: it works, but somebody may want to know. */
  readonly level: 'ok' | 'note' | 'wrong';
  readonly what: Reason;
  /** How to mend it; null: nothing to mend, or it says so itself. */
  readonly advice: Reason | null;
}

import type { Change, Incident, Level } from './incident.ts';

/** Whether a change of an incident is told to one recipient, and how. */
export type Verdict =
  /** A message with a sound (or without, for `silent`). */
  | { readonly verdict: 'send'; readonly silent: boolean }
  /** Only what that chat has seen already is brought up to date, without a sound. */
  | { readonly verdict: 'edit' }
  | { readonly verdict: 'drop'; readonly why: 'superseded' };

const quietLevels: readonly Level[] = ['info'];

/** The one place that decides what a recipient hears of an incident. Every path to a chat comes through here. */
export function gate(change: Change['change'], incident: Incident): Verdict {
  if (change === 'updated') return { verdict: 'edit' };
  // It ended because something worse took its place, which is told on its own.
  if (change === 'resolved' && incident.resolution === 'superseded') return { verdict: 'edit' };
  return { verdict: 'send', silent: quietLevels.includes(incident.level) };
}

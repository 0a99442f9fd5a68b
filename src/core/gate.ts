import type { Change, Incident, Level } from './incident.ts';

/** Whether a change of an incident is told to one recipient, and how. */
export type Verdict =
  /** A message with a sound (or without, for `silent`). */
  | { readonly verdict: 'send'; readonly silent: boolean }
  /** Only what that chat has seen already is brought up to date, without a sound. */
  | { readonly verdict: 'edit' };

const quietLevels: readonly Level[] = ['info'];

/** The one place that decides what a recipient hears of an incident. Every path to a chat comes through here. */
export function gate(change: Change['change'], incident: Incident): Verdict {
  if (change === 'updated') return { verdict: 'edit' };
  // It ended because something worse took its place, or because the operator did it himself: he knows.
  const recovered = incident.resolution === null || incident.resolution === 'recovered';
  if (change === 'resolved' && !recovered) return { verdict: 'edit' };
  return { verdict: 'send', silent: quietLevels.includes(incident.level) };
}

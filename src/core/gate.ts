import type { Incident, Level } from './incident.ts';
import { levels } from './incident.ts';
import { endOfHours, type Hours } from './local-time.ts';
import { coveringMute, type Mute } from './mute.ts';

/** Why something is to be told of an incident. */
export type NoticeKind = 'opened' | 'worse' | 'repeat' | 'escalated' | 'updated' | 'resolved';

/** What the gate knows of the one who would hear it, and of the world at that moment. */
export interface GateView {
  readonly now: number;
  /** IANA name, for quiet hours. */
  readonly timezone: string;
  readonly mutes: readonly Mute[];
  /** From which level up this chat wants to hear. */
  readonly level: Level;
  readonly quiet: Hours | null;
  /** This chat has a message about it already. */
  readonly shown: boolean;
  /** The gate has held its opening before. */
  readonly held: boolean;
  /** It is one of the ups and downs of a service that flaps. */
  readonly flapping: boolean;
  /** What it depends on is down: the cause is told, not this. */
  readonly caused: boolean;
}

/** What becomes of a notice, named so that it is logged and shown. */
export type Verdict =
  /** A new message, or the reply that says it is over. */
  | { readonly verdict: 'send'; readonly silent: boolean }
  /** What the chat has is brought up to date, without a sound. */
  | { readonly verdict: 'edit' }
  /** Asked again at `until` at the latest: what is over by then is dropped, the rest is told. */
  | {
      readonly verdict: 'hold';
      readonly until: number;
      readonly why: 'muted' | 'maintenance' | 'quiet-hours' | 'flapping' | 'dependency';
    }
  | { readonly verdict: 'drop'; readonly why: 'acknowledged' | 'below-level' | 'over-before-told' | 'not-shown' };

/** What depends on something else's end is asked again this often. */
const ASK_AGAIN_MS = 5000;

const sounding: readonly NoticeKind[] = ['opened', 'worse', 'repeat', 'escalated'];

/**
 * The one function that decides what a chat hears of an incident. `kinds` is all that waits to be told of it there.
 * It is asked when something is about to be sent, not when it happened: a mute acts on what is queued, too. Openings
 * can be suppressed, what was told is always brought to its end.
 */
export function gate(kinds: readonly NoticeKind[], incident: Incident, view: GateView): Verdict {
  return incident.resolvedAt === null ? gateOpen(kinds, incident, view) : gateOver(kinds, incident, view);
}

/** What becomes of a digest, whose level is that of the worst it tells of: like a new alert, only never critical. */
export function gateDigest(
  level: Level,
  view: Pick<GateView, 'now' | 'timezone' | 'mutes' | 'level' | 'quiet'>,
): Verdict {
  if (levels.indexOf(level) < levels.indexOf(view.level)) return { verdict: 'drop', why: 'below-level' };
  const muted = view.mutes.filter(
    ({ scope, from, until }) => scope.covers === 'all' && view.now >= from && view.now < until,
  );
  const until = Math.max(0, ...muted.map((mute) => mute.until));
  if (until > 0) return { verdict: 'hold', until, why: 'muted' };
  const morning = endOf(view);
  if (morning !== null) return { verdict: 'hold', until: morning, why: 'quiet-hours' };
  return { verdict: 'send', silent: level === 'info' };
}

function gateOver(kinds: readonly NoticeKind[], incident: Incident, view: GateView): Verdict {
  const recovered = incident.resolution === 'recovered';
  const below = levels.indexOf(incident.level) < levels.indexOf(view.level);
  if (view.shown) {
    const muted = coveringMute(view.mutes, incident.service, incident.id, view.now) !== null;
    // It ended because something worse took its place, or because the operator did it himself: he knows.
    const flapping = view.flapping && incident.kind !== 'flapping';
    if (!kinds.includes('resolved') || !recovered || muted || below || flapping) return { verdict: 'edit' };
    const asleep = incident.level !== 'critical' && endOf(view) !== null;
    return { verdict: 'send', silent: asleep || incident.level === 'info' };
  }
  if (!kinds.some((kind) => sounding.includes(kind))) return { verdict: 'drop', why: 'not-shown' };
  if (below) return { verdict: 'drop', why: 'below-level' };
  if (view.held || !recovered) return { verdict: 'drop', why: 'over-before-told' };
  // It could not be delivered while it lasted: told and ended in one message.
  return { verdict: 'send', silent: incident.level === 'info' };
}

function gateOpen(kinds: readonly NoticeKind[], incident: Incident, view: GateView): Verdict {
  const edit: Verdict = view.shown ? { verdict: 'edit' } : { verdict: 'drop', why: 'not-shown' };
  const loud = kinds.filter((kind) => sounding.includes(kind));
  if (loud.length === 0) return edit;
  if (levels.indexOf(incident.level) < levels.indexOf(view.level))
    return view.shown ? edit : { verdict: 'drop', why: 'below-level' };
  const reminder = loud.every((kind) => kind === 'repeat' || kind === 'escalated');
  if (reminder && incident.acknowledgedAt !== null) return view.shown ? edit : { verdict: 'drop', why: 'acknowledged' };
  const hold = holdFor(incident, view);
  if (hold === null) return { verdict: 'send', silent: incident.level === 'info' };
  return view.shown ? edit : hold;
}

function endOf(view: Pick<GateView, 'quiet' | 'now' | 'timezone'>): number | null {
  return view.quiet === null ? null : endOfHours(view.quiet, view.now, view.timezone);
}

function holdFor(incident: Incident, view: GateView): Verdict | null {
  const mute = coveringMute(view.mutes, incident.service, incident.id, view.now);
  if (mute !== null)
    return { verdict: 'hold', until: mute.until, why: mute.kind === 'maintenance' ? 'maintenance' : 'muted' };
  const again = view.now + ASK_AGAIN_MS;
  if (view.caused) return { verdict: 'hold', until: again, why: 'dependency' };
  if (view.flapping && incident.kind !== 'flapping') return { verdict: 'hold', until: again, why: 'flapping' };
  const morning = endOf(view);
  if (morning !== null && incident.level !== 'critical') return { verdict: 'hold', until: morning, why: 'quiet-hours' };
  return null;
}

import type { Incident } from './incident.ts';
import type { Mute, Scope } from './mute.ts';
import type { Reason } from './reason.ts';
import type { Actor } from './snapshot.ts';

/** What became of a wish about alerts. */
export type AlertingResult = { readonly ok: true } | { readonly ok: false; readonly reason: Reason };

/** The door to incidents for chat, CLI and HTTP: see, take on, silence. Everything is audited. */
export interface Alerting {
  /** Worst first. */
  open(): readonly Incident[];
  get(id: number): Incident | null;
  /** Those that are over, newest first, resolved before `before` (epoch ms; null: now). */
  past(before: number | null, limit: number): readonly Incident[];
  acknowledge(id: number, by: Actor): AlertingResult;
  /** Mutes and maintenance windows that have not ended, the next to end first. */
  mutes(): readonly Mute[];
  /** `until`: epoch ms, at most a week ahead. */
  mute(kind: Mute['kind'], scope: Scope, until: number, by: Actor): AlertingResult;
  unmute(id: number, by: Actor): AlertingResult;
}

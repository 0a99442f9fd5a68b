import type { AuditEntry } from './audit.ts';
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
  /** Those that are over, newest first, resolved before `before` (epoch ms; null: now), without the first `skip`. */
  past(before: number | null, limit: number, skip?: number): readonly Incident[];
  /** Names of the services whose open incidents this one explains. */
  affectedBy(incident: Incident): readonly string[];
  /** Takes them on, in one go. Refused only when that could be done for none of them. */
  acknowledge(ids: readonly number[], by: Actor): AlertingResult;
  /** Mutes and maintenance windows that have not ended, the next to end first. */
  mutes(): readonly Mute[];
  /** `until`: epoch ms, at most a week ahead. Takes the place of what the same scope has of that kind; all or nothing. */
  mute(kind: Mute['kind'], scopes: readonly Scope[], until: number, by: Actor): AlertingResult;
  /** Ends those with these ids, or all that have exactly this scope. Refused when there is none. */
  unmute(which: readonly number[] | Scope, by: Actor): AlertingResult;
  /** Who did what, newest first, without the first `skip`. */
  audit(limit: number, skip?: number): readonly AuditEntry[];
}

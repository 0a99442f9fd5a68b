import { conditionOf } from './condition.ts';
import { inMaintenance, type Mute } from './mute.ts';
import type { ServiceView } from './snapshot.ts';

/** How a service stands for the reckoning of its availability. `off`: somebody stopped it on purpose. */
export const standings = ['up', 'down', 'unknown', 'off', 'maintenance'] as const;
export type Standing = (typeof standings)[number];

/** What a service's standing is told from. */
export type Standee = Pick<ServiceView, 'name' | 'state' | 'wanted' | 'health' | 'reason'>;

/** What counts now. Only what was proven well is up: what nobody can tell is not. */
export function standingOf(view: Standee, mutes: readonly Mute[], now: number): Standing {
  if (inMaintenance(mutes, view.name, now)) return 'maintenance';
  if (view.state === 'stopped' && view.wanted === 'down') return 'off';
  // It does not serve while it comes and goes, however good the reason.
  if (view.state === 'starting' || view.state === 'stopping') return 'down';
  const condition = conditionOf(view);
  if (condition === 'unhealthy') return 'down';
  return condition === 'unknown' ? 'unknown' : 'up';
}

/** Ms of each standing in a span of time, and of no manager there to look. */
export type Tally = Readonly<Record<Standing | 'unwatched', number>>;

/** How available something was. */
export interface Availability {
  /** From 0 to 1; null: there was no time in which it should have been up. */
  readonly share: number | null;
  /** Ms of it about which nothing is known; they are not counted as up. */
  readonly unknown: number;
}

/** Planned work and what was stopped on purpose do not count; what is not known counts as not up, and is said. */
export function availabilityOf({ up, down, unknown, unwatched }: Tally): Availability {
  const counted = up + down + unknown + unwatched;
  return { share: counted === 0 ? null : up / counted, unknown: unknown + unwatched };
}

import { inMaintenance, type Mute } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import { isThere, type ServiceRecord } from '../core/service.ts';
import type { Managed } from './managed.ts';

export interface HoldOptions {
  readonly services: ReadonlyMap<string, Managed>;
  readonly mutes: () => readonly Mute[];
  readonly clock: () => number;
}

/**
 * For so long (ms) a start waits for the sight of a need that cannot be seen. Not to be seen is not down: an engine
 * that is only coming up after a boot shows it within this time, and one that stays away may have left it running.
 */
const SIGHT_MS = 60_000;

/** So many failures in a row are no accident: it has to live through its `start_grace` first. */
const LOOPS_FROM = 2;

/**
 * Why the manager must not start a service by itself now: somebody works on it, or what it needs is not there. A
 * restart against a missing database only burns the restart window.
 */
export function createHold({ services, mutes, clock }: HoldOptions) {
  const begunAt = clock();

  /** What an earlier manager lost sight of has been looked for by this one since its own begin. */
  function isLostForGood({ state, since }: ServiceRecord): boolean {
    return state === 'unknown' && clock() - Math.max(since, begunAt) >= SIGHT_MS;
  }

  /** The first of what it needs that its start waits for. */
  function awaited(service: Managed): Managed | undefined {
    const needs = service.config.depends_on.flatMap((name) => services.get(name) ?? []);
    return needs.find(({ record }) => !holdsUp(record) && !isLostForGood(record));
  }

  return {
    awaited,
    on(service: Managed): Reason | null {
      if (inMaintenance(mutes(), service.record.name, clock())) return reason('held-maintenance');
      const needed = awaited(service);
      if (needed === undefined) return null;
      const name = needed.config.title;
      if (needed.record.state === 'unknown') return reason('held-unseen', { name, seconds: SIGHT_MS / 1000 });
      return reason(isThere(needed.record) ? 'held-unproven' : 'held-dependency', { name });
    },
  };
}

export type Hold = ReturnType<typeof createHold>;

/**
 * Whether a start may rely on it. One that has died again and again is up for a moment each time: what is started in
 * such moments dies with it.
 */
export function holdsUp(record: ServiceRecord): boolean {
  return isThere(record) && (record.settled || record.attempt < LOOPS_FROM || record.state !== 'running');
}

/** Those of the services it needs that do not run, as far as anybody can see. */
export function missingNeeds(service: Managed, services: ReadonlyMap<string, Managed>): readonly Managed[] {
  return service.config.depends_on.flatMap((name) => {
    const needed = services.get(name);
    return needed !== undefined && !isThere(needed.record) ? [needed] : [];
  });
}

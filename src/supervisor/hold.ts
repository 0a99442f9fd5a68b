import { inMaintenance, type Mute } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import { isThere } from '../core/service.ts';
import type { Managed } from './managed.ts';

/**
 * Why the manager must not start a service by itself now: somebody works on it, or what it needs is not there. A
 * restart against a missing database only burns the restart window.
 */
export function holdOn(
  service: Managed,
  services: ReadonlyMap<string, Managed>,
  mutes: readonly Mute[],
  now: number,
): Reason | null {
  if (inMaintenance(mutes, service.record.name, now)) return reason('held-maintenance');
  const [missing] = missingNeeds(service, services);
  return missing === undefined ? null : reason('held-dependency', { name: missing.config.title });
}

/** Those of the services it needs that do not run. */
export function missingNeeds(service: Managed, services: ReadonlyMap<string, Managed>): readonly Managed[] {
  return service.config.depends_on.flatMap((name) => {
    const needed = services.get(name);
    return needed !== undefined && !isThere(needed.record) ? [needed] : [];
  });
}

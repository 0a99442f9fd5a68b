import { inMaintenance, type Mute } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
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
  const missing = missingNeed(service, services);
  return missing === null ? null : reason('held-dependency', { name: missing.config.title });
}

/** The first of the services it needs that does not run, or null. */
export function missingNeed(service: Managed, services: ReadonlyMap<string, Managed>): Managed | null {
  for (const name of service.config.depends_on) {
    const needed = services.get(name);
    if (needed !== undefined && needed.record.state !== 'running') return needed;
  }
  return null;
}

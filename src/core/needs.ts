import { isThere } from './service.ts';
import type { ServiceView } from './snapshot.ts';

/** Of what it depends on, that which does not run; in the order of its configuration. */
export function missingNeeds(view: ServiceView, services: readonly ServiceView[]): readonly ServiceView[] {
  return view.needs.flatMap((name) => services.find((other) => other.name === name && !isThere(other)) ?? []);
}

/** What runs and depends on it, directly. */
export function neededBy(view: ServiceView, services: readonly ServiceView[]): readonly ServiceView[] {
  return services.filter((other) => other.state === 'running' && other.needs.includes(view.name));
}

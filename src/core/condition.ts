import { compareHealth, type Health, worstHealth } from './health.ts';
import { hasDoneItsWork } from './service.ts';
import type { ServiceView } from './snapshot.ts';

/** How bad a service is as a whole: one that should run and does not is unhealthy, whatever was last asked. */
export function conditionOf(view: Pick<ServiceView, 'state' | 'wanted' | 'health' | 'reason'>): Health {
  switch (view.state) {
    case 'failed':
    case 'backing-off':
      return 'unhealthy';
    case 'stopped':
      if (hasDoneItsWork(view)) return 'healthy';
      return view.wanted === 'down' ? 'unknown' : 'unhealthy';
    case 'running':
      return view.health;
    case 'starting':
    case 'stopping':
    case 'unknown':
      return 'unknown';
  }
}

/** The worst of all, where a service that the operator stopped counts for nothing. */
export function overallOf(views: readonly ServiceView[]): Health {
  const counted = views.filter((view) => !(view.state === 'stopped' && view.wanted === 'down'));
  return worstHealth(counted.map(conditionOf));
}

/** Worst first; among equals in the order of the configuration. */
export function worstFirst(views: readonly ServiceView[]): readonly ServiceView[] {
  return [...views].sort((a, b) => compareHealth(conditionOf(a), conditionOf(b)));
}

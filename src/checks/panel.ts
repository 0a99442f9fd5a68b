import type { Health } from '../core/health.ts';
import type { Panels } from '../core/panel-control.ts';
import { reason } from '../core/reason.ts';
import type { Check } from './check.ts';

/**
 * How the panels are, all together. At worst degraded: what is wrong with a panel is an incident of its own, and must
 * not be told twice.
 */
export function createPanelCheck(id: string, panels: () => Pick<Panels, 'states'>): Check {
  return {
    id,
    kind: 'panel',
    async run() {
      const asked = panels()
        .states()
        .filter((state) => state.active);
      const metrics = [
        { name: 'panels', value: asked.length, unit: 'count' },
        { name: 'users_online', value: sum(asked.map(({ users }) => users?.online ?? 0)), unit: 'count' },
        { name: 'nodes_up', value: sum(asked.map(({ nodeCounts }) => nodeCounts.up)), unit: 'count' },
      ] as const;
      if (asked.length === 0) return { verdict: 'unknown', reason: reason('panels-none'), metrics: [] };
      const worst = asked.filter(({ health, problem }) => problem !== null || isTrouble(health));
      if (worst.length > 0) {
        const names = worst.map(({ name }) => name).join(', ');
        return { verdict: 'degraded', reason: reason('panels-trouble', { names }), metrics };
      }
      if (asked.every(({ health }) => health === 'unknown'))
        return { verdict: 'unknown', reason: reason('panels-not-yet'), metrics: [] };
      return { verdict: 'healthy', reason: null, metrics };
    },
    close: async () => {},
  };
}

function isTrouble(health: Health): boolean {
  return health === 'degraded' || health === 'unhealthy';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

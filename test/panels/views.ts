import type { NodeView } from '../../src/core/panel-view.ts';

/** A node that is up and of which little is known, with what is to be different. */
export function nodeView(id: string, more: Partial<NodeView> = {}): NodeView {
  return {
    ...{
      id,
      name: `N-${id}`,
      address: '',
      state: 'up',
      rawStatus: 'connected',
      since: 0,
      trouble: null,
      message: null,
    },
    ...{ failure: null, coreVersion: null, nodeVersion: null, coefficient: 1, excluded: false, usersOnline: null },
    ...{ resources: null, today: null, rate: { upBps: null, downBps: null }, monthBytes: null, reachable: null },
    ...{ availableToday: 1, restartsLastHour: 0, days: [] },
    ...more,
  };
}

import type { Panels } from '../../src/core/panel-control.ts';
import type { PanelState } from '../../src/core/panel-view.ts';
import { reason } from '../../src/core/reason.ts';
import { unsaid } from '../../src/panels/panel.ts';
import { unaskedState } from '../../src/panels/state.ts';

/** A panel as it is before it was asked, with what is to be different. */
export function panelState(id: string, differences: Partial<PanelState> = {}): PanelState {
  const source = {
    ...({ id, name: `Panel ${id}`, kind: 'marzban', origin: 'config', baseUrl: 'https://p.example' } as const),
    ...{ username: 'admin', password: 'secret-password', apiKey: null, active: true, priority: 1, problem: null },
    ...{ excludedNodeNames: [], insecureTls: false, certificateHosts: [], ...unsaid },
  };
  return { ...unaskedState(source, 0), ...differences };
}

const stuck = { cause: reason('panel-node-stuck', { node: 'DE-1' }), advice: reason('panel-advice-stuck') };

/** One that is well and one with a node that is not. */
export const twoPanels: readonly PanelState[] = [
  panelState('s002', {
    health: 'degraded',
    nodeCounts: { total: 2, up: 1, down: 1, disabled: 0 },
    conditions: [
      {
        ...{ key: 'node:1', kind: 'node', subject: 'DE-1', level: 'error', since: 0 },
        ...{ reason: stuck.cause, advice: stuck.advice },
      },
    ],
  }),
  panelState('s001', { health: 'healthy', onlineWindowS: 86_400 }),
];

export const fakePanels: Pick<Panels, 'states' | 'state' | 'check' | 'databaseProblem'> = {
  states: () => twoPanels,
  state: (id) => twoPanels.find((panel) => panel.id === id) ?? null,
  check: async (id) => twoPanels.find((panel) => panel.id === id) ?? null,
  databaseProblem: () => null,
};

import { type PanelSource, unsaid } from '../../src/panels/panel.ts';
import type { PanelWorld } from '../world/panel/server.ts';

/** How to reach a simulated panel. */
export function sourceOf(panel: PanelWorld, more: Partial<PanelSource> = {}): PanelSource {
  return {
    id: 's001',
    name: 'Frankfurt',
    kind: 'marzban',
    origin: 'config',
    baseUrl: panel.baseUrl,
    username: panel.username,
    password: panel.password,
    apiKey: null,
    active: true,
    priority: 100,
    excludedNodeNames: [],
    insecureTls: false,
    certificateHosts: [],
    problem: null,
    ...unsaid,
    ...more,
  };
}

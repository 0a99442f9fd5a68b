import type { NodeState, PanelNode } from '../core/panel.ts';
import { classifyNodeMessage, cleanNodeMessage } from '../core/panel-message.ts';
import type { RawNode } from './shapes.ts';

const states: Readonly<Record<string, NodeState>> = {
  connected: 'up',
  connecting: 'connecting',
  error: 'down',
  disabled: 'disabled',
  limited: 'limited',
};

/** A node as either panel sends it. */
export function panelNode(raw: RawNode): PanelNode {
  const state = Object.hasOwn(states, raw.status) ? (states[raw.status] ?? 'unknown') : 'unknown';
  const message = cleanNodeMessage(raw.message);
  return {
    id: raw.id,
    name: raw.name,
    address: raw.address,
    port: raw.port,
    state,
    rawStatus: raw.status,
    message,
    failure: state === 'down' ? classifyNodeMessage(message) : null,
    coreVersion: raw.xray_version,
    nodeVersion: raw.node_version ?? null,
    coefficient: raw.usage_coefficient ?? 1,
    usersOnline: null,
    changedAt: null,
    resources: null,
  };
}

import type { PanelRecord } from './panel-health.ts';
import type { NodeRecord } from './panel-node.ts';

/** Times of the automatic reconnects of one node since it was last well. */
export interface ReconnectMemory {
  readonly attempts: number;
  readonly lastAt: number | null;
}

/** Why a node is or is not reconnected by the manager itself, named so that it can be logged and shown. */
export type ReconnectDecision =
  | { readonly decision: 'reconnect' }
  | { readonly decision: 'leave'; readonly why: ReconnectRefusal };

export type ReconnectRefusal =
  | 'off'
  | 'panel-down'
  /** Reconnecting a healthy node restarts xray there and drops everybody on it. */
  | 'not-in-error'
  | 'not-confirmed'
  /** Many nodes at once are the panel's or the network's fault. */
  | 'half-down'
  | 'too-soon';

/** At most one attempt in so long, ms; the wait doubles with each one that did not help. */
export const RECONNECT_GAP = 300_000;
/** The wait never grows beyond this, ms. */
export const RECONNECT_LONGEST = 3_600_000;

/** Whether to reconnect `node` now. Marzban itself retries each 10 s, so this adds little and is off by default. */
export function decideReconnect(
  enabled: boolean,
  panel: PanelRecord,
  node: NodeRecord,
  memory: ReconnectMemory,
  now: number,
): ReconnectDecision {
  const leave = (why: ReconnectRefusal): ReconnectDecision => ({ decision: 'leave', why });
  if (!enabled) return leave('off');
  if (panel.reach !== 'up') return leave('panel-down');
  if (node.state !== 'down') return leave('not-in-error');
  if (node.trouble === null) return leave('not-confirmed');
  const judged = panel.nodes.filter((each) => each.state !== 'disabled');
  const down = judged.filter((each) => each.trouble !== null || each.state === 'down' || each.state === 'connecting');
  if (judged.length > 1 && down.length * 2 >= judged.length) return leave('half-down');
  const wait = Math.min(RECONNECT_GAP * 2 ** Math.max(0, memory.attempts - 1), RECONNECT_LONGEST);
  if (memory.lastAt !== null && now - memory.lastAt < wait) return leave('too-soon');
  return { decision: 'reconnect' };
}

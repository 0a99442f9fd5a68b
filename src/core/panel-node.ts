import type { FailureClass, NodeState, PanelNode } from './panel.ts';
import { addSpan, type DayShare } from './panel-availability.ts';
import type { PanelPolicy } from './panel-policy.ts';
import { foldRestarts, noRestarts, type RestartRecord } from './panel-restarts.ts';

/** What is wrong with a node. `limited`: it used up its own traffic allowance (PasarGuard). */
export type TroubleCause = 'error' | 'stuck' | 'flapping' | 'limited';

export interface Trouble {
  readonly cause: TroubleCause;
  /** Epoch ms of the first sign, before it was confirmed. */
  readonly since: number;
  readonly failure: FailureClass | null;
  readonly message: string | null;
}

/** What is remembered of one node. The panel itself keeps no history that can be asked for. */
export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number | null;
  readonly state: NodeState;
  readonly rawStatus: string;
  /** Since when it was seen in that state, epoch ms. */
  readonly since: number;
  readonly seenAt: number;
  /** First poll that saw an error with no "connected" after it. */
  readonly errorAt: number | null;
  readonly connectingAt: number | null;
  readonly upAt: number | null;
  /** When it went from connected to not, or back. */
  readonly crossings: readonly number[];
  readonly trouble: Trouble | null;
  /** Whether its port takes connections from here; null: not tried or not known. */
  readonly reachable: boolean | null;
  /** It did so once. A port that never answered us may be open to the panel only, and proves nothing. */
  readonly wasReachable: boolean;
  readonly days: readonly DayShare[];
  readonly restarts: RestartRecord;
}

/** Enough for the fastest flapping inside the window. */
const CROSSINGS_KEPT = 20;

/** What a poll that shows `node` makes of the record. `before` null: seen for the first time. */
export function foldNode(
  before: NodeRecord | null,
  node: PanelNode,
  policy: PanelPolicy,
  now: number,
  day: string,
): NodeRecord {
  // After a gap (the manager or the panel was away) nothing is known of the time between.
  const fresh = before !== null && now - before.seenAt <= policy.gap ? before : null;
  const same = before !== null && before.state === node.state;
  const crossings = (before?.crossings ?? []).filter((at) => now - at < policy.slowWindow);
  const record: NodeRecord = {
    id: node.id,
    name: node.name,
    address: node.address,
    port: node.port,
    state: node.state,
    rawStatus: node.rawStatus,
    since: same ? before.since : (node.changedAt ?? now),
    seenAt: now,
    errorAt: node.state === 'down' || node.state === 'connecting' ? errorSince(fresh, node.state, now) : null,
    connectingAt: node.state === 'connecting' ? (fresh?.connectingAt ?? now) : null,
    upAt: node.state === 'up' ? (fresh?.upAt ?? now) : null,
    crossings:
      fresh !== null && crosses(fresh.state, node.state) ? [...crossings, now].slice(-CROSSINGS_KEPT) : crossings,
    trouble: before?.trouble ?? null,
    reachable: before?.address === node.address && before.port === node.port ? before.reachable : null,
    wasReachable: before?.address === node.address && before.port === node.port && before.wasReachable,
    days: watched(fresh, node, now, day, before?.days ?? []),
    restarts: foldRestarts(before?.restarts ?? noRestarts, false, now),
  };
  return { ...record, trouble: judge(record, node, policy, now) };
}

function errorSince(fresh: NodeRecord | null, state: NodeState, now: number): number | null {
  // "connecting" between two errors is only the panel's own retry.
  return fresh?.errorAt ?? (state === 'down' ? now : null);
}

/** Only between working and failing: what an operator switches off and on does not flap. */
function crosses(from: NodeState, to: NodeState): boolean {
  const judged = (state: NodeState) => state === 'up' || state === 'down' || state === 'connecting';
  return judged(from) && judged(to) && (from === 'up') !== (to === 'up');
}

function watched(
  fresh: NodeRecord | null,
  node: PanelNode,
  now: number,
  day: string,
  days: readonly DayShare[],
): readonly DayShare[] {
  if (fresh === null || fresh.state === 'disabled' || node.state === 'disabled') return days;
  return addSpan(days, day, now - fresh.seenAt, fresh.state === 'up');
}

function judge(record: NodeRecord, node: PanelNode, policy: PanelPolicy, now: number): Trouble | null {
  const { trouble } = record;
  const kept = { failure: node.failure ?? trouble?.failure ?? null, message: node.message ?? trouble?.message ?? null };
  switch (record.state) {
    case 'disabled':
      return null;
    case 'unknown':
      return trouble;
    case 'limited':
      return {
        cause: 'limited',
        since: trouble?.cause === 'limited' ? trouble.since : now,
        failure: null,
        message: null,
      };
    default:
  }
  const recent = record.crossings.filter((at) => now - at < policy.flapWindow);
  const slowly = record.crossings.length >= policy.slowCrossings && recent.length > 0;
  const flapping = recent.length >= policy.flapCrossings || slowly;
  const wasFlapping = trouble?.cause === 'flapping';
  if (record.state === 'up') {
    if (flapping) return { cause: 'flapping', since: trouble?.since ?? recent[0] ?? now, ...kept };
    if (trouble === null) return null;
    const quiet = wasFlapping ? policy.calm : policy.recovered;
    return record.upAt !== null && now - record.upAt >= quiet ? null : trouble;
  }
  // What flapped and now stays away has a plainer cause.
  const settledDown = recent.length === 0;
  if (flapping || (wasFlapping && !settledDown))
    return { cause: 'flapping', since: trouble?.since ?? recent[0] ?? now, ...kept };
  if (record.state === 'down' && record.errorAt !== null && now - record.errorAt >= policy.confirm)
    return { cause: 'error', since: trouble?.since ?? record.errorAt, ...kept };
  if (record.connectingAt !== null && now - record.connectingAt > policy.connecting)
    return { cause: 'stuck', since: trouble?.since ?? record.connectingAt, ...kept };
  return trouble;
}

import type { Health } from '../core/health.ts';
import type { Level } from '../core/incident.ts';
import type { PanelNode, PanelOverview } from '../core/panel.ts';
import { availability } from '../core/panel-availability.ts';
import { type Condition, conditionsOf } from '../core/panel-condition.ts';
import type { PanelRecord } from '../core/panel-health.ts';
import type { NodeRecord } from '../core/panel-node.ts';
import type { PanelPolicy } from '../core/panel-policy.ts';
import type { CoreLogView, NodeView, PanelCapabilities, PanelState, Rate } from '../core/panel-view.ts';
import type { PanelSource, Probe } from './panel.ts';
import { MASTER, type TotalsByNode, unknownRate } from './traffic.ts';

/** What the poller has gathered. */
export interface Gathered {
  readonly record: PanelRecord;
  readonly nodes: readonly PanelNode[];
  readonly overview: PanelOverview | null;
  readonly probe: Probe | null;
  readonly rate: Rate;
  readonly today: TotalsByNode | null;
  readonly nodeRates: ReadonlyMap<string, Rate>;
  readonly month: TotalsByNode | null;
  readonly coreLog: CoreLogView | null;
}

export function panelState(
  source: PanelSource,
  caps: PanelCapabilities,
  gathered: Gathered,
  policy: PanelPolicy,
  now: number,
  day: string,
): PanelState {
  const { record, overview, probe } = gathered;
  const all = conditionsOf(record, policy);
  const conditions = worstLevelFirst(record.reach === 'down' ? all.filter((each) => each.kind !== 'node') : all);
  const troubles = new Map(all.map((each) => [each.key, each]));
  const known = new Map(record.nodes.map((node) => [node.id, node]));
  const nodes = gathered.nodes.flatMap((node) => {
    const remembered = known.get(node.id);
    return remembered === undefined ? [] : [nodeView(source, node, remembered, troubles, gathered, day)];
  });
  return {
    ...described(source),
    at: now,
    health: healthOf(record, conditions),
    conditions,
    reach: record.reach,
    login: record.login,
    answeredAt: record.answeredAt,
    error: Object.values(record.failing).sort((a, b) => b.at - a.at)[0]?.error ?? null,
    version: overview?.version ?? probe?.version ?? null,
    seemsToBe: probe !== null && probe.title !== null && probe.kind !== source.kind ? probe.title : null,
    latencyMs: probe?.latencyMs ?? null,
    certificates: record.certificates,
    core: {
      running: record.core.running,
      version: record.core.version,
      stopsLastHour: record.core.stops.length,
      restartsLastHour: record.core.restarts.at.length,
    },
    coreLog: gathered.coreLog,
    users: overview?.users ?? null,
    onlineWindowS: caps.onlineWindowS,
    traffic: {
      up: overview?.traffic.upBytes ?? null,
      down: overview?.traffic.downBytes ?? null,
      rate: gathered.rate,
    },
    recorderStuck: record.recorder?.stuck ?? false,
    host: overview?.host ?? null,
    nodes: [...nodes].sort((a, b) => badness(b) - badness(a) || a.name.localeCompare(b.name)),
    nodeCounts: {
      total: nodes.length,
      up: nodes.filter((node) => node.state === 'up').length,
      down: nodes.filter((node) => node.state === 'down' || node.state === 'connecting').length,
      disabled: nodes.filter((node) => node.state === 'disabled').length,
    },
    masterToday: gathered.today?.get(MASTER) ?? null,
    caps,
  };
}

/** A panel that is not asked: switched off, or described so that it cannot be. */
export function unaskedState(source: PanelSource, now: number): PanelState {
  return {
    ...described(source),
    at: now,
    health: 'unknown',
    conditions: [],
    reach: 'unknown',
    login: 'unknown',
    answeredAt: null,
    error: null,
    version: null,
    seemsToBe: null,
    latencyMs: null,
    certificates: [],
    core: { running: null, version: null, stopsLastHour: 0, restartsLastHour: 0 },
    coreLog: null,
    users: null,
    onlineWindowS: null,
    traffic: { up: null, down: null, rate: unknownRate },
    recorderStuck: false,
    host: null,
    nodes: [],
    nodeCounts: { total: 0, up: 0, down: 0, disabled: 0 },
    masterToday: null,
    caps: null,
  };
}

function described(source: PanelSource) {
  const { id, name, kind, origin, baseUrl, active, priority, excludedNodeNames, problem } = source;
  return { id, name, kind, origin, baseUrl, active, priority, excludedNodeNames, problem };
}

function healthOf(record: PanelRecord, conditions: readonly Condition[]): Health {
  if (conditions.some((each) => each.kind === 'unreachable' || each.kind === 'login')) return 'unhealthy';
  if (record.reach === 'unknown') return 'unknown';
  return conditions.some((each) => each.level !== 'info') ? 'degraded' : 'healthy';
}

const levelOrder: readonly Level[] = ['critical', 'error', 'warning', 'info'];

function worstLevelFirst(conditions: readonly Condition[]): readonly Condition[] {
  return [...conditions].sort((a, b) => levelOrder.indexOf(a.level) - levelOrder.indexOf(b.level));
}

/** Trouble first, then what is not up yet, then what is unknown, the well ones, and last what is off on purpose. */
function badness(node: NodeView): number {
  if (node.trouble !== null) return 5;
  switch (node.state) {
    case 'down':
    case 'limited':
      return 4;
    case 'connecting':
      return 3;
    case 'unknown':
      return 2;
    case 'up':
      return 1;
    case 'disabled':
      return 0;
  }
}

function nodeView(
  source: PanelSource,
  node: PanelNode,
  record: NodeRecord,
  troubles: ReadonlyMap<string, Condition>,
  gathered: Gathered,
  day: string,
): NodeView {
  // A node without traffic may be left out of the panel's list: once there is a list, that means none.
  const none = { up: 0, down: 0 };
  const month = gathered.month === null ? null : (gathered.month.get(node.id) ?? none);
  return {
    id: node.id,
    name: node.name,
    address: node.port === null ? node.address : `${node.address}:${node.port}`,
    state: node.state,
    rawStatus: node.rawStatus,
    since: record.since,
    trouble: troubles.get(`node:${node.id}`) ?? null,
    message: node.message,
    failure: node.failure,
    coreVersion: node.coreVersion,
    nodeVersion: node.nodeVersion,
    coefficient: node.coefficient,
    excluded: source.excludedNodeNames.includes(node.name),
    usersOnline: node.usersOnline,
    resources: node.resources,
    today: gathered.today === null ? null : (gathered.today.get(node.id) ?? none),
    rate: gathered.nodeRates.get(node.id) ?? unknownRate,
    monthBytes: month === null ? null : month.up + month.down,
    reachable: record.wasReachable ? record.reachable : null,
    availableToday: availability(record.days, day),
    days: record.days,
    restartsLastHour: record.restarts.at.length,
  };
}

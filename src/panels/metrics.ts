import type { Metric } from '../core/health.ts';
import type { NodeView, PanelState } from '../core/panel-view.ts';

/** Numbers of a panel (`node` null) or of one of its nodes, for history, charts and Prometheus. */
export interface PanelSample {
  readonly panel: string;
  /** The node's id. */
  readonly node: string | null;
  readonly nodeName: string | null;
  readonly metrics: readonly Metric[];
}

/** What a panel says now in numbers. What it does not say is left out, never 0. */
export function panelSamples(state: PanelState): readonly PanelSample[] {
  const own = { panel: state.id, node: null, nodeName: null, metrics: panelMetrics(state) };
  return [
    own,
    ...state.nodes.map((node) => ({
      panel: state.id,
      node: node.id,
      nodeName: node.name,
      metrics: nodeMetrics(node),
    })),
  ];
}

type Unit = Metric['unit'];

function list(
  all: readonly (readonly [name: string, value: number | null | undefined, unit: Unit])[],
): readonly Metric[] {
  return all.flatMap(([name, value, unit]) =>
    value === null || value === undefined || !Number.isFinite(value) ? [] : [{ name, value, unit }],
  );
}

function panelMetrics({ users, traffic, host, nodeCounts, latencyMs, reach, core, certificates }: PanelState) {
  const memory = host?.memUsed != null && host.memTotal ? (host.memUsed / host.memTotal) * 100 : null;
  const days = certificates.map((each) => each.daysLeft);
  return list([
    ['up', reach === 'unknown' ? null : Number(reach === 'up'), 'count'],
    ['latency', latencyMs, 'ms'],
    ['users_total', users?.total, 'count'],
    ['users_active', users?.active, 'count'],
    ['users_on_hold', users?.onHold, 'count'],
    ['users_disabled', users?.disabled, 'count'],
    ['users_expired', users?.expired, 'count'],
    ['users_limited', users?.limited, 'count'],
    ['users_online', users?.online, 'count'],
    ['traffic_up', traffic.up, 'bytes'],
    ['traffic_down', traffic.down, 'bytes'],
    ['rate_up', traffic.rate.upBps, 'bytes_per_s'],
    ['rate_down', traffic.rate.downBps, 'bytes_per_s'],
    ['core_running', core.running === null ? null : Number(core.running), 'count'],
    ['core_stops_last_hour', core.running === null ? null : core.stopsLastHour, 'count'],
    ['cpu', host?.cpuPct, '%'],
    ['memory', memory, '%'],
    ['nodes_total', reach === 'up' ? nodeCounts.total : null, 'count'],
    ['nodes_up', reach === 'up' ? nodeCounts.up : null, 'count'],
    ['nodes_down', reach === 'up' ? nodeCounts.down : null, 'count'],
    ['certificate_days', days.length === 0 ? null : Math.min(...days), 'count'],
  ]);
}

function nodeMetrics(node: NodeView): readonly Metric[] {
  const { resources, today, rate } = node;
  const memory =
    resources?.memUsed != null && resources.memTotal ? (resources.memUsed / resources.memTotal) * 100 : null;
  return list([
    ['up', node.state === 'disabled' || node.state === 'unknown' ? null : Number(node.state === 'up'), 'count'],
    ['users_online', node.usersOnline, 'count'],
    ['traffic_today_up', today?.up, 'bytes'],
    ['traffic_today_down', today?.down, 'bytes'],
    ['rate_up', rate.upBps, 'bytes_per_s'],
    ['rate_down', rate.downBps, 'bytes_per_s'],
    ['available_today', node.availableToday === null ? null : node.availableToday * 100, '%'],
    ['cpu', resources?.cpuPct, '%'],
    ['memory', memory, '%'],
  ]);
}

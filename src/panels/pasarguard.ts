import * as z from 'zod';
import { type Answer, answer, type NodeTraffic, type PanelNode, type PanelOverview } from '../core/panel.ts';
import type { PanelCapabilities } from '../core/panel-view.ts';
import { createPanelClient } from './client.ts';
import { type AdapterOptions, act } from './marzban.ts';
import { panelNode } from './nodes.ts';
import type { PanelAdapter } from './panel.ts';
import { probePanel } from './probe.ts';
import { bytes, count, pasarguardNode, words } from './shapes.ts';
import { createUsers } from './users.ts';

const caps: PanelCapabilities = {
  auth: ['password', 'apiKey'],
  nodeMessage: true,
  nodeUsersOnline: true,
  nodeResources: true,
  nodeLastChange: false,
  nodeTraffic: 'range',
  hostResources: true,
  // It has no xray of its own beside the nodes'.
  coreStatus: false,
  onlineWindowS: 120,
  nodeOnlineWindowS: 600,
  actions: ['reconnect-node', 'enable-node', 'disable-node', 'restart-core'],
  logs: 'none',
  reconnectDropsUsers: true,
};

const system = z.object({
  version: words,
  mem_total: count,
  mem_used: count,
  disk_total: count,
  disk_used: count,
  cpu_cores: count,
  cpu_usage: count,
  total_user: count,
  online_users: count,
  active_users: count,
  on_hold_users: count,
  disabled_users: count,
  expired_users: count,
  limited_users: count,
  incoming_bandwidth: bytes.nullish(),
  outgoing_bandwidth: bytes.nullish(),
});

const nodeList = z.object({ nodes: z.array(pasarguardNode) });

/** Per node id; null: the node did not say. */
const realtime = z.record(z.string(), z.object({ mem_total: count, mem_used: count, cpu_usage: count }).nullable());

const onlineCounts = z.object({ stats: z.record(z.string(), z.array(z.object({ count: z.number() }))) });

const usage = z.object({
  stats: z.record(z.string(), z.array(z.object({ uplink: bytes, downlink: bytes }))),
});

const OVERVIEW_DEADLINE_MS = 8000;
/** What nodes tell of themselves costs the panel a call to each: asked seldom. */
const EXTRAS_FOR_MS = 60_000;
/** PasarGuard writes who was there every so often, ms. */
const BUCKET_MS = 600_000;
const HOUR_MS = 3_600_000;

interface Extras {
  readonly at: number;
  readonly resources: z.infer<typeof realtime>;
  readonly online: z.infer<typeof onlineCounts>['stats'];
}

/** PasarGuard, into which Marzban has grown: nearly the same paths, other words in the answers. */
export function createPasarguard(options: AdapterOptions): PanelAdapter {
  const { clock } = options;
  const client = createPanelClient(options);
  const users = createUsers(client, 'pasarguard', clock);
  let extras: Extras | null = null;

  async function overview(signal: AbortSignal): Promise<Answer<PanelOverview>> {
    const asked = await client.ask({ path: '/api/system', shape: system, deadline: OVERVIEW_DEADLINE_MS }, signal);
    if (!asked.ok) return asked;
    const said = asked.value;
    return answer({
      version: said.version,
      users: {
        total: said.total_user,
        active: said.active_users,
        onHold: said.on_hold_users,
        disabled: said.disabled_users,
        expired: said.expired_users,
        limited: said.limited_users,
        online: said.online_users,
      },
      traffic: { upBytes: said.incoming_bandwidth ?? null, downBytes: said.outgoing_bandwidth ?? null },
      host: {
        cpuPct: said.cpu_usage,
        cores: said.cpu_cores,
        memUsed: said.mem_used,
        memTotal: said.mem_total,
        diskUsed: said.disk_used,
        diskTotal: said.disk_total,
        rxBps: null,
        txBps: null,
      },
    });
  }

  async function nodes(signal: AbortSignal): Promise<Answer<readonly PanelNode[]>> {
    const asked = await client.ask({ path: '/api/nodes', shape: nodeList }, signal);
    if (!asked.ok) return asked;
    const more = await nodeExtras(signal);
    return answer(
      asked.value.nodes.map((raw): PanelNode => {
        const resources = more.resources[raw.id] ?? null;
        return {
          ...panelNode(raw),
          usersOnline: lately(more.online[raw.id]),
          resources:
            resources === null
              ? null
              : { cpuPct: resources.cpu_usage, memUsed: resources.mem_used, memTotal: resources.mem_total },
        };
      }),
    );
  }

  /** Without them the list of nodes is still a list of nodes. */
  async function nodeExtras(signal: AbortSignal): Promise<Extras> {
    if (extras !== null && clock() - extras.at < EXTRAS_FOR_MS) return extras;
    const resources = await client.ask({ path: '/api/nodes/realtime_stats', shape: realtime }, signal);
    // Presence is kept in buckets of ten minutes; only whole buckets after the start are told.
    const start = new Date(Math.floor(clock() / BUCKET_MS) * BUCKET_MS - BUCKET_MS).toISOString();
    const query = new URLSearchParams({ period: 'minute', group_by_node: 'true', start });
    const online = await client.ask({ path: `/api/node/user_counts/online?${query}`, shape: onlineCounts }, signal);
    extras = {
      at: clock(),
      resources: resources.ok ? resources.value : {},
      online: online.ok ? online.value.stats : {},
    };
    return extras;
  }

  async function nodeTraffic(since: number, signal: AbortSignal): Promise<Answer<readonly NodeTraffic[]>> {
    const start = new Date(Math.floor(since / HOUR_MS) * HOUR_MS).toISOString();
    const query = new URLSearchParams({ period: 'hour', group_by_node: 'true', start });
    const asked = await client.ask(
      { path: `/api/node/usage?${query}`, shape: usage, deadline: OVERVIEW_DEADLINE_MS },
      signal,
    );
    if (!asked.ok) return asked;
    return answer(
      Object.entries(asked.value.stats).map(([nodeId, hours]) => ({
        // What belongs to no node is the panel's own.
        nodeId: nodeId === '0' ? null : nodeId,
        up: hours.reduce((sum, hour) => sum + hour.uplink, 0),
        down: hours.reduce((sum, hour) => sum + hour.downlink, 0),
      })),
    );
  }

  return {
    kind: 'pasarguard',
    caps,
    overview,
    nodes,
    nodeTraffic,
    probe: (signal) => probePanel(client, signal),
    core: async () => answer({ version: null, running: null }),
    user: users.get,
    searchUsers: users.search,
    changeUser: users.change,
    act: (action, signal) => act(client, action, '/api/nodes/reconnect', signal),
    coreLog: null,
    close: client.close,
  };
}

/** The bucket that is being filled may be empty yet: the one before it counts as well. */
function lately(buckets: readonly { readonly count: number }[] | undefined): number | null {
  const last = buckets?.slice(-2).map((each) => each.count) ?? [];
  return last.length === 0 ? null : Math.max(...last);
}

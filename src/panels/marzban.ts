import * as z from 'zod';
import { type Answer, answer, type NodeTraffic, type PanelOverview, type UserCounts } from '../core/panel.ts';
import type { OwnAction } from '../core/panel-control.ts';
import type { PanelCapabilities } from '../core/panel-view.ts';
import { anything, createPanelClient, type PanelClient } from './client.ts';
import { panelNode } from './nodes.ts';
import type { PanelAdapter, PanelSource } from './panel.ts';
import { probePanel } from './probe.ts';
import { bytes, count, marzbanNode, userTotal, words } from './shapes.ts';
import type { TokenStore } from './token-store.ts';
import { createUsers } from './users.ts';

const caps: PanelCapabilities = {
  auth: ['password'],
  nodeMessage: true,
  nodeUsersOnline: false,
  nodeResources: false,
  nodeLastChange: false,
  nodeTraffic: 'range',
  hostResources: true,
  coreStatus: true,
  onlineWindowS: 86_400,
  nodeOnlineWindowS: null,
  actions: ['reconnect-node', 'enable-node', 'disable-node', 'restart-core'],
  logs: 'ws',
  reconnectDropsUsers: true,
};

/** Everything but these nine is missing in some version that is still in use. */
const system = z.object({
  version: words,
  mem_total: count,
  mem_used: count,
  cpu_cores: count,
  cpu_usage: count,
  total_user: z.number(),
  users_active: z.number(),
  incoming_bandwidth: bytes,
  outgoing_bandwidth: bytes,
  online_users: count,
  users_on_hold: count,
  users_disabled: count,
  users_expired: count,
  users_limited: count,
  incoming_bandwidth_speed: count,
  outgoing_bandwidth_speed: count,
});

const core = z.object({ version: words, started: z.boolean() });

const usage = z.object({
  usages: z.array(
    z.object({
      node_id: z
        .union([z.number(), z.string()])
        .nullable()
        .transform((id) => (id === null ? null : String(id))),
      uplink: bytes,
      downlink: bytes,
    }),
  ),
});

/** A panel before v0.8 does not count these itself: asked one by one, seldom. */
const counted = ['on_hold', 'disabled', 'expired', 'limited'] as const;
const COUNTED_FOR_MS = 300_000;
const OVERVIEW_DEADLINE_MS = 8000;
const HOUR_MS = 3_600_000;

export interface AdapterOptions {
  readonly source: PanelSource;
  readonly tokens: TokenStore;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Marzban v0.3 to v0.8.4 (its last). */
export function createMarzban(options: AdapterOptions): PanelAdapter {
  const { clock } = options;
  const client = createPanelClient(options);
  const users = createUsers(client, 'marzban', clock);
  let counts: { readonly at: number; readonly values: ReadonlyMap<string, number> } | null = null;

  async function overview(signal: AbortSignal): Promise<Answer<PanelOverview>> {
    const asked = await client.ask({ path: '/api/system', shape: system, deadline: OVERVIEW_DEADLINE_MS }, signal);
    if (!asked.ok) return asked;
    const said = asked.value;
    const missing = said.users_on_hold === null ? await countUsers(signal) : null;
    return answer({
      version: said.version,
      users: {
        total: said.total_user,
        active: said.users_active,
        onHold: said.users_on_hold ?? missing?.get('on_hold') ?? null,
        disabled: said.users_disabled ?? missing?.get('disabled') ?? null,
        expired: said.users_expired ?? missing?.get('expired') ?? null,
        limited: said.users_limited ?? missing?.get('limited') ?? null,
        online: said.online_users,
      } satisfies UserCounts,
      traffic: { upBytes: said.incoming_bandwidth, downBytes: said.outgoing_bandwidth },
      host: {
        cpuPct: said.cpu_usage,
        cores: said.cpu_cores,
        memUsed: said.mem_used,
        memTotal: said.mem_total,
        diskUsed: null,
        diskTotal: null,
        rxBps: said.incoming_bandwidth_speed,
        txBps: said.outgoing_bandwidth_speed,
      },
    });
  }

  /** Lists one user of each kind and reads the total; a limit of 0 would mean all of them. */
  async function countUsers(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    if (counts !== null && clock() - counts.at < COUNTED_FOR_MS) return counts.values;
    const values = new Map<string, number>();
    for (const status of counted) {
      const asked = await client.ask({ path: `/api/users?limit=1&status=${status}`, shape: userTotal }, signal);
      if (asked.ok) values.set(status, asked.value.total);
    }
    counts = { at: clock(), values };
    return values;
  }

  async function nodeTraffic(since: number, signal: AbortSignal): Promise<Answer<readonly NodeTraffic[]>> {
    // With an offset: a time without one is UTC or local depending on the version, and a Z fails on old Pythons.
    const hour = new Date(Math.floor(since / HOUR_MS) * HOUR_MS).toISOString().slice(0, 19);
    const start = encodeURIComponent(`${hour}+00:00`);
    const asked = await client.ask(
      { path: `/api/nodes/usage?start=${start}`, shape: usage, deadline: OVERVIEW_DEADLINE_MS },
      signal,
    );
    if (!asked.ok) return asked;
    return answer(asked.value.usages.map((each) => ({ nodeId: each.node_id, up: each.uplink, down: each.downlink })));
  }

  return {
    kind: 'marzban',
    caps,
    overview,
    nodeTraffic,
    probe: (signal) => probePanel(client, signal),
    core: async (signal) => {
      const asked = await client.ask({ path: '/api/core', shape: core }, signal);
      return asked.ok ? answer({ version: asked.value.version, running: asked.value.started }) : asked;
    },
    nodes: async (signal) => {
      const asked = await client.ask({ path: '/api/nodes', shape: z.array(marzbanNode) }, signal);
      return asked.ok ? answer(asked.value.map(panelNode)) : asked;
    },
    user: users.get,
    searchUsers: users.search,
    changeUser: users.change,
    act: (action, signal) => act(client, action, '/api/core/restart', signal),
    coreLog: (node, sink, signal) => {
      const where = node === null ? '/api/core/logs' : `/api/node/${encodeURIComponent(node)}/logs`;
      // Without it each line is a frame of its own.
      return client.follow(`${where}?interval=1`, sink, signal);
    },
    close: client.close,
  };
}

/** Actions on nodes, the same in both panels; `restart` is where a restart of everything is asked for. */
export async function act(
  client: PanelClient,
  action: OwnAction,
  restart: string,
  signal: AbortSignal,
): Promise<Answer<'accepted'>> {
  const request = requestOf(action, restart);
  const asked = await client.ask({ ...request, shape: anything, first: true }, signal);
  return asked.ok ? answer('accepted') : asked;
}

function requestOf(action: OwnAction, restart: string) {
  if (action.action === 'restart-core') return { method: 'POST', path: restart } as const;
  const path = `/api/node/${encodeURIComponent(action.node)}`;
  switch (action.action) {
    case 'reconnect-node':
      return { method: 'POST', path: `${path}/reconnect` } as const;
    case 'disable-node':
      return { method: 'PUT', path, body: { status: 'disabled' } } as const;
    case 'enable-node':
      // Whatever is sent but "disabled" makes it connect.
      return { method: 'PUT', path, body: { status: 'connecting' } } as const;
  }
}

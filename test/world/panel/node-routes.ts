import type { SimNode } from './node.ts';
import { json, type Reply, refuse } from './reply.ts';
import { bodyOf, type PanelParts, type Request } from './request.ts';

const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;
const statuses = ['connected', 'connecting', 'error', 'disabled'];

/** `/api/nodes` and below. Null: not one of these paths. */
export function nodeRoute(parts: PanelParts, request: Request): Reply | null {
  const { engine, kind } = parts;
  const { method, path } = request;
  if (path === '/api/nodes' && method === 'GET') {
    const nodes = engine.nodes.map((node) => shown(parts, node));
    return json(200, kind === 'marzban' ? nodes : { nodes, total: nodes.length });
  }
  if (kind === 'marzban' && path === '/api/nodes/usage' && method === 'GET') return usage(parts, request);
  if (kind === 'pasarguard') {
    const own = pasarguardRoute(parts, request);
    if (own !== null) return own;
  }
  const match = /^\/api\/node\/(\d+)(\/reconnect)?$/.exec(path);
  if (match === null) return null;
  const node = engine.nodes.find((each) => each.id === Number(match[1]));
  if (match[2] !== undefined) return method === 'POST' ? reconnect(parts, node) : refuse(405, 'Method Not Allowed');
  if (method === 'GET') return node === undefined ? refuse(404, 'Node not found') : json(200, shown(parts, node));
  if (method === 'PUT') return node === undefined ? refuse(404, 'Node not found') : modify(parts, node, request);
  return refuse(405, 'Method Not Allowed');
}

function shown(parts: PanelParts, node: SimNode): Record<string, unknown> {
  const common = {
    name: node.name,
    address: node.address,
    port: node.port,
    api_port: node.port + 1,
    usage_coefficient: node.coefficient,
    id: node.id,
    xray_version: node.version,
    status: node.status,
    message: node.message,
  };
  if (parts.kind === 'marzban') return common;
  const { up, down } = node.used(0, Number.POSITIVE_INFINITY);
  return {
    ...common,
    connection_type: 'grpc',
    server_ca: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    keep_alive: 60,
    core_config_id: 1,
    api_key: '2b1cbd4e-8c41-4f6c-9d3a-0f4c3f7f2a11',
    data_limit: 0,
    data_limit_reset_strategy: 'no_reset',
    reset_time: -1,
    default_timeout: 10,
    internal_timeout: 15,
    proxy_url: null,
    node_version: node.version === null ? null : '0.1.0',
    uplink: up,
    downlink: down,
    lifetime_uplink: up,
    lifetime_downlink: down,
    core_version: node.version,
  };
}

/** Accepted at once and always; what comes of it is another matter. */
function reconnect(parts: PanelParts, node: SimNode | undefined): Reply {
  if (node === undefined) return refuse(404, 'Node not found');
  node.reconnect(parts.engine.now);
  return json(200, parts.kind === 'marzban' ? { detail: 'Reconnection task scheduled' } : {}, 3);
}

function modify(parts: PanelParts, node: SimNode, request: Request): Reply {
  const body = bodyOf(request);
  if (body === null)
    return refuse(422, { body: 'Input should be a valid dictionary or object to extract fields from' });
  const { status, name } = body;
  if (status !== undefined && status !== null && !statuses.includes(String(status)))
    return refuse(422, { status: "Input should be 'connected', 'connecting', 'error' or 'disabled'" });
  if (typeof name === 'string') {
    const twin = parts.engine.nodes.find((each) => each.name === name && each !== node);
    if (twin !== undefined) return refuse(409, `Node "${name}" already exists`);
    node.name = name;
  }
  if (status === 'disabled') node.disable();
  else {
    // Any other body, an empty one too, makes it connect anew.
    node.disable();
    node.connect(parts.engine.now);
    if (node.status === 'disabled') node.status = 'connecting';
  }
  return json(200, shown(parts, node), 12);
}

function usage({ engine }: PanelParts, { query }: Request): Reply {
  const end = engine.now;
  const start = query.has('start') ? Date.parse(query.get('start') ?? '') : end - MONTH_MS;
  if (Number.isNaN(start)) return refuse(400, 'Invalid date range or format');
  let masterUp = 0;
  let masterDown = 0;
  for (const [hour, bytes] of engine.masterUsage) {
    if (hour < start) continue;
    masterUp += bytes.up;
    masterDown += bytes.down;
  }
  const usages = engine.nodes.map((node) => {
    const { up, down } = node.used(start, end);
    return { node_id: node.id, node_name: node.name, uplink: up, downlink: down };
  });
  const master = { node_id: null, node_name: 'Master', uplink: masterUp, downlink: masterDown };
  return json(200, { usages: [master, ...usages] }, 10);
}

function pasarguardRoute({ engine }: PanelParts, { method, path, query }: Request): Reply | null {
  if (path === '/api/nodes/reconnect' && method === 'POST') {
    for (const node of engine.nodes) if (node.status !== 'disabled') node.reconnect(engine.now);
    return json(200, {});
  }
  if (path === '/api/nodes/realtime_stats' && method === 'GET') {
    const stats = engine.nodes.map((node) => [
      String(node.id),
      node.carries
        ? {
            mem_total: 2_062_467_072,
            mem_used: 618_795_008,
            cpu_cores: 1,
            cpu_usage: 12.5,
            incoming_bandwidth_speed: node.up,
            outgoing_bandwidth_speed: node.down,
            uptime: 86_400,
          }
        : null,
    ]);
    return json(200, Object.fromEntries(stats), 20);
  }
  const period = {
    period: query.get('period') ?? 'hour',
    start: query.get('start'),
    end: new Date(engine.now).toISOString(),
  };
  if (path === '/api/node/user_counts/online' && method === 'GET') {
    const now = new Date(Math.floor(engine.now / 600_000) * 600_000).toISOString();
    const stats = engine.nodes.map((node) => [
      String(node.id),
      [{ period_start: now, count: node.carries ? node.users : 0 }],
    ]);
    return json(200, { ...period, metric: 'online', count_during_period: 0, stats: Object.fromEntries(stats) }, 15);
  }
  if (path === '/api/node/usage' && method === 'GET') {
    const start = Date.parse(query.get('start') ?? '');
    if (Number.isNaN(start)) return refuse(422, { start: 'Input should be a valid datetime' });
    // Only whole hours are told: a start in the middle of one leaves that hour out.
    const whole = Math.ceil(start / HOUR_MS) * HOUR_MS;
    const stats = engine.nodes.map((node) => [
      String(node.id),
      [...node.usage]
        .filter(([hour]) => hour >= whole)
        .map(([hour, bytes]) => ({
          period_start: new Date(hour).toISOString(),
          uplink: bytes.up,
          downlink: bytes.down,
        })),
    ]);
    return json(200, { ...period, stats: Object.fromEntries(stats) }, 15);
  }
  return null;
}

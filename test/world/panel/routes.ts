import { nodeRoute } from './node-routes.ts';
import { json, type Reply, refuse } from './reply.ts';
import type { PanelParts, Request } from './request.ts';
import { userRoute } from './user-routes.ts';

const DAY_MS = 86_400_000;

/** The whole API. Order as in FastAPI: path, method, who asks, what is asked. */
export function route(parts: PanelParts, request: Request): Reply {
  const { path, method } = request;
  if (path === '/' && method === 'GET') return { status: 200, body: '<!doctype html>', type: 'text/html', costMs: 1 };
  if (path === '/openapi.json') return openapi(parts);
  if (path === '/api/admin/token') return method === 'POST' ? token(parts, request) : refuse(405, 'Method Not Allowed');
  if (!knownPath(parts, path)) return refuse(404, 'Not Found');
  if (request.admin === null)
    return refuse(401, request.proven ? 'Could not validate credentials' : 'Not authenticated');
  const sudoOnly = /^\/api\/(nodes?|core\/restart|core\/config|hosts|admins)(\/|$)/.test(path);
  if (sudoOnly && !request.admin.sudo) return refuse(403, "You're not allowed");
  return (
    anyone(parts, request) ??
    nodeRoute(parts, request) ??
    userRoute(parts, request) ??
    refuse(405, 'Method Not Allowed')
  );
}

function knownPath({ kind }: PanelParts, path: string): boolean {
  const shared = /^\/api\/(admin|system|nodes|node\/\d+(\/reconnect)?|users|user\/[^/]+(\/reset)?)$/;
  const own =
    kind === 'marzban'
      ? /^\/api\/(core|core\/restart|nodes\/usage)$/
      : /^\/api\/(nodes\/reconnect|nodes\/realtime_stats|node\/user_counts\/online|node\/usage)$/;
  return shared.test(path) || own.test(path);
}

function openapi({ kind, version, docs }: PanelParts): Reply {
  if (kind === 'pasarguard' && !docs) return refuse(404, 'Not Found');
  const title = kind === 'marzban' ? 'MarzbanAPI' : 'PasarGuardAPI';
  return json(200, { openapi: '3.1.0', info: { title, version }, paths: {} });
}

function token(parts: PanelParts, request: Request): Reply {
  const form = new URLSearchParams(request.type.includes('x-www-form-urlencoded') ? request.body : '');
  const username = form.get('username');
  const password = form.get('password');
  if (username === null || password === null) {
    const missing = [...(username === null ? ['username'] : []), ...(password === null ? ['password'] : [])];
    return refuse(422, Object.fromEntries(missing.map((field) => [field, 'Field required'])));
  }
  const given = parts.auth.login(username, password, parts.engine.now);
  // Passwords are hashed slowly on purpose.
  if (given === null) return { ...refuse(401, 'Incorrect username or password'), costMs: 200 };
  return json(200, { access_token: given, token_type: 'bearer' }, 200);
}

function anyone(parts: PanelParts, { method, path, admin }: Request): Reply | null {
  const { engine, kind } = parts;
  if (path === '/api/admin' && method === 'GET')
    return json(200, {
      username: admin?.username,
      is_sudo: admin?.sudo,
      telegram_id: null,
      discord_webhook: null,
      users_usage: null,
    });
  if (path === '/api/system' && method === 'GET')
    return json(200, kind === 'marzban' ? system(parts) : pasarguardSystem(parts));
  if (kind !== 'marzban') return null;
  if (path === '/api/core' && method === 'GET')
    return json(200, { version: '1.8.24', started: engine.core.started, logs_websocket: '/api/core/logs' });
  if (path === '/api/core/restart' && method === 'POST') {
    engine.restartCores();
    return json(200, {}, 10);
  }
  return null;
}

function countUsers({ users, engine, kind }: PanelParts) {
  const of = (status: string) => users.filter((user) => user.status === status).length;
  const since = engine.now - (kind === 'marzban' ? DAY_MS : 120_000);
  return {
    total: users.length,
    online: users.filter((user) => user.online_at !== null && user.online_at >= since).length,
    active: of('active'),
    onHold: of('on_hold'),
    disabled: of('disabled'),
    expired: of('expired'),
    limited: of('limited'),
  };
}

function system(parts: PanelParts): Record<string, unknown> {
  const users = countUsers(parts);
  const old = parts.version.startsWith('0.6') || parts.version.startsWith('0.7');
  return {
    version: parts.version,
    mem_total: 25_276_510_208,
    mem_used: 618_795_008,
    cpu_cores: 2,
    cpu_usage: 3.9,
    total_user: users.total,
    ...(old ? {} : { online_users: users.online }),
    users_active: users.active,
    ...(old
      ? {}
      : {
          users_on_hold: users.onHold,
          users_disabled: users.disabled,
          users_expired: users.expired,
          users_limited: users.limited,
        }),
    incoming_bandwidth: parts.engine.totalUp,
    outgoing_bandwidth: parts.engine.totalDown,
    incoming_bandwidth_speed: 352,
    outgoing_bandwidth_speed: 352,
  };
}

function pasarguardSystem(parts: PanelParts): Record<string, unknown> {
  const users = countUsers(parts);
  return {
    version: parts.version,
    uptime_seconds: 86_400,
    mem_total: 25_276_510_208,
    mem_used: 618_795_008,
    disk_total: 80_000_000_000,
    disk_used: 20_000_000_000,
    cpu_cores: 2,
    cpu_usage: 3.9,
    total_user: users.total,
    online_users: users.online,
    active_users: users.active,
    on_hold_users: users.onHold,
    disabled_users: users.disabled,
    expired_users: users.expired,
    limited_users: users.limited,
    incoming_bandwidth: parts.engine.totalUp,
    outgoing_bandwidth: parts.engine.totalDown,
  };
}

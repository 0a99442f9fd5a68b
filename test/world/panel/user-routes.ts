import { json, type Reply, refuse } from './reply.ts';
import { bodyOf, type PanelParts, type Request } from './request.ts';
import { marzbanUser, pasarguardUser, type SimUser } from './users.ts';

const sortable = ['username', 'used_traffic', 'data_limit', 'expire', 'created_at'];
const modifiable = ['active', 'disabled', 'on_hold'];

/** `/api/users` and `/api/user/…`. Null: not one of these paths. */
export function userRoute(parts: PanelParts, request: Request): Reply | null {
  const { method, path } = request;
  if (path === '/api/users' && method === 'GET') return list(parts, request);
  const match = /^\/api\/user\/([^/]+)(\/reset)?$/.exec(path);
  if (match === null) return null;
  const user = parts.users.find((each) => each.username === decodeURIComponent(match[1] ?? ''));
  if (match[2] !== undefined) {
    if (method !== 'POST') return refuse(405, 'Method Not Allowed');
    return user === undefined ? refuse(404, 'User not found') : reset(parts, user);
  }
  if (method === 'GET') return user === undefined ? refuse(404, 'User not found') : json(200, shown(parts, user));
  if (method === 'PUT') return user === undefined ? refuse(404, 'User not found') : modify(parts, user, request);
  return refuse(405, 'Method Not Allowed');
}

function shown(parts: PanelParts, user: SimUser): Record<string, unknown> {
  return parts.kind === 'marzban' ? marzbanUser(user, parts.version) : pasarguardUser(user);
}

/** No default limit: whoever leaves it out, or says 0, gets every user with every key, at 0.7 ms each. */
function list(parts: PanelParts, { query }: Request): Reply {
  const sort = (query.get('sort') ?? '').split(',').filter((each) => each !== '');
  const unknown = sort.find((each) => !sortable.includes(each.replace(/^-/, '')));
  if (unknown !== undefined) return refuse(400, `"${unknown}" is not a valid sort option`);
  const limit = Number(query.get('limit') ?? 0);
  const offset = Number(query.get('offset') ?? 0);
  if (!Number.isInteger(limit) || !Number.isInteger(offset))
    return refuse(422, { limit: 'Input should be a valid integer, unable to parse string as an integer' });
  const status = query.get('status');
  const search = query.get('search');
  const found = parts.users.filter(
    (user) =>
      (status === null || user.status === status) &&
      (search === null || user.username.toLowerCase().includes(search.toLowerCase())),
  );
  const page = found.slice(offset, limit === 0 ? undefined : offset + limit);
  return json(200, { users: page.map((user) => shown(parts, user)), total: found.length }, 7 + page.length * 0.7);
}

function modify(parts: PanelParts, user: SimUser, request: Request): Reply {
  const body = bodyOf(request);
  if (body === null) return refuse(422, { body: 'Field required' });
  const { status, expire, data_limit, on_hold_expire_duration, next_plan, proxies } = body;
  if (proxies !== undefined && typeof proxies === 'object' && proxies !== null && Object.keys(proxies).length === 0)
    return refuse(422, { proxies: 'Value error, Each user needs at least one proxy' });
  if (status !== undefined && !modifiable.includes(String(status)))
    return refuse(422, { status: "Input should be 'active', 'disabled' or 'on_hold'" });
  const now = parts.engine.now;
  if (status === 'active' || status === 'disabled' || status === 'on_hold') user.status = status;
  if (typeof on_hold_expire_duration === 'number') user.on_hold_expire_duration = on_hold_expire_duration;
  if (typeof data_limit === 'number') user.data_limit = data_limit === 0 ? null : data_limit;
  const until = typeof expire === 'number' ? expire : typeof expire === 'string' ? Date.parse(expire) / 1000 : null;
  if (until !== null) {
    user.expire = until === 0 ? null : Math.floor(until);
    if (user.status === 'active' || user.status === 'expired')
      user.status = user.expire === null || user.expire > now / 1000 ? 'active' : 'expired';
  }
  // Not mentioned is deleted: true of both panels.
  user.next_plan = typeof next_plan === 'object' && next_plan !== null ? { ...next_plan } : null;
  return json(200, shown(parts, user), 12);
}

function reset(parts: PanelParts, user: SimUser): Reply {
  user.used_traffic = 0;
  user.next_plan = null;
  // Marzban means to leave expired and disabled users alone, and leaves only the expired ones.
  if (parts.kind === 'marzban' ? user.status !== 'expired' : user.status === 'limited') user.status = 'active';
  return json(200, shown(parts, user), 12);
}

import { type Answer, answer, failure, type PanelUser } from '../core/panel.ts';
import type { UserChange } from '../core/panel-control.ts';
import type { PanelKind } from '../core/panel-view.ts';
import { reason } from '../core/reason.ts';
import type { PanelClient } from './client.ts';

import { type RawUser, user, userList } from './shapes.ts';

const DAY_MS = 86_400_000;
/** Whoever waits for more than twenty names should type more letters; each comes with all its keys. */
const MOST_FOUND = 20;

/** Finding and changing users: the same in both panels but for how they write times. */
export function createUsers(client: PanelClient, kind: PanelKind, clock: () => number) {
  const path = (name: string) => `/api/user/${encodeURIComponent(name)}`;

  function read(name: string, signal: AbortSignal): Promise<Answer<RawUser>> {
    return client.ask({ path: path(name), shape: user, first: true }, signal);
  }

  /**
   * Both panels delete a user's next plan when a change does not mention it. Everything else that is left out stays.
   */
  function write(before: RawUser, change: Readonly<Record<string, unknown>>, signal: AbortSignal) {
    const body = before.next_plan === null ? change : { ...change, next_plan: before.next_plan };
    return client.ask({ method: 'PUT', path: path(before.username), body, shape: user, first: true }, signal);
  }

  async function change(name: string, wish: UserChange, signal: AbortSignal): Promise<Answer<PanelUser>> {
    const before = await read(name, signal);
    if (!before.ok) return before;
    const after = await apply(before.value, wish, signal);
    return after.ok ? answer(shown(after.value)) : after;
  }

  function apply(before: RawUser, wish: UserChange, signal: AbortSignal): Promise<Answer<RawUser>> {
    switch (wish.change) {
      case 'disable':
        return write(before, { status: 'disabled' }, signal);
      case 'enable':
        return write(before, enabled(before), signal);
      case 'reset-traffic':
        return reset(before, signal);
      case 'extend':
        return extend(before, wish.days, signal);
    }
  }

  /** One whose time has not begun would become a user without any end if he were made "active". */
  function enabled(before: RawUser): Readonly<Record<string, unknown>> {
    const waiting = before.expire === null && (before.on_hold_expire_duration ?? 0) > 0;
    if (kind === 'marzban' && waiting)
      return { status: 'on_hold', on_hold_expire_duration: before.on_hold_expire_duration };
    return { status: 'active' };
  }

  /** Marzban's reset switches a disabled user on and deletes his next plan: both are put back. */
  async function reset(before: RawUser, signal: AbortSignal): Promise<Answer<RawUser>> {
    const done = await client.ask(
      { method: 'POST', path: `${path(before.username)}/reset`, shape: user, first: true },
      signal,
    );
    if (!done.ok) return done;
    const kept = before.status === 'disabled' || before.status === 'on_hold';
    const moved = kept && done.value.status !== before.status;
    const lost = before.next_plan !== null && done.value.next_plan === null;
    if (!moved && !lost) return done;
    const hold = before.status === 'on_hold' ? { on_hold_expire_duration: before.on_hold_expire_duration } : {};
    return write(before, moved ? { status: before.status, ...hold } : {}, signal);
  }

  async function extend(before: RawUser, days: number, signal: AbortSignal): Promise<Answer<RawUser>> {
    if (before.status === 'on_hold') {
      const seconds = (before.on_hold_expire_duration ?? 0) + (days * DAY_MS) / 1000;
      return write(before, { on_hold_expire_duration: seconds }, signal);
    }
    if (before.expire === null) return failure('refused', reason('panel-user-endless', { user: before.username }));
    const until = Math.max(before.expire, clock()) + days * DAY_MS;
    const expire = kind === 'marzban' ? Math.floor(until / 1000) : new Date(until).toISOString();
    return write(before, { expire }, signal);
  }

  async function get(name: string, signal: AbortSignal): Promise<Answer<PanelUser>> {
    const found = await read(name, signal);
    return found.ok ? answer(shown(found.value)) : found;
  }

  async function search(text: string, limit: number, signal: AbortSignal): Promise<Answer<readonly PanelUser[]>> {
    const most = Math.min(Math.max(1, Math.trunc(limit)), MOST_FOUND);
    const query = new URLSearchParams({ search: text, limit: String(most), sort: 'username' });
    const found = await client.ask({ path: `/api/users?${query}`, shape: userList, first: true }, signal);
    return found.ok ? answer(found.value.users.map(shown)) : found;
  }

  return { get, search, change };
}

function shown(raw: RawUser): PanelUser {
  return {
    name: raw.username,
    rawStatus: raw.status,
    expiresAt: raw.expire,
    usedBytes: raw.used_traffic,
    limitBytes: raw.data_limit === 0 ? null : raw.data_limit,
    onlineAt: raw.online_at,
    createdAt: raw.created_at,
  };
}

export type UserStatus = 'active' | 'disabled' | 'limited' | 'expired' | 'on_hold';

export interface SimUser {
  username: string;
  status: UserStatus;
  /** Unix seconds. */
  expire: number | null;
  data_limit: number | null;
  used_traffic: number;
  /** Epoch ms. */
  online_at: number | null;
  created_at: number;
  on_hold_expire_duration: number | null;
  next_plan: Record<string, unknown> | null;
  note: string | null;
}

export interface UserOptions {
  readonly username: string;
  readonly status?: UserStatus;
  readonly expire?: number | null;
  readonly data_limit?: number | null;
  readonly used_traffic?: number;
  readonly online_at?: number | null;
  readonly on_hold_expire_duration?: number | null;
  readonly next_plan?: Record<string, unknown> | null;
}

const DAY_S = 86_400;

/** One user of a shop; what is not said is ordinary. */
export function simUser(options: UserOptions, now: number): SimUser {
  return {
    username: options.username,
    status: options.status ?? 'active',
    expire: options.expire === undefined ? Math.floor(now / 1000) + 30 * DAY_S : options.expire,
    data_limit: options.data_limit === undefined ? 322_122_547_200 : options.data_limit,
    used_traffic: options.used_traffic ?? 50_000,
    online_at: options.online_at === undefined ? null : options.online_at,
    created_at: now - 40 * DAY_S * 1000,
    on_hold_expire_duration: options.on_hold_expire_duration ?? null,
    next_plan: options.next_plan ?? null,
    note: null,
  };
}

/** `total` users in the proportions of a shop that lives; `online` of them were seen within the last minute. */
export function crowd(total: number, online: number, now: number): SimUser[] {
  return Array.from({ length: total }, (_, index) => {
    const tenth = index % 10;
    const status: UserStatus = tenth < 7 ? 'active' : tenth === 7 ? 'expired' : tenth === 8 ? 'limited' : 'disabled';
    return simUser(
      { username: `orbit_${100_000_000 + index}`, status, online_at: index < online ? now - 30_000 : null },
      now,
    );
  });
}

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace(/\d\dZ$/, '0427'));

/** As Marzban sends a user: with all of his keys. */
export function marzbanUser(user: SimUser, version: string): Record<string, unknown> {
  const old = version.startsWith('0.6') || version.startsWith('0.7');
  return {
    proxies: {
      vless: { id: '35e4e39c-7d5c-4f4b-8b71-558e4f37ff53', flow: '' },
      shadowsocks: { password: 'kMdp3bRkd0QWlm3xO6UP4w', method: 'chacha20-ietf-poly1305' },
    },
    expire: user.expire,
    data_limit: user.data_limit,
    data_limit_reset_strategy: 'month',
    inbounds: { vless: ['VLESS TCP REALITY'], shadowsocks: ['Shadowsocks TCP'] },
    note: user.note,
    sub_updated_at: null,
    sub_last_user_agent: null,
    online_at: iso(user.online_at),
    on_hold_expire_duration: user.on_hold_expire_duration,
    on_hold_timeout: null,
    auto_delete_in_days: null,
    ...(old ? {} : { next_plan: user.next_plan }),
    username: user.username,
    status: user.status,
    used_traffic: user.used_traffic,
    lifetime_used_traffic: user.used_traffic,
    created_at: iso(user.created_at),
    links: [
      `vless://35e4e39c-7d5c-4f4b-8b71-558e4f37ff53@203.0.113.10:443?security=reality&type=tcp&sni=example.org&pbk=SbVKOEMjK0sIlbwg4akyBg5mL5KZwwB-ed4eEE7YnRc&sid=6ba85179e30d4fc2#${user.username}`,
      `ss://Y2hhY2hhMjAtaWV0Zi1wb2x5MTMwNTprTWRwM2JSa2QwUVdsbTN4TzZVUDR3@203.0.113.10:1080#${user.username}`,
    ],
    subscription_url: `/sub/${Buffer.from(user.username).toString('base64url')}`,
    excluded_inbounds: { vless: [], shadowsocks: [] },
    admin: null,
  };
}

/** As PasarGuard sends him: times with a zone, settings under other names. */
export function pasarguardUser(user: SimUser): Record<string, unknown> {
  const zoned = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    id: 1,
    proxy_settings: { vless: { id: '35e4e39c-7d5c-4f4b-8b71-558e4f37ff53', flow: '' } },
    expire: user.expire === null ? null : zoned(user.expire * 1000),
    data_limit: user.data_limit,
    data_limit_reset_strategy: 'month',
    note: user.note,
    on_hold_expire_duration: user.on_hold_expire_duration,
    on_hold_timeout: null,
    group_ids: [1],
    auto_delete_in_days: null,
    hwid_limit: null,
    next_plan: user.next_plan,
    username: user.username,
    status: user.status,
    used_traffic: user.used_traffic,
    lifetime_used_traffic: user.used_traffic,
    created_at: zoned(user.created_at),
    edit_at: null,
    online_at: zoned(user.online_at),
    subscription_url: `/sub/${Buffer.from(user.username).toString('base64url')}`,
    admin: null,
  };
}

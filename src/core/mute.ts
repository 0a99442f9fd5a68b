/** What a mute or a maintenance window covers. */
export type Scope =
  | { readonly covers: 'all' }
  | { readonly covers: 'service'; readonly service: string }
  | { readonly covers: 'incident'; readonly incident: number };

/**
 * A time in which nothing sounds. `maintenance` also holds recovery: somebody works on it. Checks go on in both.
 * Always with an end: a mute without one is an outage nobody hears of.
 */
export interface Mute {
  readonly id: number;
  readonly kind: 'mute' | 'maintenance';
  readonly scope: Scope;
  /** Epoch ms. */
  readonly from: number;
  readonly until: number;
  /** Who did it, as others read it. */
  readonly by: string;
}

/** Longer than this is refused: by then nobody remembers it. */
export const MAX_MUTE_MS = 7 * 24 * 3600_000;

/** Whether a scope takes in this service (or this incident of it). */
export function inScope(scope: Scope, service: string, incident: number | null): boolean {
  switch (scope.covers) {
    case 'all':
      return true;
    case 'service':
      return scope.service === service;
    case 'incident':
      return scope.incident === incident;
  }
}

/** Whether two scopes are the same. */
export function sameScope(a: Scope, b: Scope): boolean {
  if (a.covers === 'service') return b.covers === 'service' && a.service === b.service;
  if (a.covers === 'incident') return b.covers === 'incident' && a.incident === b.incident;
  return b.covers === 'all';
}

/** Whether it covers this service (or this incident of it) at `now`. */
export function covers(mute: Mute, service: string, incident: number | null, now: number): boolean {
  return now >= mute.from && now < mute.until && inScope(mute.scope, service, incident);
}

/** The one that covers it longest, or null. */
export function coveringMute(
  mutes: readonly Mute[],
  service: string,
  incident: number | null,
  now: number,
): Mute | null {
  return mutes
    .filter((mute) => covers(mute, service, incident, now))
    .reduce<Mute | null>((longest, mute) => (longest === null || mute.until > longest.until ? mute : longest), null);
}

/** Whether recovery of a service is held because somebody works on it. */
export function inMaintenance(mutes: readonly Mute[], service: string, now: number): boolean {
  return mutes.some((mute) => mute.kind === 'maintenance' && covers(mute, service, null, now));
}

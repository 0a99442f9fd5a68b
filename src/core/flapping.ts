/** Changes of one service inside {@link FLAP_WINDOW_MS} that make it flapping, and the quiet that ends it. */
export const FLAP_CHANGES = 5;
export const FLAP_WINDOW_MS = 5 * 60_000;

/** What is remembered of a service's changes: openings and resolutions alike. */
export interface FlapRecord {
  /** Epoch ms of the changes inside the window, oldest first. */
  readonly changes: readonly number[];
  /** Since when it counts as flapping; null: it does not. */
  readonly since: number | null;
}

export const steady: FlapRecord = { changes: [], since: null };

/** What a moment means for it: begins, goes on, ends, or nothing. */
export type FlapStep = { readonly record: FlapRecord; readonly flapping: 'no' | 'begins' | 'goes-on' | 'ends' };

/** Takes in a change (`changed`) or just the passing of time. */
export function flap(before: FlapRecord, changed: boolean, now: number): FlapStep {
  const recent = before.changes.filter((at) => now - at < FLAP_WINDOW_MS);
  const changes = changed ? [...recent, now].slice(-FLAP_CHANGES) : recent;
  if (before.since !== null) {
    // Quiet for a whole window: it is over, whatever state it ended in.
    if (changes.length === 0) return { record: steady, flapping: 'ends' };
    return { record: { changes, since: before.since }, flapping: 'goes-on' };
  }
  if (changes.length >= FLAP_CHANGES) return { record: { changes, since: now }, flapping: 'begins' };
  return { record: { changes, since: null }, flapping: 'no' };
}

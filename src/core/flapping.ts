import { median } from './rolling.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** So many changes within such a time are flapping, and so much quiet ends it; ms. */
interface FlapRule {
  readonly changes: number;
  readonly within: number;
  readonly quiet: number;
}

/** Quick, slow, slower: what is up and down every few minutes wears people out as much, and needs a longer proof of quiet. */
const RULES: readonly FlapRule[] = [
  { changes: 5, within: 5 * MINUTE, quiet: 5 * MINUTE },
  { changes: 6, within: HOUR, quiet: 30 * MINUTE },
  { changes: 8, within: 4 * HOUR, quiet: 2 * HOUR },
];

/** Older changes say nothing any more (ms), nor do more than so many. */
export const FLAP_MEMORY_MS = Math.max(...RULES.map(({ within }) => within));
const MOST_CHANGES = Math.max(...RULES.map(({ changes }) => changes));

/** A state of something that flaps is one that stays, and is told, after this; at least, at most, ms. */
const STAYS_MS = { least: 5 * MINUTE, most: 30 * MINUTE };
/** Times the usual distance between two changes: so long it has not lasted while it flapped. */
const STAYS_TIMES = 2;
const GAPS_LOOKED_AT = 4;

/** What is remembered of a service's changes: openings and resolutions alike. */
export interface FlapRecord {
  /** Epoch ms of the latest changes, oldest first. */
  readonly changes: readonly number[];
  /** Since when it counts as flapping; null: it does not. */
  readonly since: number | null;
  /** How much quiet ends it, ms. */
  readonly quiet: number;
  /** Changes since it began, with those by which it was known. */
  readonly total: number;
}

export const steady: FlapRecord = { changes: [], since: null, quiet: 0, total: 0 };

/** What a moment means for it: begins, goes on, ends, or nothing. */
export type FlapStep = { readonly record: FlapRecord; readonly flapping: 'no' | 'begins' | 'goes-on' | 'ends' };

/** Takes in a change (`changed`) or just the passing of time. */
export function flap(before: FlapRecord, changed: boolean, now: number): FlapStep {
  const recent = before.changes.filter((at) => now - at < FLAP_MEMORY_MS);
  const { since } = before;
  if (!changed) {
    if (since === null) return { record: { ...steady, changes: recent }, flapping: 'no' };
    // Quiet for long enough: it is over, whatever state it ended in. The changes still count should it begin anew.
    if (now - (before.changes.at(-1) ?? since) >= before.quiet)
      return { record: { ...steady, changes: recent }, flapping: 'ends' };
    return { record: before, flapping: 'goes-on' };
  }
  const changes = [...recent, now].slice(-MOST_CHANGES);
  // The quickest one counts: what changes every minute is surely stable after five, what does so every hour is not.
  const rule = RULES.find((each) => breaks(each, changes, now));
  const quiet = rule?.quiet ?? 0;
  if (since !== null)
    return {
      record: { changes, since, quiet: Math.max(before.quiet, quiet), total: before.total + 1 },
      flapping: 'goes-on',
    };
  if (rule === undefined) return { record: { ...steady, changes }, flapping: 'no' };
  const total = changes.filter((at) => now - at < rule.within).length;
  return { record: { changes, since: now, quiet, total }, flapping: 'begins' };
}

function breaks(rule: FlapRule, changes: readonly number[], now: number): boolean {
  const first = changes.at(-rule.changes);
  return first !== undefined && now - first < rule.within;
}

/** How long a state has to last until it is one that stays, by the pace of the changes; ms. */
export function staysAfter({ changes }: FlapRecord): number {
  const gaps = changes.slice(1).map((at, index) => at - (changes[index] ?? at));
  const usual = median(gaps.slice(-GAPS_LOOKED_AT)) ?? 0;
  return Math.min(STAYS_MS.most, Math.max(STAYS_MS.least, STAYS_TIMES * usual));
}

/**
 * The record that these changes (epoch ms, oldest first) lead to at `now`: what the last manager knew. `open`: when the
 * flapping that it told of began; null: it told of none.
 */
export function replay(changes: readonly number[], open: number | null, now: number): FlapRecord {
  let record = steady;
  for (const at of changes) record = flap(flap(record, false, at).record, true, at).record;
  if (open === null) return { ...steady, changes: record.changes };
  const quiet = Math.max(record.quiet, RULES[0]?.quiet ?? 0);
  return { changes: record.changes.filter((at) => now - at < FLAP_MEMORY_MS), since: open, quiet, total: record.total };
}

import type { ExitInfo, ServiceRecord } from './service.ts';

/** The part of a service's configuration that recovery goes by. Times in ms. */
export interface RecoveryPolicy {
  readonly restart_policy: 'always' | 'on-failure' | 'never';
  /** Exits allowed inside `restart_window`; one more and the manager gives up. */
  readonly max_restarts: number;
  readonly restart_window: number;
  readonly restart_delay: number;
  readonly max_restart_delay: number;
  readonly stable_after: number;
  readonly start_grace: number;
}

/** What recovery does about an exit, named so that it can be logged and shown. */
export type Recovery =
  | { readonly decision: 'restart'; readonly at: number; readonly delay: number }
  | { readonly decision: 'give-up'; readonly exits: number; readonly within: number }
  | { readonly decision: 'leave'; readonly why: 'policy-never' | 'clean-exit' };

/** The share by which a delay may differ, so that services that fell together do not rise together. */
const JITTER = 0.1;

/** The exits that still count at `now`. */
export function exitsInWindow(exits: readonly number[], policy: RecoveryPolicy, now: number): readonly number[] {
  return exits.filter((at) => now - at < policy.restart_window);
}

/**
 * The delay before restart number `attempt` (0: the first since stable uptime), ms. `random` in [0, 1). The longest
 * delay is spread downwards: what has been down for long would else rise together after all.
 */
export function backoff(attempt: number, policy: RecoveryPolicy, random: number): number {
  const { restart_delay, max_restart_delay } = policy;
  const spread = 1 + JITTER * random;
  const delay = restart_delay * 2 ** Math.min(attempt, 30) * spread;
  if (delay <= max_restart_delay) return Math.round(delay);
  return Math.round(Math.max(Math.min(restart_delay, max_restart_delay), max_restart_delay / spread));
}

/**
 * What to do after an exit that nobody asked for. `record.exits` holds this exit already. Every exit counts, whatever
 * its cause and however long the run was: a tool that counts only quick ones restarts for ever what dies after a
 * minute.
 */
export function recover(
  record: ServiceRecord,
  exit: ExitInfo | null,
  policy: RecoveryPolicy,
  now: number,
  random: number,
): Recovery {
  if (policy.restart_policy === 'never') return { decision: 'leave', why: 'policy-never' };
  if (policy.restart_policy === 'on-failure' && exit?.code === 0) return { decision: 'leave', why: 'clean-exit' };
  const counted = exitsInWindow(record.exits, policy, now);
  const first = counted[0];
  if (counted.length > policy.max_restarts && first !== undefined)
    return { decision: 'give-up', exits: counted.length, within: now - first };
  const delay = backoff(record.attempt, policy, random);
  return { decision: 'restart', at: now + delay, delay };
}

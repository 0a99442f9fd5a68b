import { type Reason, reason } from './reason.ts';

/** What a manager leaves behind so that the next one knows how it ended; kept in the settings. */
export interface LifeMark {
  /** The boot of the host in which it ran. */
  readonly boot: string;
  /** Epoch ms of its last sign of life. */
  readonly aliveAt: number;
  /** How it ended; null: it did not get to say. */
  readonly ended: 'stopped' | 'poller' | null;
}

/** A stop in order that is shorter than this (ms) is a deploy, of which nobody has to be told. */
const DEPLOY_MS = 60_000;

/** What the admins are told at the start: how long nobody watched, and why; null: nothing worth telling. */
export function startNotice(before: LifeMark | null, boot: string, now: number): Reason | null {
  if (before === null) return null;
  const gap = Math.max(0, now - before.aliveAt);
  if (before.ended === 'stopped' && gap < DEPLOY_MS) return null;
  // One that said how it ended, ended before the host did.
  const cause = before.ended ?? (before.boot === boot ? 'killed' : 'rebooted');
  return reason('manager-started', { ...roughly(gap), cause });
}

/** The last sign of life is seconds old when a manager dies: more than one unit would be made up. */
function roughly(ms: number): { readonly length: number; readonly unit: string } {
  const units = [
    ['d', 86_400_000, 2],
    ['h', 3600_000, 2],
    ['min', 60_000, 1],
  ] as const;
  const found = units.find(([, size, from]) => ms >= size * from);
  if (found === undefined) return { length: Math.round(ms / 1000), unit: 's' };
  return { length: Math.round(ms / found[1]), unit: found[0] };
}

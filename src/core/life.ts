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

/** A host that goes down stops the manager first; so much later (ms) at most it is up again. */
const REBOOT_TAKES_MS = 10 * 60_000;

/** How the last manager ended, and for how long nobody watched (ms). */
export interface Gap {
  readonly cause: 'stopped' | 'poller' | 'killed' | 'rebooted';
  readonly length: number;
}

/** `boot` is the present one, which began at `bootedAt` (epoch ms). Null: there was no manager before. */
export function gapBefore(before: LifeMark | null, boot: string, bootedAt: number, now: number): Gap | null {
  if (before === null) return null;
  const length = Math.max(0, now - before.aliveAt);
  const rebooted = before.boot !== boot && (before.ended === null || bootedAt - before.aliveAt < REBOOT_TAKES_MS);
  return { cause: rebooted ? 'rebooted' : (before.ended ?? 'killed'), length };
}

/** Whether it was a stop in order so short that nobody has to be told. */
export function isDeploy({ cause, length }: Gap): boolean {
  return cause === 'stopped' && length < DEPLOY_MS;
}

/** What the admins are told at the start: how long nobody watched, and why; null: nothing worth telling. */
export function startNotice(gap: Gap | null): Reason | null {
  if (gap === null || isDeploy(gap)) return null;
  return reason('manager-started', { ...roughly(gap.length), cause: gap.cause });
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

import { type Reason, reason } from '../core/reason.ts';
import type { Lineage } from './lineage.ts';
import { isAlive, type ProcessEntry, type ProcessId, readProcess } from './proctree.ts';
import { killAll, signalProcess, waitUntil } from './terminate.ts';

/** SIGKILL works at once except on what is stuck in the kernel (a dead disk, a dead mount). */
const killDeadlineMs = 5000;
/** What ends together with its service is given this long to do so by itself. */
const stragglerMs = 100;

export type Ended =
  | { readonly ok: true; readonly killed: readonly string[] }
  | { readonly ok: false; readonly reason: Reason };

/** SIGKILL to whatever lives of a service, itself included. */
export function killTree(lineage: Lineage): Promise<Ended> {
  return killListed(() => lineage.living());
}

/** SIGKILL to all that `living` finds, until it finds nobody. */
export async function killListed(living: () => Promise<readonly ProcessEntry[]>): Promise<Ended> {
  const { killed, left } = await killAll(living, killDeadlineMs);
  return left.length === 0
    ? { ok: true, killed }
    : { ok: false, reason: reason('not-killed', { processes: left.join(', ') }) };
}

/**
 * Asks the service to end with `signal`, waits until `gone` says that it is (or gives up after its own deadline), and
 * kills what is left of its tree.
 */
export async function endTree(
  service: ProcessId,
  signal: NodeJS.Signals,
  gone: () => Promise<boolean>,
  lineage: Lineage,
): Promise<Ended> {
  await lineage.lookBeforeDeath();
  if (signalProcess(service, signal) === 'forbidden')
    return { ok: false, reason: reason('signal-forbidden', { pid: String(service.pid) }) };
  // One that is suspended (Ctrl-Z, SIGSTOP) would sleep through the signal.
  if (readProcess(service.pid)?.state === 'T') signalProcess(service, 'SIGCONT');
  const went = (await gone()) || !isAlive(service);
  if (went) await waitUntil(async () => (await lineage.living()).length === 0, stragglerMs);
  return killTree(lineage);
}

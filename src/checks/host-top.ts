import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type pidusage from 'pidusage';
import type { Figure } from '../core/figure.ts';
import { reason } from '../core/reason.ts';
import type { HostTop, Top, TopProcess } from '../core/top.ts';
import { listPids, readProcess } from '../procfs.ts';

const SHOWN = 5;
/** ms between the two looks that CPU is reckoned from. */
const APART = 1000;
const AT_ONCE = 128;
/** pidusage opens a file for each: of more processes, those with most memory and processor time. */
const MOST = 2000;
/**
 * ms after which it closes them again. Its `clear()` would only forget them, still open; much less, and on a busy machine
 * it would close what it is reading.
 */
const KEPT = 5000;
/** Nobody nests deeper; ends the way up should processes change meanwhile. */
const DEEPEST = 64;

export interface TopOptions {
  /** The services' own processes. */
  readonly services: () => Iterable<{ readonly name: string; readonly pid: number | null }>;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Who uses this machine, also what the manager does not supervise. */
export function createTop({ services, clock }: TopOptions): HostTop['measure'] {
  let measuring: Promise<Figure<Top>> | null = null;

  async function measure(): Promise<Figure<Top>> {
    const all = pidsNow();
    const pids = all.length > MOST ? largest(all) : all;
    await usages(pids);
    await sleep(APART);
    const found = await usages(pids);
    if (found.length === 0) return { ok: false, reason: reason('top-nothing') };
    const roots = new Map<number, string>();
    for (const { name, pid } of services()) if (pid !== null) roots.set(pid, name);
    const host = totalmem();
    const name = ({ pid, cpu, memory }: pidusage.Status): readonly TopProcess[] => {
      const entry = readProcess(pid);
      if (entry === null) return [];
      const service = serviceOf(pid, roots);
      // The kernel knows the manager by the name of what runs it, as it does other people's programs.
      const called = pid === process.pid ? 'orbit' : readable(entry.comm);
      return [{ pid, name: called, cpu, memory, memoryOfHost: (100 * memory) / host, service }];
    };
    const most = (by: 'cpu' | 'memory') =>
      found
        .filter((one) => one[by] > 0)
        .sort((a, b) => b[by] - a[by])
        .slice(0, SHOWN)
        .flatMap(name);
    const [byCpu, byMemory] = [most('cpu'), most('memory')];
    const counted = { measured: found.length, processes: all.length };
    return { ok: true, value: { at: clock(), cores: cpus().length, ...counted, byCpu, byMemory } };
  }

  return () => {
    measuring ??= measure().finally(() => {
      measuring = null;
    });
    return measuring;
  };
}

/** None where nobody tells. */
function pidsNow(): readonly number[] {
  try {
    return listPids();
  } catch {
    return [];
  }
}

function largest(pids: readonly number[]): readonly number[] {
  const entries = pids.flatMap((pid) => readProcess(pid) ?? []);
  const first = (by: 'residentPages' | 'cpuTicks') => [...entries].sort((a, b) => b[by] - a[by]).slice(0, MOST / 2);
  return [...new Set([...first('residentPages'), ...first('cpuTicks')].map(({ pid }) => pid))];
}

/** CPU since it was asked before. Those that are gone are left out. */
async function usages(pids: readonly number[]): Promise<readonly pidusage.Status[]> {
  const { default: ask } = await import('pidusage');
  const all: pidusage.Status[] = [];
  for (let from = 0; from < pids.length; from += AT_ONCE) {
    const found = await ask(pids.slice(from, from + AT_ONCE), { maxage: KEPT }).catch(() => ({}));
    // One that ended in between has null here, whatever the types say.
    for (const one of Object.values<pidusage.Status | null | undefined>(found)) if (one) all.push(one);
  }
  return all;
}

/** The service whose process it is, or is below. */
function serviceOf(pid: number, roots: ReadonlyMap<number, string>): string | null {
  let at = pid;
  for (let step = 0; step < DEEPEST && at > 0; step += 1) {
    const name = roots.get(at);
    if (name !== undefined) return name;
    at = readProcess(at)?.ppid ?? 0;
  }
  return null;
}

/** A process may call itself anything: what would move a cursor or turn a line around is no name. */
function readable(comm: string): string {
  return Buffer.from(comm, 'latin1').toString('utf8').replace(/\p{C}/gu, '?');
}

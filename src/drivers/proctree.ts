import { existsSync, readFileSync } from 'node:fs';
import { childPids, listPids, type ProcessEntry, type ProcessId, readProcess, ticksPerSecond } from '../procfs.ts';

/*
 * Everything here reads /proc synchronously, as one process is read: processes must not change between two lines of a
 * snapshot.
 */

export { type ProcessEntry, type ProcessId, readProcess } from '../procfs.ts';

/** Whether that very process lives. A zombie has ended, whoever has yet to collect it. */
export function isAlive(id: ProcessId): boolean {
  // An open that fails costs an exception, which is dear to whoever is restarting something.
  if (!existsSync(`/proc/${id.pid}`)) return false;
  const found = readProcess(id.pid);
  return found !== null && found.startTicks === id.startTicks && found.state !== 'Z' && found.state !== 'X';
}

/** Whether the kernel knows the pid, for a microsecond's cost; a zombie or a reused pid only a reading tells. */
export function mayLive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The children of a process, zombies included; none where the kernel does not tell. `threads`: where that is known. */
export function readChildren(pid: number, threads?: number): ProcessEntry[] {
  const pids = childPids(pid, threads) ?? [];
  return pids.flatMap((child) => readProcess(child) ?? []).filter(({ ppid }) => ppid === pid);
}

/** Every process of one moment. */
export class ProcessTable {
  readonly entries: ReadonlyMap<number, ProcessEntry>;
  private children: Map<number, ProcessEntry[]> | null = null;
  private sessions: Map<number, ProcessEntry[]> | null = null;

  constructor(entries: ReadonlyMap<number, ProcessEntry>) {
    this.entries = entries;
  }

  /** Children by parent pid. */
  childrenOf(pid: number): readonly ProcessEntry[] {
    this.children ??= groupBy(this.entries, (entry) => entry.ppid);
    return this.children.get(pid) ?? [];
  }

  inSession(session: number): readonly ProcessEntry[] {
    this.sessions ??= groupBy(this.entries, (entry) => entry.session);
    return this.sessions.get(session) ?? [];
  }

  /** The entry of exactly that process, zombies included. */
  find(id: ProcessId): ProcessEntry | null {
    const entry = this.entries.get(id.pid);
    return entry && entry.startTicks === id.startTicks ? entry : null;
  }

  /** A process and everything below it, parents first. */
  below(pid: number): ProcessEntry[] {
    const root = this.entries.get(pid);
    const tree = root ? [root] : [];
    // Grows while it is walked; a process is found once, as it has one parent.
    for (const entry of tree) tree.push(...this.childrenOf(entry.pid));
    return tree;
  }
}

function groupBy(entries: ReadonlyMap<number, ProcessEntry>, key: (entry: ProcessEntry) => number) {
  const groups = new Map<number, ProcessEntry[]>();
  for (const entry of entries.values()) {
    const group = groups.get(key(entry));
    if (group) group.push(entry);
    else groups.set(key(entry), [entry]);
  }
  return groups;
}

/** Reads all of /proc: about 8 µs a process. */
export function readProcesses(): ProcessTable {
  const entries = new Map<number, ProcessEntry>();
  for (const pid of listPids()) {
    const entry = readProcess(pid);
    if (entry) entries.set(pid, entry);
  }
  return new ProcessTable(entries);
}

/** The argument vector, null when the process is gone or (a kernel thread, a zombie) has none. */
export function readArguments(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text === '' ? null : text.replace(/\0$/, '').split('\0');
  } catch {
    return null;
  }
}

let boot: string | null = null;

/** Changes with each boot of the machine. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

let origin: { epoch: number; ticks: number } | null = null;

/**
 * When a process started, epoch ms, good to some 20 ms. Reckoned from this process's own start rather than from
 * /proc/uptime, which is the container's (and no match for start times) where lxcfs stands in front of it.
 */
export function startedAt(id: ProcessId): number {
  origin ??= { epoch: performance.timeOrigin, ticks: readProcess(process.pid)?.startTicks ?? 0 };
  return Math.round(origin.epoch + ((id.startTicks - origin.ticks) / ticksPerSecond) * 1000);
}

/** What {@link Run.id} is for a process: unique over reuse of pids and over reboots. */
export function runId(boot: string, id: ProcessId): string {
  return `${boot}:${id.pid}:${id.startTicks}`;
}

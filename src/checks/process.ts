import { readdirSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { CheckResult, Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { childPids, type ProcessEntry, pageSize, readProcess, readShort, ticksPerSecond } from '../procfs.ts';
import type { Check } from './check.ts';

/** A tree larger than this is measured in part: a fork bomb must not become ours. */
const MAX_PROCESSES = 200;

type Tree = ReadonlyMap<number, ProcessEntry>;

/** Bytes. Read once: asking for it costs more than asking a process. */
const memoryOfHost = totalmem();

/** Does the service's own process live, and what does its whole tree use? */
export function createProcessCheck(id: string): Check {
  /** The process measured last: what a tree used since the sample before is known from the second on. */
  let primed: number | null = null;
  /** Clock ticks that it had used by then, and those below it. */
  let ownBefore = 0;
  let before: ReadonlyMap<number, number> | null = null;
  let measuredAt = 0;
  let fileLimit = 0;

  /** CPU in % of one core since the sample before; null: this is the first one. */
  function cpuSince(own: ProcessEntry, below: Tree | null): number | null {
    const now = performance.now();
    const passed = now - measuredAt;
    const first = primed !== own.pid;
    let used = own.cpuTicks - ownBefore;
    let ticks: Map<number, number> | null = null;
    for (const [pid, { cpuTicks }] of below ?? []) {
      const earlier = before?.get(pid) ?? 0;
      // One that was not there, or is another by now, has used all of it since.
      used += cpuTicks >= earlier ? cpuTicks - earlier : cpuTicks;
      ticks ??= new Map();
      ticks.set(pid, cpuTicks);
    }
    [ownBefore, before, measuredAt] = [own.cpuTicks, ticks, now];
    return first || passed <= 0 ? null : (100 * 1000 * Math.max(0, used)) / ticksPerSecond / passed;
  }

  return {
    id,
    kind: 'process',
    run({ pid }): CheckResult {
      if (pid === null) return { verdict: 'unknown', reason: reason('process-pid-unknown'), metrics: [] };
      const own = readProcess(pid);
      if (own === null) return unhealthy('process-gone', pid);
      if (own.state === 'Z') return unhealthy('process-zombie', pid);
      if (primed !== pid) fileLimit = fileLimitOf(pid);
      const below = treeBelow(own);
      const cpu = cpuSince(own, below);
      let { residentPages: pages, threads } = own;
      for (const each of below?.values() ?? []) {
        pages += each.residentPages;
        threads += each.threads;
      }
      const memory = pages * pageSize();
      const metrics: Metric[] = cpu === null ? [] : [{ name: 'cpu', value: cpu, unit: '%' }];
      metrics.push(
        { name: 'memory', value: memory, unit: 'bytes' },
        // 500 MB mean little without it.
        { name: 'memory_of_host', value: (100 * memory) / memoryOfHost, unit: '%' },
        { name: 'threads', value: threads, unit: 'count' },
        { name: 'processes', value: 1 + (below?.size ?? 0), unit: 'count' },
      );
      addOpenFiles(metrics, pid, below, fileLimit);
      primed = pid;
      if (own.state === 'T' || own.state === 't')
        return { verdict: 'unhealthy', reason: reason('process-frozen', { pid: String(pid) }), metrics };
      return { verdict: 'healthy', reason: null, metrics };
    },
    async close() {},
  };
}

function unhealthy(code: 'process-gone' | 'process-zombie', pid: number): CheckResult {
  const args = { pid: String(pid) };
  return {
    verdict: 'unhealthy',
    reason: code === 'process-gone' ? reason('process-gone', args) : reason('process-zombie', args),
    metrics: [],
  };
}

/*
 * What the kernel makes up at the moment of reading is read at once: it waits for no disk, and the way over the thread
 * pool would cost several times as much as the answer.
 */

/** All that is below a process; null: nothing is, which most trees come to. */
function treeBelow(root: ProcessEntry): Tree | null {
  let tree: Map<number, ProcessEntry> | null = null;
  const parents = [root];
  // Grows while it is walked.
  for (const { pid, threads } of parents) {
    for (const child of childPids(pid, threads) ?? []) {
      if (parents.length >= MAX_PROCESSES) return tree;
      const entry = readProcess(child);
      // One that has ended since may have left its pid to a stranger.
      if (entry === null || entry.ppid !== pid) continue;
      tree ??= new Map();
      if (tree.has(child)) continue;
      tree.set(child, entry);
      parents.push(entry);
    }
  }
  return tree;
}

/** How many files the process may have open; 0: there is no limit, or nobody tells. */
function fileLimitOf(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readShort(`/proc/${pid}/limits`) ?? '')?.[1] ?? 0);
}

/**
 * Open files of the whole tree, and the share of the limit, which children have from their parent, of the process that
 * is nearest to it; none where another user's processes hide them.
 */
function addOpenFiles(metrics: Metric[], pid: number, below: Tree | null, limit: number): void {
  const own = openFilesOf(pid);
  let [all, most] = [own ?? 0, own ?? -1];
  for (const each of below?.keys() ?? []) {
    const count = openFilesOf(each);
    if (count === null) continue;
    all += count;
    most = Math.max(most, count);
  }
  if (most < 0) return;
  metrics.push({ name: 'open_files', value: all, unit: 'count' });
  if (limit > 0) metrics.push({ name: 'open_files_used', value: (100 * most) / limit, unit: '%' });
}

/** Null: nobody tells. */
function openFilesOf(pid: number): number | null {
  const folder = `/proc/${pid}/fd`;
  try {
    // Since Linux 6.2 the folder's size is their number; before, it is 0.
    return statSync(folder).size || readdirSync(folder).length;
  } catch {
    return null;
  }
}

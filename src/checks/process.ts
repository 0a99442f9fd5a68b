import { readdirSync, readFileSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { CheckResult, Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { type ProcessEntry, readProcess } from '../procfs.ts';
import type { Check } from './check.ts';
import { type Usages, usagesOf } from './usage.ts';

/** A tree larger than this is measured in part: a fork bomb must not become ours. */
const MAX_PROCESSES = 200;

type Tree = ReadonlyMap<number, ProcessEntry>;

/** Bytes. Read once: asking for it costs more than asking a process. */
const memoryOfHost = totalmem();

/** Does the service's own process live, and what does its whole tree use? */
export function createProcessCheck(id: string): Check {
  /** The process measured last: what a tree used since the sample before is known from the second on. */
  let primed: number | null = null;
  let before: Usages = new Map();
  let measuredAt = 0;
  let fileLimit = 0;

  /**
   * CPU in % of one core since the sample before; null: this is the first one. Reckoned here from what each has used in
   * all: pidusage's own percentage knows nothing of what began in between, and forgets after a minute.
   */
  function cpuSince(usages: Usages, first: boolean): number | null {
    const now = performance.now();
    const passed = now - measuredAt;
    let used = 0;
    for (const [pid, { cpu }] of usages) {
      const earlier = before.get(pid)?.cpu ?? 0;
      // One that was not there, or is another by now, has used all of it since.
      used += cpu >= earlier ? cpu - earlier : cpu;
    }
    [before, measuredAt] = [usages, now];
    return first || passed <= 0 || usages.size === 0 ? null : (100 * used) / passed;
  }

  return {
    id,
    kind: 'process',
    async run({ pid }): Promise<CheckResult> {
      if (pid === null) return { verdict: 'unknown', reason: reason('process-pid-unknown'), metrics: [] };
      const own = readProcess(pid);
      if (own === null) return unhealthy('process-gone', pid);
      if (own.state === 'Z') return unhealthy('process-zombie', pid);
      if (primed !== pid) fileLimit = fileLimitOf(pid);
      const tree = treeBelow(pid, own);
      const usages = await usagesOf([...tree.keys()]);
      const cpu = cpuSince(usages, primed !== pid);
      let threads = 0;
      for (const each of tree.values()) threads += each.threads;
      const metrics: Metric[] = [
        ...(cpu === null ? [] : [{ name: 'cpu', value: cpu, unit: '%' } as const]),
        ...memoryOf(usages),
        { name: 'threads', value: threads, unit: 'count' },
        { name: 'processes', value: tree.size, unit: 'count' },
        ...openFiles(tree, fileLimit),
      ];
      primed = pid;
      if (own.state === 'T' || own.state === 't')
        return { verdict: 'unhealthy', reason: reason('process-frozen', { pid: String(pid) }), metrics };
      return { verdict: 'healthy', reason: null, metrics };
    },
    async close() {},
  };
}

/** Of the whole machine, too: 500 MB mean little without it. */
function memoryOf(usages: Usages): readonly Metric[] {
  if (usages.size === 0) return [];
  let memory = 0;
  for (const each of usages.values()) memory += each.memory;
  return [
    { name: 'memory', value: memory, unit: 'bytes' },
    { name: 'memory_of_host', value: (100 * memory) / memoryOfHost, unit: '%' },
  ];
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

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function namesIn(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}

/** A process and all below it. */
function treeBelow(root: number, own: ProcessEntry): Tree {
  const tree = new Map([[root, own]]);
  // Grows while it is walked.
  for (const [pid, { threads }] of tree) {
    // Most have one thread, which has the process's own number.
    for (const task of threads === 1 ? [pid] : (namesIn(`/proc/${pid}/task`) ?? [])) {
      const children = textOf(`/proc/${pid}/task/${task}/children`) ?? '';
      for (const child of children.split(' ')) {
        if (tree.size >= MAX_PROCESSES) return tree;
        const stat = child === '' ? null : readProcess(Number(child));
        if (stat !== null) tree.set(Number(child), stat);
      }
    }
  }
  return tree;
}

/** How many files the process may have open; 0: there is no limit, or nobody tells. */
function fileLimitOf(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(textOf(`/proc/${pid}/limits`) ?? '')?.[1] ?? 0);
}

/**
 * Open files of the whole tree, and the share of the limit, which children have from their parent, of the process that
 * is nearest to it; none where another user's processes hide them.
 */
function openFiles(tree: Tree, limit: number): readonly Metric[] {
  let [all, most] = [0, -1];
  for (const pid of tree.keys()) {
    const count = openFilesOf(pid);
    if (count === null) continue;
    all += count;
    most = Math.max(most, count);
  }
  if (most < 0) return [];
  const files: Metric = { name: 'open_files', value: all, unit: 'count' };
  if (limit === 0) return [files];
  return [files, { name: 'open_files_used', value: (100 * most) / limit, unit: '%' }];
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

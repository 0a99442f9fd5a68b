import { readdirSync, readFileSync } from 'node:fs';
import pidusage from 'pidusage';
import type { CheckResult, Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import type { Check } from './check.ts';

/** A tree larger than this is measured in part: a fork bomb must not become ours. */
const MAX_PROCESSES = 200;

/** Does the service's own process live, and what does its whole tree use? */
export function createProcessCheck(id: string): Check {
  /** The process measured last: its first sample of CPU would always be 0. */
  let primed: number | null = null;

  return {
    id,
    kind: 'process',
    async run({ pid }): Promise<CheckResult> {
      if (pid === null) return { verdict: 'unknown', reason: reason('process-pid-unknown'), metrics: [] };
      const status = statusOf(pid);
      if (status === null) return unhealthy('process-gone', pid);
      if (status.state === 'Z') return unhealthy('process-zombie', pid);
      const tree = treeBelow(pid);
      if (primed !== pid) await pidusage(tree).catch(() => undefined);
      const usage = await usageOf(tree);
      const metrics: Metric[] = [
        ...(usage === null || primed !== pid ? [] : [{ name: 'cpu', value: usage.cpu, unit: '%' } as const]),
        ...(usage === null ? [] : [{ name: 'memory', value: usage.memory, unit: 'bytes' } as const]),
        { name: 'threads', value: status.threads, unit: 'count' },
        { name: 'processes', value: tree.length, unit: 'count' },
        ...openFiles(pid),
      ];
      primed = pid;
      if (status.state === 'T' || status.state === 't')
        return { verdict: 'unhealthy', reason: reason('process-frozen', { pid: String(pid) }), metrics };
      return { verdict: 'healthy', reason: null, metrics };
    },
    async close() {
      pidusage.clear();
    },
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

/** CPU in % of one core since the sample before, memory (RSS) in bytes, over all that still live. */
async function usageOf(pids: readonly number[]): Promise<{ cpu: number; memory: number } | null> {
  const all = await pidusage([...pids]).catch(() => null);
  if (all === null) return null;
  let cpu = 0;
  let memory = 0;
  // A process that ended in between has null here, whatever the types say.
  for (const one of Object.values<pidusage.Status | null>(all)) {
    cpu += one?.cpu ?? 0;
    memory += one?.memory ?? 0;
  }
  return { cpu, memory };
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

function statusOf(pid: number): { state: string; threads: number } | null {
  const text = textOf(`/proc/${pid}/status`);
  if (text === null) return null;
  return {
    state: /^State:\s+(\S)/m.exec(text)?.[1] ?? '?',
    threads: Number(/^Threads:\s+(\d+)/m.exec(text)?.[1] ?? 0),
  };
}

/** A process and all below it. */
function treeBelow(root: number): number[] {
  const tree = [root];
  // Grows while it is walked.
  for (const pid of tree) {
    if (tree.length >= MAX_PROCESSES) break;
    for (const task of namesIn(`/proc/${pid}/task`) ?? []) {
      const children = textOf(`/proc/${pid}/task/${task}/children`) ?? '';
      tree.push(...children.split(' ').filter(Boolean).map(Number));
    }
  }
  return tree.slice(0, MAX_PROCESSES);
}

/** Open files and the share of the process's own limit; none where another user's process hides them. */
function openFiles(pid: number): readonly Metric[] {
  const names = namesIn(`/proc/${pid}/fd`);
  if (names === null) return [];
  const files: Metric = { name: 'open_files', value: names.length, unit: 'count' };
  const limit = Number(/^Max open files\s+(\d+)/m.exec(textOf(`/proc/${pid}/limits`) ?? '')?.[1] ?? 0);
  return limit > 0 ? [files, { name: 'open_files_used', value: (100 * names.length) / limit, unit: '%' }] : [files];
}

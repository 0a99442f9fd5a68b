/** What the benchmark reads of processes it did not write: /proc, once per question. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseRollup } from '../figures.ts';

export function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Lives, and is no zombie. */
export function lives(pid: number): boolean {
  const text = read(`/proc/${pid}/stat`);
  return text !== '' && text[text.lastIndexOf(')') + 2] !== 'Z';
}

export function allPids(): readonly number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

export function argumentsOf(pid: number): readonly string[] {
  return read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1);
}

/** Processes that have to do with a folder: by an argument, or because they are in it. Never this one or its parent. */
export function ofFolder(folder: string): readonly number[] {
  const ourselves = [process.pid, process.ppid];
  return allPids().filter((pid) => {
    if (ourselves.includes(pid) || !lives(pid)) return false;
    return linkOf(`/proc/${pid}/cwd`).startsWith(folder) || argumentsOf(pid).some((word) => word.includes(folder));
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The pid seen from here of a process that is `inner` in the pid namespace whose first process is `first`; 0: none. */
export function outerPid(first: number, inner: number): number {
  const space = linkOf(`/proc/${first}/ns/pid`);
  const named = (pid: number) => Number(/^NSpid:.*\s(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1]);
  return allPids().find((pid) => named(pid) === inner && linkOf(`/proc/${pid}/ns/pid`) === space) ?? 0;
}

export function childrenOf(pid: number): readonly number[] {
  return allPids().filter((each) => Number(read(`/proc/${each}/stat`).split(') ')[1]?.split(' ')[1]) === pid);
}

/** Bytes, over all of them. */
export function pssOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (parseRollup(read(`/proc/${pid}/smaps_rollup`)).pss || 0), 0);
}

/** Processor time so far, ms, over all of them and their threads. */
export function cpuOf(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    let tasks: readonly string[] = [];
    try {
      tasks = readdirSync(`/proc/${pid}/task`);
    } catch {
      continue;
    }
    for (const task of tasks) nanoseconds += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]);
  }
  return nanoseconds / 1e6;
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went by itself.
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether it came true in time. */
export async function soon(done: () => boolean, ms: number, step = 5): Promise<boolean> {
  const end = performance.now() + ms;
  while (!done()) {
    if (performance.now() > end) return false;
    await sleep(step);
  }
  return true;
}

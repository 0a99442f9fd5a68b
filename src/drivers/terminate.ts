import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessEntry, type ProcessId, readArguments, readProcess } from './proctree.ts';

export type Signalled = 'sent' | 'gone' | 'forbidden';

/** Signals that very process or nobody: identity is looked at right before. Never the manager itself. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): Signalled {
  if (id.pid === process.pid) return 'forbidden';
  return isAlive(id) ? send(id.pid, signal) : 'gone';
}

/** Signals the whole process group of that very process, which has to lead it: while it lives its number is nobody else's. */
export function signalGroup(leader: ProcessId, signal: NodeJS.Signals): Signalled {
  const entry = readProcess(leader.pid);
  if (entry?.pgrp !== leader.pid || leader.pid === process.pid) return signalProcess(leader, signal);
  if (!isAlive(leader)) return 'gone';
  return send(-leader.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): Signalled {
  try {
    process.kill(target, signal);
    return 'sent';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'forbidden' : 'gone';
  }
}

/** A process as an operator knows it: `node (1234)`. */
export function describeProcess(entry: ProcessEntry): string {
  // Newer Nodes call their main thread so, which tells nobody which program it is.
  const name = entry.comm === 'MainThread' ? basename(readArguments(entry.pid)?.[0] ?? entry.comm) : entry.comm;
  return `${name} (${entry.pid})`;
}

export interface Killing {
  readonly killed: readonly string[];
  /** Who did not go: another user's, or stuck in the kernel. */
  readonly left: readonly string[];
}

/**
 * SIGKILL to all that `living` finds, again until it finds nobody (a tree may fork while it is being killed), at most
 * for `deadline` ms.
 */
export async function killAll(living: () => Promise<readonly ProcessEntry[]>, deadline: number): Promise<Killing> {
  const killed = new Map<string, string>();
  const end = performance.now() + deadline;
  let found = await living();
  for (let pause = 1; found.length > 0; pause = Math.min(pause * 2, 50)) {
    for (const entry of found) {
      const name = describeProcess(entry);
      if (signalProcess(entry, 'SIGKILL') === 'sent') killed.set(`${entry.pid}:${entry.startTicks}`, name);
    }
    await sleep(pause);
    found = await living();
    if (performance.now() > end) break;
  }
  return { killed: [...killed.values()], left: found.map(describeProcess) };
}

/** Waits until `done` or `deadline` ms are over, looking more and more rarely; says which. */
export async function waitUntil(done: () => boolean | Promise<boolean>, deadline: number): Promise<boolean> {
  const end = performance.now() + deadline;
  for (let pause = 1; !(await done()); pause = Math.min(pause * 2, 20)) {
    if (performance.now() > end) return false;
    await sleep(pause);
  }
  return true;
}

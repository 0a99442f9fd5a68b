/** Many processes measured: our check of each beside pidusage alone. */
import { spawn } from 'node:child_process';
import pidusage from 'pidusage';
import { createProcessCheck } from '../../src/checks/process.ts';
import { childrenOf, kill, read, soon } from './processes.ts';
import type { Table } from './table.ts';

const AT_ONCE = 32;

async function perPid(pids: readonly number[], ask: (pid: number, index: number) => Promise<unknown>) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < pids.length; index = next++) await ask(pids[index] ?? 0, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { wall: ((performance.now() - start) * 1000) / pids.length, cpu: (user + system) / pids.length };
}

export async function sampling(wanted: number): Promise<Table> {
  const most = Math.floor(Number(read('/proc/sys/kernel/pid_max')) / 2);
  const count = Math.min(wanted, most);
  const crowd = spawn('sh', ['-c', `i=0; while [ $i -lt ${count} ]; do sleep 100000 & i=$((i+1)); done; wait`], {
    stdio: 'ignore',
  });
  await soon(() => childrenOf(crowd.pid ?? 0).length >= count, 60_000, 500);
  const pids = childrenOf(crowd.pid ?? 0);
  const rows: string[][] = [];
  const add = (name: string, { wall, cpu }: { readonly wall: number; readonly cpu: number }) =>
    rows.push([name, String(pids.length), `${wall.toFixed(0)} µs`, `${cpu.toFixed(0)} µs`]);
  const checks = pids.map((_, index) => createProcessCheck(`process-${index}`));
  const ask = (pid: number, index: number) =>
    checks[index]?.run({ pid, now: Date.now(), signal: AbortSignal.timeout(60_000) }) ?? Promise.resolve();
  // The first round primes both.
  await perPid(pids, (pid) => pidusage(pid));
  add('pidusage alone', await perPid(pids, (pid) => pidusage(pid)));
  await perPid(pids, ask);
  add('our check (tree, open files, threads)', await perPid(pids, ask));
  for (const pid of pids) kill(pid);
  kill(crowd.pid ?? 0);
  pidusage.clear();
  return { title: 'Processes sampled', head: ['', 'pids', 'time per pid', 'CPU per pid'], rows };
}

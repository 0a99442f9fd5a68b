/** Many processes measured: our check of each beside pidusage alone. */
import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import pidusage from 'pidusage';
import { createProcessCheck } from '../../src/checks/process.ts';
import { inFolder } from './contender.ts';
import type { Part } from './part.ts';
import { childrenOf, kill, read, soon } from './processes.ts';

const AT_ONCE = 32;

/** µs of processor time for each. */
async function perPid(pids: readonly number[], ask: (pid: number, index: number) => unknown) {
  const cpu = process.cpuUsage();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < pids.length; index = next++) await ask(pids[index] ?? 0, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / pids.length;
}

export function sampling(wanted: number): Promise<Part> {
  return inFolder(async (folder) => {
    const most = Math.floor(Number(read('/proc/sys/kernel/pid_max')) / 2);
    const count = Math.min(wanted, most);
    const program = join(folder, 'sleep');
    symlinkSync('/bin/sleep', program);
    const script = `i=0; while [ $i -lt ${count} ]; do "${program}" 100000 & i=$((i+1)); done; wait`;
    const crowd = spawn('sh', ['-c', script], { stdio: 'ignore' });
    await soon(() => childrenOf(crowd.pid ?? 0).length >= count, 120_000, 500);
    const pids = childrenOf(crowd.pid ?? 0);
    const checks = pids.map((_, index) => createProcessCheck(`process-${index}`));
    const ask = (pid: number, index: number) =>
      checks[index]?.run({ pid, now: Date.now(), signal: AbortSignal.timeout(60_000) });
    // The first round primes both.
    await perPid(pids, (pid) => pidusage(pid));
    const alone = await perPid(pids, (pid) => pidusage(pid));
    // It holds a file of each process open, which ours then finds open, too: twice as many are more than one may have.
    await perPid(pids, ask);
    const own = await perPid(pids, ask);
    kill(crowd.pid ?? 0);
    for (const pid of pids) kill(pid);
    return {
      heads: [`${pids.length} pids sampled, CPU each`],
      rows: { orbit: [`${own.toFixed(0)} µs`], 'pidusage alone': [`${alone.toFixed(0)} µs`] },
      aims: [
        {
          aim: `${pids.length} pids: tree, threads and open files too at the price of pidusage alone`,
          measured: `${own.toFixed(0)} µs, pidusage ${alone.toFixed(0)} µs`,
          met: own <= alone,
        },
      ],
    };
  });
}

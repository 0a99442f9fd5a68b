import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import pidusage from 'pidusage';
import { createProcessCheck } from '../../src/checks/process.ts';
import type { CheckResult } from '../../src/core/health.ts';
import { readProcess, readProcesses } from '../../src/drivers/proctree.ts';
import { ticksPerSecond } from '../../src/procfs.ts';
import { until } from '../world/until.ts';
import { found, metric, say } from './asking.ts';

/** A program of one line of shell, gone with the test, and its children with it. */
function run(context: TestContext, script: string): ChildProcess & { readonly pid: number } {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
  const { pid } = child;
  assert.ok(pid !== undefined);
  context.after(() => process.kill(-pid, 'SIGKILL'));
  return Object.assign(child, { pid });
}

async function askAbout(check: ReturnType<typeof createProcessCheck>, pid: number | null): Promise<CheckResult> {
  const result = await check.run({ pid, now: Date.now(), signal: AbortSignal.timeout(5000) });
  if (result.reason) say(result.reason);
  return result;
}

describe('process', () => {
  it('measures the whole tree, and no CPU that it cannot know yet', async (context) => {
    const child = run(context, `sh -c 'while :; do :; done' & sleep 1000 & wait`);
    await until(
      () => [...readProcesses().entries.values()].filter((e) => e.ppid === child.pid).length === 2,
      'its children run',
    );
    const check = createProcessCheck('process');
    context.after(() => check.close());
    const first = await askAbout(check, child.pid);
    assert.equal(found(first), 'healthy');
    assert.equal(metric(first, 'processes').value, 3);
    assert.ok(metric(first, 'memory').value > 100_000);
    const share = metric(first, 'memory_of_host');
    assert.ok(share.unit === '%' && share.value > 0 && share.value < 100);
    assert.ok(metric(first, 'threads').value >= 3, 'one of each process at the least');
    assert.ok(metric(first, 'open_files').value >= 9, 'three of each process');
    const used = metric(first, 'open_files_used').value;
    assert.ok(used > 0 && used < 50, 'of its own limit');
    assert.equal(
      first.metrics.some((each) => each.name === 'cpu'),
      false,
    );
    await until(async () => metric(await askAbout(check, child.pid), 'cpu').value > 0, 'the busy child shows');
  });

  it('reads the same as pidusage', async (context) => {
    const child = run(context, 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exec sleep 1000');
    context.after(() => pidusage.clear());
    await until(() => {
      const own = readProcess(child.pid);
      return own?.comm === 'sleep' && own.state === 'S';
    }, 'it has worked and sleeps');
    const theirs = await pidusage(child.pid);
    const own = readProcess(child.pid);
    assert.ok(own !== null && own.cpuTicks > 0);
    assert.equal((own.cpuTicks * 1000) / ticksPerSecond, theirs.ctime);
    assert.equal(metric(await askAbout(createProcessCheck('process'), child.pid), 'memory').value, theirs.memory);
  });

  it('is unknown without a pid', async () => {
    assert.equal(found(await askAbout(createProcessCheck('process'), null)), 'unknown process-pid-unknown');
  });

  it('is unhealthy when the process is gone', async (context) => {
    const child = run(context, 'exec sleep 1000');
    const { pid } = spawn('true', { stdio: 'ignore' });
    assert.ok(pid);
    await until(() => readProcess(pid) === null, 'it is gone');
    assert.equal(found(await askAbout(createProcessCheck('process'), pid)), 'unhealthy process-gone');
    assert.equal(found(await askAbout(createProcessCheck('process'), child.pid)), 'healthy');
  });

  it('is unhealthy when the process is a zombie', async (context) => {
    const parent = run(context, 'true & exec sleep 1000');
    const zombie = () => [...readProcesses().entries.values()].find((e) => e.ppid === parent.pid && e.state === 'Z');
    await until(() => zombie() !== undefined, 'there is a zombie');
    const result = await askAbout(createProcessCheck('process'), zombie()?.pid ?? 0);
    assert.equal(found(result), 'unhealthy process-zombie');
  });

  it('is unhealthy when the process is frozen', async (context) => {
    const child = run(context, 'exec sleep 1000');
    process.kill(child.pid, 'SIGSTOP');
    await until(() => readProcess(child.pid)?.state === 'T', 'it is frozen');
    assert.equal(found(await askAbout(createProcessCheck('process'), child.pid)), 'unhealthy process-frozen');
  });
});

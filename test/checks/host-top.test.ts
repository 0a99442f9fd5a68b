import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { it } from 'node:test';
import { createTop } from '../../src/checks/host-top.ts';
import { until } from '../world/until.ts';

const MB = 1024 ** 2;

it('finds who burns CPU and who holds memory, and whose they are; one measurement serves all who ask', async (test) => {
  const start = (script: string) => {
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    test.after(() => child.kill('SIGKILL'));
    return child.pid ?? 0;
  };
  const busy = start('for (;;);');
  const large = start(`const held = Buffer.alloc(${400 * MB}, 1); setInterval(() => held, 1000);`);
  const own = Buffer.alloc(450 * MB, 1);
  const measure = createTop({
    services: () => [
      { name: 'shop', pid: busy },
      { name: 'off', pid: null },
    ],
    clock: () => 7,
  });
  await until(async () => {
    const [first, second] = await Promise.all([measure(), measure()]);
    assert.equal(first, second);
    assert.ok(first.ok);
    const { byCpu, byMemory, at, measured, processes } = first.value;
    assert.equal(at, 7);
    assert.ok(measured >= 2 && measured <= processes);
    assert.ok(byCpu.length <= 5 && byMemory.length <= 5);
    const burner = byCpu.find(({ pid }) => pid === busy);
    const holder = byMemory.find(({ pid }) => pid === large);
    if (burner === undefined || burner.cpu < 10 || holder === undefined || holder.memory < 400 * MB) return false;
    assert.deepEqual([burner.name, burner.service, holder.service], ['node', 'shop', null]);
    assert.ok(holder.memoryOfHost > 0 && holder.memoryOfHost < 100);
    // That this is the manager, nobody would see by the name of what runs it.
    assert.equal(byMemory.find(({ pid }) => pid === process.pid)?.name, 'orbit');
    assert.equal(own.length, 450 * MB);
    return true;
  }, 'both are among the first');
  const held = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return /^\/proc\/\d+\/stat$/.test(readlinkSync(`/proc/self/fd/${fd}`));
      } catch {
        return false;
      }
    });
  await until(() => held().length === 0, 'no file of a process stays open');
});

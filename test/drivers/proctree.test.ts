import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Lineage } from '../../src/drivers/lineage.ts';
import {
  isAlive,
  type ProcessEntry,
  ProcessTable,
  readChildren,
  readProcess,
  readProcesses,
  startedAt,
} from '../../src/drivers/proctree.ts';
import { signalProcess } from '../../src/drivers/terminate.ts';
import { childPids } from '../../src/procfs.ts';
import { eventually, kill, lives, makeFolder, pidsIn } from './playground.ts';

describe('a process', () => {
  it('is read whole, whatever its name is', async (context) => {
    const odd = spawn('perl', ['-e', '$0 = "a) S (b 1"; sleep 1000'], { stdio: 'ignore' });
    context.after(() => odd.kill('SIGKILL'));
    assert.ok(odd.pid);
    const pid = odd.pid;
    const entry = await eventually('its name', () => {
      const now = readProcess(pid);
      return now?.comm === 'a) S (b 1' ? now : null;
    });
    assert.equal(entry.ppid, process.pid);
    assert.ok(Math.abs(startedAt(entry) - Date.now()) < 60_000);
  });

  it('has all its children counted, hundreds of them and those of each thread', async (context) => {
    const crowd = spawn('perl', ['-e', 'for (1 .. 600) { if (!fork) { sleep 1000; exit } } sleep 1000'], {
      detached: true,
      stdio: 'ignore',
    });
    const { pid } = crowd;
    assert.ok(pid);
    context.after(() => process.kill(-pid, 'SIGKILL'));
    await eventually('all of them', () => readChildren(pid).length === 600);
    assert.equal(readChildren(pid, 1).length, 600);
    // This process has threads of its own, whichever of them has forked.
    assert.ok(readChildren(process.pid).some((child) => child.pid === pid));
    assert.equal(childPids(4_194_305), null);
    assert.equal(childPids(4_194_305, 1), null);
  });

  it('that has ended is not alive as a zombie, and never exists twice', async (context) => {
    // The shell never collects its child.
    const parent = spawn('sh', ['-c', 'true & exec sleep 1000'], { stdio: 'ignore' });
    context.after(() => parent.kill('SIGKILL'));
    const zombie = await eventually('a zombie', () =>
      [...readProcesses().entries.values()].find((entry) => entry.ppid === parent.pid && entry.state === 'Z'),
    );
    assert.equal(isAlive(zombie), false);
    assert.equal(signalProcess(zombie, 'SIGKILL'), 'gone');
  });

  it('whose pid somebody else has now is not signalled (linux-malware-detect#42)', (context) => {
    const stranger = spawn('sleep', ['1006'], { stdio: 'ignore' });
    context.after(() => stranger.kill('SIGKILL'));
    assert.ok(stranger.pid);
    const now = readProcess(stranger.pid);
    assert.ok(now);
    assert.equal(signalProcess({ pid: now.pid, startTicks: now.startTicks - 1 }, 'SIGKILL'), 'gone');
    assert.ok(lives(now.pid));
    assert.equal(signalProcess(now, 'SIGKILL'), 'sent');
  });

  it('that is the manager itself is never signalled', () => {
    const self = readProcess(process.pid);
    assert.ok(self);
    assert.equal(signalProcess(self, 'SIGKILL'), 'forbidden');
  });
});

/** pid, parent, session; started when its pid says so unless told otherwise. */
function table(...rows: readonly (readonly [pid: number, ppid: number, session: number, startTicks?: number])[]) {
  const entries = rows.map(
    ([pid, ppid, session, startTicks = pid]): ProcessEntry => ({
      ...{
        pid,
        ppid,
        session,
        startTicks,
        pgrp: session,
        state: 'S',
        threads: 1,
        cpuTicks: 0,
        residentPages: 0,
        comm: `p${pid}`,
      },
    }),
  );
  return new ProcessTable(new Map(entries.map((entry) => [entry.pid, entry])));
}

const pids = (entries: readonly ProcessEntry[]) => entries.map((entry) => entry.pid);
const service = { pid: 20, startTicks: 20 };
const keeper = { pid: 10, startTicks: 10 };

describe('a lineage', () => {
  it('is the service, what is below it and who shares its sessions, without the keeper', async (context) => {
    const lineage = new Lineage(join(await makeFolder(context), 'tree'));
    lineage.follow(service, keeper);
    const now = table([1, 0, 1], [10, 1, 10], [20, 10, 10], [30, 20, 10], [40, 30, 40], [41, 1, 40], [50, 1, 50]);
    assert.deepEqual(pids(lineage.update(now)), [20, 30, 40, 41]);
  });

  it('remembers those whom a death cut off', async (context) => {
    const lineage = new Lineage(join(await makeFolder(context), 'tree'));
    lineage.follow(service, keeper);
    lineage.update(table([10, 1, 10], [20, 10, 10], [40, 20, 40]));
    assert.deepEqual(pids(lineage.update(table([10, 1, 10], [40, 1, 40]))), [40]);
  });

  it('knows at a glance who founded a session of its own, and finds it when its parents are gone', async (context) => {
    const folder = await makeFolder(context);
    const line = `sh -c 'setsid sh -c "echo \\$\\$ >>kin; exec sleep 1008" "$0" & wait' "$0" & wait`;
    const child = spawn('sh', ['-c', line, folder], { cwd: folder, detached: true, stdio: 'ignore' });
    context.after(() => child.kill('SIGKILL'));
    const [kin = 0] = await pidsIn(join(folder, 'kin'), 1);
    const own = readProcess(child.pid ?? 0);
    const between = readProcess(readProcess(kin)?.ppid ?? 0);
    assert.ok(own && between && between.pid !== own.pid);
    const lineage = new Lineage(join(folder, 'tree'));
    lineage.follow(own, null);
    lineage.glance();
    for (const { pid } of [own, between]) kill(pid);
    await eventually('both gone', () => !lives(own.pid) && !lives(between.pid));
    assert.deepEqual(pids(await lineage.living()), [kin]);
    kill(kin);
  });

  it('finds what was forked while all that was known was being killed', async (context) => {
    const lineage = new Lineage(join(await makeFolder(context), 'tree'));
    lineage.follow(service, null);
    lineage.update(table([20, 1, 20], [21, 20, 20]));
    assert.deepEqual(pids(lineage.update(table([22, 1, 20], [60, 1, 60]))), [22]);
  });

  it('has nothing to do with whoever has the pid of a member now', async (context) => {
    const lineage = new Lineage(join(await makeFolder(context), 'tree'));
    lineage.follow(service, keeper);
    lineage.update(table([10, 1, 10], [20, 10, 10], [40, 20, 40]));
    assert.deepEqual(pids(lineage.update(table([10, 1, 10], [20, 1, 99, 500], [77, 20, 99], [40, 1, 98, 501]))), []);
  });

  it('leaves those alone in whose session the service is a guest', async (context) => {
    const lineage = new Lineage(join(await makeFolder(context), 'tree'));
    lineage.follow(service, null, 10);
    assert.deepEqual(pids(lineage.update(table([10, 1, 10], [20, 10, 10], [21, 20, 10], [30, 10, 10]))), [20, 21]);
  });

  it('is written down for a later manager', async (context) => {
    const folder = await makeFolder(context);
    const child = spawn('sleep', ['1007'], { detached: true, stdio: 'ignore' });
    context.after(() => child.kill('SIGKILL'));
    assert.ok(child.pid);
    const self = readProcess(child.pid);
    assert.ok(self);
    const first = new Lineage(join(folder, 'tree'));
    first.follow(service, keeper);
    const now = new ProcessTable(
      new Map([
        [self.pid, { ...self, ppid: 20 }],
        [20, { ...self, ...service, ppid: 10 }],
      ]),
    );
    first.update(now);
    first.update(now);
    const found = await eventually('it is known', () => {
      const later = new Lineage(join(folder, 'tree'));
      later.load();
      return later.update(readProcesses()).find((entry) => entry.pid === self.pid);
    });
    assert.equal(found.startTicks, self.startTicks);
  });
});

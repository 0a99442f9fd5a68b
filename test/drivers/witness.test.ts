import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ExitInfo } from '../../src/core/service.ts';
import { readArguments, readProcess } from '../../src/drivers/proctree.ts';
import { openWitness } from '../../src/drivers/witness.ts';
import {
  attendants,
  begin,
  drive,
  eventually,
  exited,
  keeperOf,
  kill,
  lives,
  makeFolder,
  options,
} from './playground.ts';

const childManager = ['--import', 'tsx', new URL('child-manager.ts', import.meta.url).pathname];
const forever = 'exec sleep 1000';
const untilGo = 'while [ ! -e go ]; do sleep 0.02; done; exit 7';

/** On earlier kernels the parent of a process may be quicker to collect its end than the witness is to read it. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const kernelRemembers = major > 6 || (major === 6 && minor >= 15);

function assertEnd({ code, signal }: ExitInfo, known: { code: number | null; signal: string | null }): void {
  if (!kernelRemembers && code === null && signal === null) return;
  assert.deepEqual({ code, signal }, known);
}

const witnesses = (folder: string) => attendants(folder, 'witness.pl');

/** Waits for a witness, other than `but`, that holds on to its service. */
function witness(folder: string, but: number | null = null): Promise<number> {
  return eventually('a witness', async () => {
    for (const pid of witnesses(folder))
      if (pid !== but && (await files(pid)).includes('anon_inode:[pidfd]')) return pid;
    return null;
  });
}

async function files(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
}

/** A service that runs and has lost its keeper. */
async function bereave(context: TestContext, script: string) {
  const folder = await makeFolder(context);
  const { driver, told } = drive(context, folder, script);
  const pid = await begin(driver);
  const keeper = keeperOf(folder);
  assert.ok(keeper);
  kill(keeper);
  await eventually('the keeper is gone', () => !lives(keeper));
  return { folder, driver, told, pid };
}

async function spawnManager(context: TestContext, folder: string, script: string): Promise<ChildProcess> {
  const { clock: _, ...plain } = options(folder, script);
  const manager = spawn(process.execPath, [...childManager, JSON.stringify(plain)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => manager.kill('SIGKILL'));
  assert.ok(manager.stdout);
  await once(manager.stdout, 'data');
  return manager;
}

/** One more witness for the same run, as two managers at the wrong moment may make it. */
function spawnTwin(context: TestContext, of: number): ChildProcess {
  const [program = '', ...args] = readArguments(of) ?? [];
  const twin = spawn(program, args, { detached: true, stdio: 'ignore' });
  context.after(() => twin.kill('SIGKILL'));
  return twin;
}

describe('a service whose keeper was killed', () => {
  it('has its exit code known all the same', async (context) => {
    process.env.MANAGER_BOT_TOKEN = 'secret-of-the-manager';
    context.after(() => delete process.env.MANAGER_BOT_TOKEN);
    const { folder, driver, told } = await bereave(context, untilGo);
    const standing = await witness(folder);
    assert.doesNotMatch(await readFile(`/proc/${standing}/environ`, 'utf8'), /secret-of-the-manager/);
    await eventually('it has no other file open', async () => {
      const open = (await files(standing)).filter((file) => file !== '/dev/null');
      return open.join() === 'anon_inode:[pidfd]';
    });
    await writeFile(join(folder, 'go'), '');
    assertEnd((await exited(told)).exit, { code: 7, signal: null });
    assert.equal(told.length, 1);
    await eventually('the witness is gone', () => witnesses(folder).length === 0);
    assert.ok(await begin(driver));
    assert.notEqual(keeperOf(folder), null);
    assert.ok((await driver.stop()).ok);
  });

  it('has its end known to a third manager, though two were killed since', async (context) => {
    const folder = await makeFolder(context);
    const first = await spawnManager(context, folder, forever);
    const keeper = keeperOf(folder);
    assert.ok(keeper);
    first.kill('SIGKILL');
    kill(keeper);
    await once(first, 'exit');
    const second = await spawnManager(context, folder, forever);
    const standing = await witness(folder);
    second.kill('SIGKILL');
    await once(second, 'exit');
    const third = drive(context, folder, forever);
    const pid = await begin(third.driver);
    assert.deepEqual(witnesses(folder), [standing]);
    kill(pid);
    assertEnd((await exited(third.told)).exit, { code: null, signal: 'SIGKILL' });
    assert.ok((await third.driver.stop()).ok);
  });

  it('has its end known to a manager that was not there when it ended', async (context) => {
    const { folder, driver, pid } = await bereave(context, untilGo);
    await witness(folder);
    await driver.close();
    await writeFile(join(folder, 'go'), '');
    await eventually('it ended', () => !lives(pid) && witnesses(folder).length === 0);
    const seen = await drive(context, folder, forever).driver.inspect();
    assert.ok(seen.state === 'exited');
    assertEnd(seen.exit, { code: 7, signal: null });
  });

  it('has it known after its witness was killed too', async (context) => {
    const { folder, told, driver } = await bereave(context, untilGo);
    const standing = await witness(folder);
    kill(standing);
    await witness(folder, standing);
    await writeFile(join(folder, 'go'), '');
    assertEnd((await exited(told)).exit, { code: 7, signal: null });
    assert.ok((await driver.stop()).ok);
  });

  it('is told of once by two witnesses', async (context) => {
    const { folder, told, driver, pid } = await bereave(context, untilGo);
    const standing = await witness(folder);
    const twin = spawnTwin(context, standing).pid;
    assert.equal(await witness(folder, standing), twin);
    await writeFile(join(folder, 'go'), '');
    assertEnd((await exited(told)).exit, { code: 7, signal: null });
    await eventually('both are gone', () => witnesses(folder).length === 0);
    const lines = (await readFile(join(folder, 'run/records/1'), 'utf8')).split('\n').filter((line) => line !== '');
    assert.match(
      lines.join('\n'),
      new RegExp(`^started \\S+ ${pid} \\d+${kernelRemembers ? '\nended 7' : '(\nended 7)?'}$`),
    );
    assert.equal(told.length, 1);
    assert.ok((await driver.stop()).ok);
  });

  it('is stopped with nothing left beside it', async (context) => {
    const { folder, driver, pid } = await bereave(context, forever);
    await witness(folder);
    const stopped = await driver.stop();
    assert.ok(stopped.ok && stopped.exit);
    assertEnd(stopped.exit, { code: null, signal: 'SIGTERM' });
    assert.deepEqual(stopped.killed, []);
    assert.ok(!lives(pid));
    assert.deepEqual(witnesses(folder), []);
    assert.equal(keeperOf(folder), null);
  });
});

describe('a witness', () => {
  it('that says nothing is ended too when its service is stopped, whose end stays unknown', async (context) => {
    const { folder, driver } = await bereave(context, forever);
    process.kill(await witness(folder), 'SIGSTOP');
    const stopped = await driver.stop();
    assert.ok(stopped.ok && stopped.exit);
    assert.deepEqual({ ...stopped.exit, at: 0 }, { code: null, signal: null, at: 0 });
    assert.deepEqual(witnesses(folder), []);
  });

  async function stranger(context: TestContext) {
    const folder = await makeFolder(context);
    await mkdir(join(folder, 'run/records'), { recursive: true });
    const child = spawn('sleep', ['1006'], { stdio: 'ignore' });
    context.after(() => child.kill('SIGKILL'));
    const service = readProcess(child.pid ?? 0);
    assert.ok(service);
    return { folder, service, record: join(folder, 'run/records/1'), by: openWitness(join(folder, 'run')) };
  }

  it('does not watch whoever has the pid of its service now, and is not sent again', async (context) => {
    const { folder, service, record, by } = await stranger(context);
    const text = `started boot ${service.pid} ${service.pid}\n\n\n`;
    await writeFile(record, text);
    const earlier = { pid: service.pid, startTicks: service.startTicks - 1 };
    by.watch(1, earlier);
    await eventually('it is gone', () => by.living() === null && witnesses(folder).length === 0);
    await eventually('it is not sent again', async () => {
      if (by.living()) return false;
      await rm(join(folder, 'witness.pl'), { force: true });
      by.watch(1, earlier);
      return !existsSync(join(folder, 'witness.pl'));
    });
    kill(service.pid);
    assert.equal(await readFile(record, 'utf8'), text);
  });

  it('learns how it ended also when the parent was quicker to collect it', async (context) => {
    const { folder, service, record, by } = await stranger(context);
    await writeFile(record, `started boot ${service.pid} 1\n\n\n\n`);
    by.watch(1, service);
    const late = await witness(folder);
    process.kill(late, 'SIGSTOP');
    await eventually('it is suspended', () => readProcess(late)?.state === 'T');
    kill(service.pid);
    await eventually('its parent has collected it', () => readProcess(service.pid) === null);
    process.kill(late, 'SIGCONT');
    await eventually('it is gone', () => by.living() === null && witnesses(folder).length === 0);
    const told = kernelRemembers ? 'ended 137\n' : '\n';
    assert.ok((await readFile(record, 'utf8')).startsWith(`started boot ${service.pid} 1\n${told}`));
  });

  it('leaves a record alone that is of another process by now, or tells the end already', async (context) => {
    for (const rest of ['0\n\n\n', ' 1\nended 3\n\n\n']) {
      const { folder, service, record, by } = await stranger(context);
      const text = `started boot ${service.pid}${rest}`;
      await writeFile(record, text);
      by.watch(1, service);
      await witness(folder);
      kill(service.pid);
      await eventually('it is gone', () => by.living() === null && witnesses(folder).length === 0);
      assert.equal(await readFile(record, 'utf8'), text);
    }
  });
});

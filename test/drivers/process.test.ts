import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessDriver } from '../../src/drivers/process.ts';
import { readArguments, readProcess, readProcesses } from '../../src/drivers/proctree.ts';
import { sampleWithin } from '../../src/drivers/pulse.ts';
import { freePort } from '../world/free-port.ts';
import {
  begin,
  drive,
  eventually,
  exited,
  keeperOf,
  kill,
  listen,
  listensAgain,
  lives,
  makeFolder,
  options,
  pidsIn,
  portHolder,
} from './playground.ts';

const childManager = ['--import', 'tsx', new URL('child-manager.ts', import.meta.url).pathname];
const forever = 'exec sleep 1000';

async function make(context: TestContext, script: string, more: Parameters<typeof options>[2] = {}) {
  const folder = await makeFolder(context);
  return { folder, ...drive(context, folder, script, more) };
}

describe('a service as a process', () => {
  it('starts, is seen, and stops with nothing left beside it', async (context) => {
    const { folder, driver, told } = await make(context, forever);
    assert.deepEqual(await driver.inspect(), { state: 'absent' });
    const pid = await begin(driver);
    assert.ok(lives(pid));
    const seen = await driver.inspect();
    assert.ok(seen.state === 'running' && seen.run.pid === pid);
    assert.ok(Math.abs(seen.run.startedAt - Date.now()) < 60_000);
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.deepEqual({ ...stopped.exit, at: 0 }, { code: null, signal: 'SIGTERM', at: 0 });
    assert.deepEqual(stopped.killed, []);
    assert.ok(!lives(pid));
    assert.equal(keeperOf(folder), null);
    const last = await exited(told);
    assert.equal(last.run.id, seen.run.id);
    assert.deepEqual(last.exit, stopped.exit);
    assert.deepEqual(await driver.inspect(), { state: 'exited', run: seen.run, exit: stopped.exit });
  });

  it('gives the running run to a second start, and does nothing for a second stop', async (context) => {
    const { driver } = await make(context, forever);
    const pid = await begin(driver);
    assert.equal(await begin(driver), pid);
    assert.equal((await driver.stop()).ok, true);
    assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
  });

  it('does one thing at a time: a start during a stop comes after it', async (context) => {
    const { folder, driver } = await make(context, forever);
    const first = await begin(driver);
    const [stopped, started] = await Promise.all([driver.stop(), driver.start()]);
    assert.ok(stopped.ok && started.ok);
    assert.ok(!lives(first));
    assert.ok(started.run.pid && lives(started.run.pid));
    await driver.stop();
    assert.equal(keeperOf(folder), null);
  });

  it('tells the exit code, at once and also of one that ends at once', async (context) => {
    const { driver, told } = await make(context, 'exit 7');
    const result = await driver.start();
    assert.ok(result.ok);
    const last = await exited(told);
    assert.deepEqual({ ...last.exit, at: 0 }, { code: 7, signal: null, at: 0 });
    assert.equal(last.run.id, result.run.id);
    assert.equal(told.length, 1);
  });

  it('has an unknown exit, not 0, where its command is a pipeline, for a later manager too', async (context) => {
    const folder = await makeFolder(context);
    const line = options(folder, '(sleep 0.2; exit 3) | tee copy');
    const driver = createProcessDriver(line);
    const told = listen(driver);
    await begin(driver);
    const { code, signal } = (await exited(told)).exit;
    assert.deepEqual([code, signal], [null, null]);
    await driver.close();
    const later = createProcessDriver(line);
    const seen = await later.inspect();
    assert.ok(seen.state === 'exited');
    assert.equal(seen.exit.code, null);
    await later.close();
  });

  it('tells the signal of a kill, and starts again with another run', async (context) => {
    const { driver, told } = await make(context, forever);
    const first = await begin(driver);
    process.kill(first, 'SIGKILL');
    const last = await exited(told);
    assert.equal(last.exit.signal, 'SIGKILL');
    const again = await driver.start();
    assert.ok(again.ok && again.run.pid !== first && again.run.id !== last.run.id);
    await driver.stop();
  });

  it('keeps one keeper over crashes, and two records', async (context) => {
    const { folder, driver, told } = await make(context, forever);
    let keeper: number | null = null;
    for (let round = 0; round < 5; round += 1) {
      const pid = await begin(driver);
      keeper ??= keeperOf(folder);
      assert.equal(keeperOf(folder), keeper);
      told.length = 0;
      process.kill(pid, 'SIGKILL');
      await exited(told);
    }
    await eventually('old records are gone', async () => (await readdir(join(folder, 'run/records'))).length <= 3);
    await driver.stop();
  });

  it('takes the stop of a suspended service for what it is', async (context) => {
    const { folder, driver } = await make(
      context,
      `trap 'echo bye >>bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done`,
    );
    const pid = await begin(driver);
    await eventually('it is ready', async () => (await driver.logs(1))[0] === 'ready');
    process.kill(pid, 'SIGSTOP');
    await eventually('it is suspended', () => readProcess(pid)?.state === 'T');
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.equal(stopped.exit?.code, 0);
    assert.equal(await readFile(join(folder, 'bye'), 'utf8'), 'bye\n');
  });

  it('kills one that ignores the signal, and says so', async (context) => {
    const { driver } = await make(context, `trap '' TERM; echo ready; while :; do sleep 1000; done`, {
      stop_timeout: 300,
    });
    const pid = await begin(driver);
    await eventually('it is ready', async () => (await driver.logs(1))[0] === 'ready');
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.equal(stopped.exit?.signal, 'SIGKILL');
    assert.ok(stopped.killed.includes(`sh (${pid})`), String(stopped.killed));
    assert.ok(!lives(pid));
  });

  it('sends the signal that is configured', async (context) => {
    const { driver } = await make(context, `trap 'exit 42' INT; echo ready; while :; do sleep 0.02; done`, {
      stop_signal: 'SIGINT',
    });
    await begin(driver);
    await eventually('it is ready', async () => (await driver.logs(1))[0] === 'ready');
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.equal(stopped.exit?.code, 42);
  });
});

/** Grandchildren: in the same group, in a session of their own, and a daemon that cut every tie at once. */
const family = `
  sleep 1001 & echo $! >>kin
  setsid sh -c 'echo $$ >>kin; exec sleep 1002' &
  (setsid sh -c 'echo $$ >>kin; exec sleep 1003' &)
  wait`;

describe('the tree of a process service', () => {
  it('is gone after a stop, sessions of their own included (gastown PR #567)', async (context) => {
    const { folder, driver } = await make(context, family);
    const pid = await begin(driver);
    const kin = await pidsIn(join(folder, 'kin'), 3);
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    for (const each of [pid, ...kin]) assert.ok(!lives(each), `${each} lives`);
    assert.equal(stopped.killed.length, 3);
  });

  it('is gone before the next start after a crash', async (context) => {
    const { folder, driver, told } = await make(context, family);
    const pid = await begin(driver);
    const kin = await pidsIn(join(folder, 'kin'), 3);
    process.kill(pid, 'SIGKILL');
    await exited(told);
    await begin(driver);
    for (const each of kin) assert.ok(!lives(each), `${each} lives`);
    await driver.stop();
  });

  it('holds no port against the next start after a crash (emdash PR #2592)', async (context) => {
    const folder = await makeFolder(context);
    const command = portHolder(folder, await freePort());
    const driver = createProcessDriver(options(folder, '', { command }));
    context.after(() => driver.close());
    const told = listen(driver);
    await begin(driver);
    const [first = 0, child = 0] = await pidsIn(join(folder, 'holders'), 2);
    kill(first);
    await exited(told);
    await listensAgain(driver, folder, child);
    await driver.stop();
  });

  it('is said to have gone to the background where the service itself has ended well', async (context) => {
    const folder = await makeFolder(context);
    const driver = createProcessDriver(options(folder, 'setsid sleep 1009 & sleep 0.2'));
    context.after(() => driver.close());
    const told = listen(driver);
    await begin(driver);
    assert.equal((await exited(told)).reason?.code, 'went-to-background');
    await driver.stop();

    const plain = createProcessDriver(options(folder, 'sleep 0.1', { run_dir: join(folder, 'plain') }));
    context.after(() => plain.close());
    const heard = listen(plain);
    await begin(plain);
    assert.equal((await exited(heard)).reason, undefined);
    await plain.stop();
  });

  it('is gone some time after a crash that nobody restarts', async (context) => {
    const { folder, driver, told } = await make(context, family);
    const pid = await begin(driver);
    const kin = await pidsIn(join(folder, 'kin'), 3);
    process.kill(pid, 'SIGKILL');
    await exited(told);
    await eventually('all are gone', () => !kin.some(lives) && keeperOf(folder) === null);
    await begin(driver);
    await driver.stop();
  });

  it('is gone after a stop that finds only the leftovers of a crash', async (context) => {
    const { folder, driver, told } = await make(context, family);
    const pid = await begin(driver);
    const kin = await pidsIn(join(folder, 'kin'), 3);
    process.kill(pid, 'SIGKILL');
    await exited(told);
    const stopped = await driver.stop();
    assert.ok(stopped.ok && stopped.exit === null);
    for (const each of kin) assert.ok(!lives(each), `${each} lives`);
    assert.equal(keeperOf(folder), null);
  });

  it('is all there is: a neighbour in its own session is not touched', async (context) => {
    const { folder, driver } = await make(context, family);
    const stranger = spawn('sleep', ['1004'], { detached: true, stdio: 'ignore' });
    context.after(() => stranger.kill('SIGKILL'));
    await begin(driver);
    await pidsIn(join(folder, 'kin'), 3);
    await driver.stop();
    assert.ok(stranger.pid && lives(stranger.pid));
  });

  it('does not take the keeper along when it signals its own group', async (context) => {
    const { folder, driver, told } = await make(context, 'kill -TERM 0; exec sleep 1000');
    assert.ok((await driver.start()).ok);
    assert.equal((await exited(told)).exit.signal, 'SIGTERM');
    assert.ok(keeperOf(folder));
    await driver.stop();
  });
});

describe('a process service beyond its manager', () => {
  it('is adopted by a later one: same run, not started twice, its exit told', async (context) => {
    const { folder, driver } = await make(context, forever);
    const started = await driver.start();
    assert.ok(started.ok);
    await driver.close();
    const later = drive(context, folder, forever);
    assert.deepEqual(await later.driver.inspect(), { state: 'running', run: started.run });
    assert.deepEqual(await later.driver.start(), started);
    assert.ok(started.run.pid);
    process.kill(started.run.pid, 'SIGKILL');
    const last = await exited(later.told);
    assert.equal(last.run.id, started.run.id);
    assert.equal(last.exit.signal, 'SIGKILL');
    assert.ok(await begin(later.driver));
    assert.ok((await later.driver.stop()).ok);
    assert.equal(keeperOf(folder), null);
  });

  it('keeps the exit code of one that died meanwhile', async (context) => {
    const { folder, driver } = await make(context, 'while [ ! -e go ]; do sleep 0.02; done; exit 9');
    const started = await driver.start();
    assert.ok(started.ok && started.run.pid);
    const { pid, id } = started.run;
    await driver.close();
    await writeFile(join(folder, 'go'), '');
    await eventually('it ended', () => !lives(pid));
    const seen = await drive(context, folder, forever).driver.inspect();
    assert.ok(seen.state === 'exited');
    assert.equal(seen.run.id, id);
    assert.equal(seen.exit.code, 9);
    assert.ok(Math.abs(seen.exit.at - Date.now()) < 60_000);
  });

  it('goes on writing its log while no manager lives', async (context) => {
    const { folder, driver } = await make(
      context,
      'while [ ! -e go ]; do sleep 0.02; done; echo alone; exec sleep 1000',
    );
    await begin(driver);
    await driver.close();
    await writeFile(join(folder, 'go'), '');
    const later = drive(context, folder, forever).driver;
    await eventually('the line', async () => (await later.logs(5)).includes('alone'));
    await later.stop();
  });

  it('comes through a SIGKILL of the manager (pm2#2174)', async (context) => {
    const folder = await makeFolder(context);
    const { clock: _, ...plain } = options(folder, 'echo run >>runs; exec sleep 1000');
    const manager = spawn(process.execPath, [...childManager, JSON.stringify(plain)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    context.after(() => manager.kill('SIGKILL'));
    const [line] = await once(manager.stdout, 'data');
    const pid = Number(line);
    assert.ok(lives(pid), String(line));
    manager.kill('SIGKILL');
    await once(manager, 'exit');
    const later = drive(context, folder, 'echo run >>runs; exec sleep 1000');
    const seen = await later.driver.inspect();
    assert.ok(seen.state === 'running' && seen.run.pid === pid);
    assert.equal(await begin(later.driver), pid);
    assert.equal(await readFile(join(folder, 'runs'), 'utf8'), 'run\n');
    process.kill(pid, 'SIGTERM');
    assert.equal((await exited(later.told)).exit.signal, 'SIGTERM');
    await later.driver.stop();
  });

  it('lives on when its keeper is killed; its end is seen, and a new keeper made', async (context) => {
    const { folder, driver, told } = await make(context, forever);
    const pid = await begin(driver);
    const keeper = keeperOf(folder);
    assert.ok(keeper);
    process.kill(keeper, 'SIGKILL');
    await eventually('the keeper is gone', () => !lives(keeper));
    const seen = await driver.inspect();
    assert.ok(lives(pid) && seen.state === 'running' && seen.run.pid === pid);
    assert.equal(await begin(driver), pid);
    process.kill(pid, 'SIGKILL');
    await exited(told);
    assert.notEqual(await begin(driver), pid);
    assert.notEqual(keeperOf(folder), null);
    await driver.stop();
    assert.equal(keeperOf(folder), null);
  });

  it('is adopted without its keeper too, and stopped with its whole tree', async (context) => {
    const { folder, driver } = await make(context, family);
    const pid = await begin(driver);
    const kin = await pidsIn(join(folder, 'kin'), 3);
    await eventually('the tree is written down', async () => {
      // On a loaded machine the next reading by itself may be 20 s away.
      sampleWithin(10);
      const tree = await readFile(join(folder, 'run/tree'), 'utf8').catch(() => '');
      return kin.every((each) => tree.includes(`\n${each} `));
    });
    await driver.close();
    const keeper = keeperOf(folder);
    assert.ok(keeper);
    kill(keeper);
    const later = drive(context, folder, family);
    const seen = await later.driver.inspect();
    assert.ok(seen.state === 'running' && seen.run.pid === pid);
    assert.ok((await later.driver.stop()).ok);
    for (const each of [pid, ...kin]) assert.ok(!lives(each), `${each} lives`);
  });

  it('is there once, and once only, whenever the manager, its keeper and it itself are killed', async (context) => {
    const folder = await makeFolder(context);
    const script = 'echo $$ >>born; exec sleep 1000';
    const { clock: _, ...plain } = options(folder, script);
    const born = async () => (await pidsIn(join(folder, 'born'), 1)).filter(lives);
    for (let round = 0; round < 9; round += 1) {
      const manager = spawn(process.execPath, [...childManager, JSON.stringify(plain)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      context.after(() => manager.kill('SIGKILL'));
      const [said] = await once(manager.stdout, 'data');
      assert.match(String(said), /^\d+\n$/, `round ${round}`);
      const [pid, ...more] = await eventually('the service', async () => {
        const now = await born();
        return now.length > 0 ? now : null;
      });
      assert.deepEqual(more, [], `round ${round}: twice`);
      // A crash, and the manager in the middle of the restart; every third time the keeper in the middle of it too.
      kill(pid ?? 0);
      await sleep(round % 4);
      const keeper = keeperOf(folder);
      if (round % 3 === 2 && keeper !== null) kill(keeper);
      manager.kill('SIGKILL');
      await once(manager, 'exit');
    }
    const later = drive(context, folder, script);
    const pid = await begin(later.driver);
    await eventually('it is there once', async () => (await born()).join() === String(pid));
    assert.ok((await later.driver.stop()).ok);
    assert.deepEqual(await born(), []);
    await eventually('the end of every keeper', () => keeperOf(folder) === null);
  });

  it('runs from a record that a killed manager left without a byte in it', async (context) => {
    const { folder, driver } = await make(context, forever);
    await mkdir(join(folder, 'run/records'), { recursive: true });
    await writeFile(join(folder, 'run/records/1'), '');
    await begin(driver);
    await driver.stop();
  });

  it('is not run twice for a word said twice', async (context) => {
    const { folder, driver, told } = await make(context, 'echo $$ >>born; exec sleep 1000');
    const first = await begin(driver);
    await pidsIn(join(folder, 'born'), 1);
    await writeFile(join(folder, 'run/control'), '1\n');
    kill(first);
    await exited(told);
    const second = await begin(driver);
    assert.deepEqual(await pidsIn(join(folder, 'born'), 2), [first, second]);
    await driver.stop();
  });

  it('is known to have ended when keeper and service went together', async (context) => {
    const { folder, driver } = await make(context, forever);
    const pid = await begin(driver);
    await driver.close();
    const keeper = keeperOf(folder);
    assert.ok(keeper);
    kill(keeper);
    kill(pid);
    await eventually('both are gone', () => !lives(keeper) && !lives(pid));
    const later = drive(context, folder, forever);
    const seen = await later.driver.inspect();
    assert.ok(seen.state === 'exited' && seen.exit.code === null);
    // Known only where process 1 is slow to collect it.
    assert.ok([null, 'SIGKILL'].includes(seen.exit.signal));
    assert.notEqual(await begin(later.driver), pid);
    await later.driver.stop();
  });

  it('is not confused with whoever has its pid now, or had it before a reboot', async (context) => {
    const folder = await makeFolder(context);
    const stranger = spawn('sleep', ['1005'], { detached: true, stdio: 'ignore' });
    context.after(() => stranger.kill('SIGKILL'));
    assert.ok(stranger.pid);
    await mkdir(join(folder, 'run/records'), { recursive: true });
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    for (const record of [
      `started ${boot} ${stranger.pid} 4194303\n`,
      `started another-boot ${stranger.pid} ${stranger.pid}\n`,
    ]) {
      await writeFile(join(folder, 'run/records/1'), record);
      // The pid exists, but the record is an hour older than its process.
      const hourAgo = new Date(Date.now() - 3_600_000);
      await utimes(join(folder, 'run/records/1'), hourAgo, hourAgo);
      const { driver } = drive(context, folder, forever);
      const seen = await driver.inspect();
      assert.equal(seen.state, 'exited', record);
      assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
      assert.ok(lives(stranger.pid));
      await driver.close();
    }
  });
});

describe('what a process service gets to see', () => {
  it('is PATH, HOME, LANG, USER, TZ and its own variables, quoted safely', async (context) => {
    process.env.MANAGER_BOT_TOKEN = 'secret-of-the-manager';
    context.after(() => delete process.env.MANAGER_BOT_TOKEN);
    const odd = `it's "odd" $HOME \`id\` \\ %s\nsecond line`;
    const folder = await makeFolder(context);
    const driver = createProcessDriver({
      ...options(folder, '', { env: { ODD: odd, FROM_BOTH: 'env' }, env_file: 'env' }),
      command: ['env', '-0'],
    });
    context.after(() => driver.close());
    await writeFile(join(folder, 'env'), 'FROM_FILE="a b"\nFROM_BOTH=file\n');
    const told = listen(driver);
    assert.ok((await driver.start()).ok);
    await exited(told);
    const text = await readFile(join(folder, 'bot.log'), 'utf8');
    const seen = new Map(
      text
        .split('\0')
        .slice(0, -1)
        .map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]),
    );
    for (const name of ['ODD', 'FROM_BOTH', 'FROM_FILE', 'PATH', 'HOME']) assert.ok(seen.has(name), name);
    for (const name of seen.keys())
      assert.ok(['ODD', 'FROM_BOTH', 'FROM_FILE', 'PATH', 'HOME', 'LANG', 'USER', 'TZ'].includes(name ?? ''), name);
    assert.equal(seen.get('ODD'), odd);
    assert.equal(seen.get('FROM_FILE'), 'a b');
    assert.equal(seen.get('FROM_BOTH'), 'env');
    await driver.stop();
  });

  it('is no file beyond 0, 1 and 2, whatever the manager was started with, and no signal ignored', async (context) => {
    const folder = await makeFolder(context);
    const { clock: _, ...plain } = options(
      folder,
      'ls /proc/$$/fd; grep SigIgn /proc/$$/status; echo done; exec sleep 1000',
    );
    const manager = spawn(process.execPath, [...childManager, JSON.stringify(plain)], {
      // Node itself closes what it was given up to the first gap; this one lies behind a gap.
      stdio: ['ignore', 'pipe', 'inherit', ...Array<'ignore'>(30).fill('ignore'), 2],
    });
    context.after(() => manager.kill('SIGKILL'));
    const { driver } = drive(context, folder, forever);
    const lines = await eventually('its output', async () => {
      const now = await driver.logs(20);
      return now.at(-1) === 'done' ? now : null;
    });
    assert.deepEqual(lines.slice(0, -2), ['0', '1', '2']);
    assert.match(lines.at(-2) ?? '', /^SigIgn:\s0+$/);
  });

  it('keeps its secrets off every command line and out of the reach of other users', async (context) => {
    const secret = 'a-secret-of-the-service-4711';
    const { folder, driver } = await make(context, forever, { env: { TOKEN: secret } });
    const pid = await begin(driver);
    await eventually('the program itself runs', () => readProcess(pid)?.comm === 'sleep');
    for (const entry of readProcesses().entries.values())
      assert.ok(!readArguments(entry.pid)?.join(' ').includes(secret), `${entry.comm} (${entry.pid})`);
    assert.match(await readFile(`/proc/${pid}/environ`, 'utf8'), new RegExp(secret));
    const keeper = keeperOf(folder);
    assert.doesNotMatch(await readFile(`/proc/${keeper}/environ`, 'utf8'), new RegExp(secret));
    assert.equal((await stat(join(folder, 'run'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, 'run/launch.sh'))).mode & 0o777, 0o600);
    await driver.stop();
  });
});

describe('a start that cannot work', () => {
  const cases: [what: string, code: string, more: (folder: string) => Parameters<typeof options>[2]][] = [
    ['an unknown command', 'command-not-found', () => ({ command: ['no-such-command-here'] })],
    ['a missing path', 'command-not-found', () => ({ command: ['venv/bin/python', 'run.py'] })],
    ['a file that may not be run', 'command-not-executable', () => ({ command: ['./plain'] })],
    ['a missing interpreter', 'interpreter-not-found', () => ({ command: ['./orphan'] })],
    ['a missing interpreter behind env', 'interpreter-not-found', () => ({ command: ['./orphan-env'] })],
    ['no command', 'command-missing', () => ({ command: null })],
    ['a missing folder', 'folder-missing', (folder) => ({ cwd: join(folder, 'nowhere') })],
    ['a folder that is a file', 'folder-not-a-folder', (folder) => ({ cwd: join(folder, 'plain') })],
    ['a missing env_file', 'env-file-missing', () => ({ env_file: 'no.env' })],
    ['a name no program can have', 'env-name-invalid', () => ({ env: { 'a-b': '1' } })],
    ['a log in a missing folder', 'log-not-writable', () => ({ log_file: 'no/such/folder.log' })],
    ['a log that is a folder', 'log-not-writable', () => ({ log_file: '.' })],
  ];
  for (const [what, code, more] of cases)
    it(`is refused in words: ${what}`, async (context) => {
      const folder = await makeFolder(context);
      await writeFile(join(folder, 'plain'), 'text');
      for (const [name, line] of [
        ['orphan', '#!/no/such/interpreter'],
        ['orphan-env', '#!/usr/bin/env no-such-interpreter'],
      ] as const) {
        await writeFile(join(folder, name), `${line}\n`);
        await chmod(join(folder, name), 0o755);
      }
      const driver = createProcessDriver(options(folder, forever, more(folder)));
      context.after(() => driver.close());
      const result = await driver.start();
      assert.ok(!result.ok && result.fatal, JSON.stringify(result));
      assert.equal(result.reason.code, code);
      assert.deepEqual(await driver.inspect(), { state: 'absent' });
      assert.equal(keeperOf(folder), null);
    });

  it('is fatal on a restart too, when the program has gone meanwhile', async (context) => {
    const folder = await makeFolder(context);
    await writeFile(join(folder, 'program'), '#!/bin/sh\nexec sleep 1000\n');
    await chmod(join(folder, 'program'), 0o755);
    const driver = createProcessDriver(options(folder, '', { command: ['./program'] }));
    context.after(() => driver.close());
    const told = listen(driver);
    const pid = await begin(driver);
    await eventually('the program runs', () => readProcess(pid)?.comm === 'sleep');
    await rm(join(folder, 'program'));
    process.kill(pid, 'SIGKILL');
    await exited(told);
    const result = await driver.start();
    assert.ok(!result.ok && result.fatal);
    assert.equal(result.reason.code, 'command-not-found');
    await driver.inspect();
    await sleep(1);
    assert.equal(told.length, 1, 'a start that could not work is no crash');
    await driver.stop();
  });

  it('works again after somebody has removed the run folder under a running service', async (context) => {
    const { folder, driver, told } = await make(context, forever);
    const pid = await begin(driver);
    await rm(join(folder, 'run'), { recursive: true });
    process.kill(pid, 'SIGKILL');
    await exited(told);
    const again = await eventually('a start that works', async () => {
      const result = await driver.start();
      return result.ok ? result : null;
    });
    assert.ok(again.run.pid && lives(again.run.pid));
    told.length = 0;
    process.kill(again.run.pid, 'SIGKILL');
    assert.equal((await exited(told)).exit.signal, 'SIGKILL');
    await driver.stop();
    assert.equal(keeperOf(folder), null);
  });

  it('says when the run folder cannot be made', async (context) => {
    const folder = await makeFolder(context);
    await writeFile(join(folder, 'run'), 'a file');
    const driver = createProcessDriver(options(folder, forever));
    const result = await driver.start();
    assert.ok(!result.ok && !result.fatal);
    assert.equal(result.reason.code, 'run-folder-unusable');
    const seen = await driver.inspect();
    assert.equal(seen.state, 'unknown');
  });
});

describe('the log of a process service', () => {
  it('is in the run folder where none is configured, and appended to over restarts', async (context) => {
    const { folder, driver, told } = await make(context, 'echo one; echo two >&2', { log_file: null });
    assert.ok((await driver.start()).ok);
    await exited(told);
    told.length = 0;
    assert.ok((await driver.start()).ok);
    await exited(told);
    assert.deepEqual(await driver.logs(10), ['one', 'two', 'one', 'two']);
    assert.deepEqual(await driver.logs(1), ['two']);
    assert.ok(await stat(join(folder, 'run/output.log')));
    await driver.stop();
  });

  it('is still read when somebody has moved or removed it, and is where it belongs from the next start on', async (context) => {
    const { folder, driver } = await make(context, 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done');
    const last = async () => Number((await driver.logs(1)).at(-1)?.replace('line ', '') ?? 0);
    assert.deepEqual(await driver.logs(1), []);
    await begin(driver);
    await eventually('lines', async () => (await last()) > 2);
    await rename(join(folder, 'bot.log'), join(folder, 'bot.log.old'));
    await writeFile(join(folder, 'bot.log'), '');
    const moved = Math.max(await last(), 2);
    await eventually('lines in what was moved', async () => (await last()) > moved);
    await rm(join(folder, 'bot.log'));
    await rm(join(folder, 'bot.log.old'));
    const removed = await last();
    await eventually('lines in what was removed', async () => (await last()) > removed);
    await driver.stop();
    assert.deepEqual(await driver.logs(1), []);
    await begin(driver);
    await eventually('lines where they belong', async () =>
      /^line 1$/m.test(await readFile(join(folder, 'bot.log'), 'utf8').catch(() => '')),
    );
    await driver.stop();
  });
});

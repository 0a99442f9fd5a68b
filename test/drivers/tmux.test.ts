import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readArguments, readProcess, readProcesses } from '../../src/drivers/proctree.ts';
import { createTmuxDriver, type TmuxOptions } from '../../src/drivers/tmux.ts';
import { freePort } from '../world/free-port.ts';
import {
  begin,
  eventually,
  exited,
  kill,
  listen,
  listensAgain,
  lives,
  makeFolder,
  options,
  pidsIn,
  portHolder,
} from './playground.ts';

const forever = 'echo up; exec sleep 1000';

interface Place {
  readonly folder: string;
  /** Runs tmux on the test's own socket and gives what it prints. */
  tmux(...args: string[]): string;
  driver(script: string, more?: Partial<TmuxOptions>): ReturnType<typeof createTmuxDriver>;
}

/** A tmux server of the test's own. */
async function make(context: TestContext): Promise<Place> {
  const folder = await makeFolder(context);
  const socket = `orbit-test-${randomUUID().slice(0, 8)}`;
  const { TMUX: _, ...env } = process.env;
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-L', socket, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(() => {
    try {
      tmux('kill-server');
    } catch {
      // Gone with its last session.
    }
  });
  return {
    folder,
    tmux,
    driver(script, more = {}) {
      const driver = createTmuxDriver({
        ...options(folder, script),
        tmux_session: 'bot',
        tmux_socket: socket,
        ...more,
      });
      context.after(() => driver.close());
      return driver;
    },
  };
}

function sessions(place: Place): string[] {
  try {
    return place.tmux('list-sessions', '-F', '#{session_name}').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function line(text: string, driver: ReturnType<Place['driver']>) {
  return eventually(`the line ${text}`, async () => (await driver.logs(20)).includes(text));
}

describe('a service in tmux', () => {
  it('starts in its session, is the pane’s own process, and stops with the session', async (context) => {
    const place = await make(context);
    const driver = place.driver(forever);
    assert.deepEqual(await driver.inspect(), { state: 'absent' });
    const pid = await begin(driver);
    assert.equal(Number(place.tmux('list-panes', '-t', '=bot:', '-F', '#{pane_pid}')), pid);
    await line('up', driver);
    assert.equal(await begin(driver), pid);
    const told = listen(driver);
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.equal(stopped.exit?.signal, 'SIGTERM');
    assert.deepEqual(stopped.killed, []);
    assert.ok(!lives(pid));
    assert.deepEqual(sessions(place), []);
    assert.deepEqual((await exited(told)).exit, stopped.exit);
    const seen = await driver.inspect();
    assert.ok(seen.state === 'exited');
    assert.deepEqual(seen.exit, stopped.exit);
    assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
  });

  it('tells the exit code and the signal, and starts again where the dead pane was', async (context) => {
    const place = await make(context);
    const driver = place.driver('while [ ! -e go ]; do sleep 0.02; done; rm go; exit 3');
    const told = listen(driver);
    await begin(driver);
    await writeFile(join(place.folder, 'go'), '');
    assert.equal((await exited(told)).exit.code, 3);
    told.length = 0;
    const pid = await begin(driver);
    assert.deepEqual(sessions(place), ['bot']);
    kill(pid);
    assert.equal((await exited(told)).exit.signal, 'SIGKILL');
    await driver.stop();
  });

  it('has an unknown exit, not 0, where its command is a pipeline: what tmux sees is how tee ended', async (context) => {
    const place = await make(context);
    const driver = place.driver('(sleep 0.2; exit 3) | tee copy');
    const told = listen(driver);
    await begin(driver);
    const { code, signal } = (await exited(told)).exit;
    assert.deepEqual([code, signal], [null, null]);
  });

  it('tells how each of ten ended, although tmux itself forgets every other one', async (context) => {
    const place = await make(context);
    const driver = place.driver('exec sleep 1000');
    const told = listen(driver);
    for (let round = 0; round < 10; round += 1) {
      told.length = 0;
      kill(await begin(driver));
      assert.equal((await exited(told)).exit.signal, 'SIGKILL', `round ${round}`);
    }
  });

  it('tells of one that ends at once, with all of its output', async (context) => {
    const place = await make(context);
    const driver = place.driver('echo first; echo last; exit 5');
    const told = listen(driver);
    const result = await driver.start();
    assert.ok(result.ok);
    const last = await exited(told);
    assert.equal(last.exit.code, 5);
    assert.equal(last.run.id, result.run.id);
    await line('last', driver);
    assert.deepEqual((await driver.logs(10)).slice(0, 2), ['first', 'last']);
  });

  it('kills one that ignores the signal, and its children (loom#2268, gastown#699)', async (context) => {
    const place = await make(context);
    const driver = place.driver(
      `trap '' TERM HUP; sleep 1001 & echo $! >>kin; setsid sh -c 'echo $$ >>kin; exec sleep 1002' & echo ready; while :; do sleep 1000; done`,
      { stop_timeout: 300 },
    );
    const pid = await begin(driver);
    const kin = await pidsIn(join(place.folder, 'kin'), 2);
    await line('ready', driver);
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.equal(stopped.exit?.signal, 'SIGKILL');
    assert.ok(stopped.killed.includes(`sh (${pid})`), String(stopped.killed));
    for (const each of [pid, ...kin]) assert.ok(!lives(each), `${each} lives`);
  });

  it('removes what a crash left before it starts again', async (context) => {
    const place = await make(context);
    const driver = place.driver(
      `sleep 1001 & echo $! >>kin; setsid sh -c 'trap "" HUP; echo $$ >>kin; exec sleep 1002' & exec sleep 1000`,
    );
    const told = listen(driver);
    const pid = await begin(driver);
    const kin = await pidsIn(join(place.folder, 'kin'), 2);
    await eventually('they are known', async () => {
      const tree = await readFile(join(place.folder, 'run/tree'), 'utf8').catch(() => '');
      return kin.every((each) => tree.includes(`\n${each} `));
    });
    kill(pid);
    await exited(told);
    await begin(driver);
    for (const each of kin) assert.ok(!lives(each), `${each} lives`);
    await driver.stop();
  });

  it('holds no port against the next start after a crash (emdash PR #2592)', async (context) => {
    const place = await make(context);
    const { folder } = place;
    const driver = place.driver('', { command: portHolder(folder, await freePort()) });
    const told = listen(driver);
    await begin(driver);
    const [first = 0, child = 0] = await pidsIn(join(folder, 'holders'), 2);
    await eventually('it is known', async () =>
      (await readFile(join(folder, 'run/tree'), 'utf8').catch(() => '')).includes(`\n${child} `),
    );
    kill(first);
    await exited(told);
    await listensAgain(driver, folder, child);
    await driver.stop();
  });

  it('leaves one session and no process behind after many crashes (trusty-tools#8244, #1458)', async (context) => {
    const place = await make(context);
    const driver = place.driver(`setsid sh -c 'trap "" HUP; echo $$ >>kin; exec sleep 1002' & sleep 0.3; exit 1`);
    const told = listen(driver);
    const crashes = 12;
    for (let crash = 1; crash <= crashes; crash += 1) {
      await begin(driver);
      await pidsIn(join(place.folder, 'kin'), crash);
      await eventually('told of the crash', () => told.filter(({ state }) => state === 'exited').length === crash);
    }
    assert.deepEqual(sessions(place), ['bot']);
    await driver.stop();
    assert.deepEqual(sessions(place), []);
    const kin = await pidsIn(join(place.folder, 'kin'), crashes);
    assert.deepEqual(kin.filter(lives), []);
  });

  it('touches no other session, not even one whose name begins alike (universe-starter-agent#23)', async (context) => {
    const place = await make(context);
    place.tmux('new-session', '-d', '-s', 'bot_two', 'sleep 1003');
    place.tmux('new-session', '-d', '-s', 'other', 'sleep 1003');
    const driver = place.driver(forever);
    assert.deepEqual(await driver.inspect(), { state: 'absent' });
    await begin(driver);
    await driver.stop();
    assert.deepEqual(sessions(place), ['bot_two', 'other']);
    assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
    assert.deepEqual(sessions(place), ['bot_two', 'other']);
  });

  it('gets a clean environment, also from a tmux server full of others’ variables', async (context) => {
    const place = await make(context);
    process.env.MANAGER_BOT_TOKEN = 'secret-of-the-manager';
    context.after(() => delete process.env.MANAGER_BOT_TOKEN);
    place.tmux('new-session', '-d', '-s', 'other', 'sleep 1003');
    place.tmux('set-environment', '-g', 'LEAKED', 'from-the-server');
    const driver = place.driver('', {
      command: ['sh', '-c', 'env -0 >seen; exec sleep 1000', place.folder],
      env: { OWN: `it's "own"` },
    });
    const pid = await begin(driver);
    const seen = await eventually('the environment', async () => {
      const text = await readFile(join(place.folder, 'seen'), 'utf8').catch(() => '');
      return text.includes('OWN') ? text.split('\0').slice(0, -1) : null;
    });
    assert.ok(seen.includes(`OWN=it's "own"`));
    for (const variable of seen) assert.match(variable, /^(OWN|PATH|HOME|LANG|USER|TZ|TERM|PWD)=/);
    for (const entry of readProcesses().entries.values())
      assert.ok(!readArguments(entry.pid)?.join(' ').includes(`"own"`), `${entry.comm} (${entry.pid})`);
    assert.ok(lives(pid));
    await driver.stop();
  });

  it('writes to a log whose name tmux would take for a format', async (context) => {
    const place = await make(context);
    const driver = place.driver(forever, { log_file: "it's #{session_name} %H.log" });
    await begin(driver);
    await line('up', driver);
    assert.match(await readFile(join(place.folder, "it's #{session_name} %H.log"), 'utf8'), /^up/);
    await driver.stop();
  });
});

describe('a tmux service beyond its manager', () => {
  it('is adopted by a later one, with its exit', async (context) => {
    const place = await make(context);
    const first = place.driver(forever);
    const started = await first.start();
    assert.ok(started.ok && started.run.pid);
    await first.close();
    const later = place.driver(forever);
    const told = listen(later);
    assert.deepEqual(await later.inspect(), { state: 'running', run: started.run });
    assert.deepEqual(await later.start(), started);
    kill(started.run.pid);
    const last = await exited(told);
    assert.equal(last.run.id, started.run.id);
    assert.equal(last.exit.signal, 'SIGKILL');
    await later.stop();
  });

  it('is known to have died meanwhile, and how', async (context) => {
    const place = await make(context);
    const script = 'while [ ! -e go ]; do sleep 0.02; done; exit 9';
    const first = place.driver(script);
    const started = await first.start();
    assert.ok(started.ok && started.run.pid);
    const { pid, id } = started.run;
    await first.close();
    await writeFile(join(place.folder, 'go'), '');
    await eventually('it ended', () => !lives(pid));
    const seen = await place.driver(script).inspect();
    assert.ok(seen.state === 'exited');
    assert.equal(seen.run.id, id);
    assert.equal(seen.exit.code, 9);
  });

  it('has an unknown exit when its whole server was killed', async (context) => {
    const place = await make(context);
    const driver = place.driver(forever);
    const told = listen(driver);
    await begin(driver);
    place.tmux('kill-server');
    const last = await exited(told);
    assert.deepEqual({ ...last.exit, at: 0 }, { code: null, signal: null, at: 0 });
    await begin(driver);
    await driver.stop();
  });

  it('is still known to run when the socket was removed, and one that is not known is not guessed at', async (context) => {
    const place = await make(context);
    const driver = place.driver(forever);
    const pid = await begin(driver);
    const socket = place.tmux('display-message', '-p', '#{socket_path}').trim();
    const server = Number(place.tmux('display-message', '-p', '#{pid}'));
    context.after(() => kill(server));
    await rm(socket);
    const seen = await driver.inspect();
    assert.ok(seen.state === 'running' && seen.run.pid === pid);
    const blind = await place.driver(forever, { run_dir: join(place.folder, 'run2') }).inspect();
    assert.ok(blind.state === 'unknown', JSON.stringify(blind));
    assert.equal(blind.reason.code, 'tmux-socket-lost');
    assert.equal(blind.reason.args?.pid, String(server));
  });
});

describe('a session that somebody started by hand', () => {
  /** A bot as an operator would have it: an interpreter, a script, a shell line with tee around it. */
  async function withBot(context: TestContext): Promise<Place> {
    const place = await make(context);
    await writeFile(join(place.folder, 'run.sh'), 'echo up\nwhile [ ! -e go ]; do sleep 0.05; done; exit 4\n');
    return place;
  }
  const command = ['bash', 'run.sh'];

  it('is adopted as it is, the service found between shell and tee, its exit unknown', async (context) => {
    const place = await withBot(context);
    place.tmux('new-session', '-d', '-s', 'bot', '-c', place.folder, 'sh run.sh 2>&1 | tee -a bot.log; echo over');
    const driver = place.driver('', { command });
    await line('up', driver);
    const seen = await driver.inspect();
    assert.ok(seen.state === 'running' && seen.run.pid);
    assert.deepEqual(readArguments(seen.run.pid), ['sh', 'run.sh']);
    assert.equal(await begin(driver), seen.run.pid);
    const told = listen(driver);
    await writeFile(join(place.folder, 'go'), '');
    const last = await exited(told);
    assert.equal(last.run.id, seen.run.id);
    assert.deepEqual({ ...last.exit, at: 0 }, { code: null, signal: null, at: 0 });
  });

  it('is stopped gently: the log is complete, shell and tee are gone, so is the session', async (context) => {
    const place = await withBot(context);
    await writeFile(
      join(place.folder, 'run.sh'),
      `trap 'echo bye; exit 0' TERM\necho up\nwhile :; do sleep 0.05; done\n`,
    );
    place.tmux('new-session', '-d', '-s', 'bot', '-c', place.folder, 'sh run.sh 2>&1 | tee -a bot.log');
    const driver = place.driver('', { command });
    await line('up', driver);
    const stopped = await driver.stop();
    assert.ok(stopped.ok && stopped.exit);
    assert.equal(stopped.killed.filter((name) => name.startsWith('tee')).length, 0);
    assert.ok((await driver.logs(5)).includes('bye'));
    assert.deepEqual(sessions(place), []);
  });

  it('is adopted without a command too: the topmost program that is no shell and no tee', async (context) => {
    const place = await make(context);
    place.tmux('new-session', '-d', '-s', 'bot', '-c', place.folder, 'sleep 1000 | tee -a bot.log');
    const driver = place.driver('', { command: null });
    const seen = await eventually('it is seen', async () => {
      const now = await driver.inspect();
      return now.state === 'running' ? now : null;
    });
    assert.ok(seen.run.pid);
    assert.equal(readProcess(seen.run.pid)?.comm, 'sleep');
    assert.ok((await driver.stop()).ok);
    const again = await driver.start();
    assert.ok(!again.ok && again.fatal);
    assert.equal(again.reason.code, 'command-missing');
  });

  it('is not taken for another whose name is a piece of its own (pm2#5990)', async (context) => {
    const place = await make(context);
    const home = join(place.folder, 'ubuntu');
    await mkdir(home);
    await symlink('/bin/sleep', join(home, 'ubuntu'));
    place.tmux('new-session', '-d', '-s', 'bot', `exec ${join(home, 'ubuntu')} 1011`);
    await eventually('it runs', () => place.tmux('list-panes', '-t', '=bot:', '-F', '#{pane_pid}').trim());
    for (const command of [['bun'], ['bun', 'untu'], ['ubuntu']]) {
      const driver = place.driver('', { command, run_dir: join(place.folder, command.join('-')) });
      const expected = command[0] === 'ubuntu' ? 'running' : 'absent';
      await eventually(`${command.join(' ')} is ${expected}`, async () => (await driver.inspect()).state === expected);
    }
  });

  it('is told of when it appears while nothing runs', async (context) => {
    const place = await withBot(context);
    const driver = place.driver('', { command });
    const told = listen(driver);
    assert.deepEqual(await driver.inspect(), { state: 'absent' });
    place.tmux('new-session', '-d', '-s', 'bot', '-c', place.folder, 'sh run.sh | tee -a bot.log');
    const seen = await eventually('told', () => told.find((each) => each.state === 'running'));
    assert.ok(seen.state === 'running' && seen.run.pid && lives(seen.run.pid));
  });

  it('gets a window beside the shell in which somebody types, whose own work is left alone', async (context) => {
    const place = await withBot(context);
    place.tmux('new-session', '-d', '-s', 'bot', '-c', place.folder, 'bash --norc --noprofile');
    place.tmux('send-keys', '-t', '=bot:', 'sh run.sh | tee -a bot.log', 'Enter');
    const driver = place.driver('', { command });
    await line('up', driver);
    const seen = await eventually('it is seen', async () => {
      const now = await driver.inspect();
      return now.state === 'running' ? now : null;
    });
    const told = listen(driver);
    kill(seen.run.pid ?? 0);
    await exited(told);
    place.tmux('send-keys', '-t', '=bot:', 'sleep 1004', 'Enter');
    const shell = Number(place.tmux('list-panes', '-t', '=bot:', '-F', '#{pane_pid}'));
    const typed = await eventually('what they typed runs', () => {
      const child = readProcesses().childrenOf(shell)[0];
      return child?.comm === 'sleep' ? child.pid : null;
    });
    const pid = await begin(driver);
    assert.ok(lives(shell) && lives(typed) && lives(pid));
    assert.equal(place.tmux('list-windows', '-t', '=bot').trim().split('\n').length, 2);
    assert.ok((await driver.stop()).ok);
    assert.deepEqual(sessions(place), []);
  });

  it('is not started over when something else runs in it', async (context) => {
    const place = await make(context);
    place.tmux('new-session', '-d', '-s', 'bot', 'sleep 1005');
    const driver = place.driver(forever);
    const result = await driver.start();
    assert.ok(!result.ok && result.fatal);
    assert.equal(result.reason.code, 'tmux-program-not-seen');
    assert.deepEqual(sessions(place), ['bot']);
  });
});

describe('tmux that cannot be asked', () => {
  it('is said in words when it is not installed', async (context) => {
    const place = await make(context);
    const path = process.env.PATH;
    process.env.PATH = place.folder;
    context.after(() => {
      process.env.PATH = path;
    });
    const driver = place.driver(forever);
    const seen = await driver.inspect();
    assert.ok(seen.state === 'unknown');
    assert.equal(seen.reason.code, 'tmux-missing');
    const result = await driver.start();
    assert.ok(!result.ok && result.fatal);
    assert.equal(result.reason.code, 'tmux-missing');
  });

  it('is said in words when its socket belongs to somebody else', async (context) => {
    const place = await make(context);
    // What tmux says there; root, as which tests may run, is refused nothing.
    const fake = join(place.folder, 'tmux');
    await writeFile(
      fake,
      '#!/bin/sh\necho "error connecting to /tmp/tmux-0/default (Permission denied)" >&2; exit 1\n',
    );
    await chmod(fake, 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${place.folder}:${path}`;
    context.after(() => {
      process.env.PATH = path;
    });
    const seen = await place.driver(forever).inspect();
    assert.ok(seen.state === 'unknown');
    assert.equal(seen.reason.code, 'tmux-forbidden');
  });

  it('refuses a command that does not exist before tmux is asked', async (context) => {
    const place = await make(context);
    const result = await place.driver('', { command: ['venv/bin/python', 'run.py'] }).start();
    assert.ok(!result.ok && result.fatal);
    assert.equal(result.reason.code, 'command-not-found');
    assert.deepEqual(sessions(place), []);
  });
});

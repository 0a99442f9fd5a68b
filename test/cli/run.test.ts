import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createControlClient } from '../../src/cli/client.ts';
import { hasTerminal } from '../../src/cli/terminal.ts';
import { program } from '../world/program.ts';

const secret = 'AbCdEf-_12AbCdEf-_12AbCdEf-_12Xyz42';
const folder = mkdtempSync(join(tmpdir(), 'orbit-run-'));
const socket = join(folder, 'data/control.sock');
const children: ChildProcess[] = [];

mkdirSync(join(folder, 'config'));
writeFileSync(
  join(folder, 'config/services.yaml'),
  'services:\n  sleeper: { driver: process, command: [sleep, "600"], cwd: /, start_grace: 0 }\nhttp: null\n',
);
after(async () => {
  await createControlClient(socket, 'test').actAll('stop');
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Manager {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

/** `orbit run` with Telegram out of reach: port 9 of this machine refuses. */
function run(...imports: readonly string[]): Manager {
  const preload = imports.flatMap((name) => ['--import', name]);
  const child = spawn(process.execPath, [...preload, ...program, 'run'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      LANG: 'C.UTF-8',
      MANAGER_BOT_TOKEN: `7000000001:${secret}`,
      ADMIN_CHAT_IDS: '42',
      TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err }))) };
}

/** The pid of the service, as soon as a manager answers and says that it runs. */
async function sleeper(): Promise<number> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const asked = await createControlClient(socket, 'test').snapshot();
    const pid = asked.ok ? asked.value.services[0]?.pid : null;
    if (typeof pid === 'number') return pid;
    assert.ok(Date.now() < deadline, 'no manager says that the service runs');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a manager from its start to its end, and the next one', async (context) => {
  const first = run();
  const pid = await sleeper();

  await context.test('a second one in the same folder is refused with one line, and hurts nothing', async () => {
    const { code, err } = await run().ended;
    assert.equal(code, 1);
    assert.match(err, /^Another manager is already running with this data folder: .*\n$/);
    assert.equal(await sleeper(), pid);
  });

  await context.test('SIGTERM: exit 0, the service runs on, the socket is gone', async () => {
    first.child.kill('SIGTERM');
    const { code, err } = await first.ended;
    assert.deepEqual({ code, err }, { code: 0, err: '' });
    process.kill(pid, 0);
    const asked = await createControlClient(socket, 'test').snapshot();
    assert.equal(asked.ok ? 'answered' : asked.code, 'no-manager');
  });

  await context.test('a bug: exit 70, said without secrets, the service runs on', async () => {
    const bug = `process.on('SIGUSR2', () => { throw new Error('GET /bot7000000001:${secret}/getMe') })`;
    const buggy = run(`data:text/javascript,${encodeURIComponent(bug)}`);
    assert.equal(await sleeper(), pid, 'adopted, not started anew');
    buggy.child.kill('SIGUSR2');
    const { code, out, err } = await buggy.ended;
    assert.equal(code, 70);
    const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(last.level, 'fatal');
    assert.match(last.err.message, /GET \/bot7000000001:\[redacted\]/);
    assert.ok(!out.includes(secret), out);
    assert.ok(!err.includes(secret), err);
    process.kill(pid, 0);
  });

  await context.test(
    'the next one takes the service up again, also when it is told to reload while it starts',
    async () => {
      // A terminal that goes away then is a reason to end.
      const early = `process.on('newListener', (name) => {
      if (name === 'uncaughtException') setImmediate(() => process.kill(process.pid, 'SIGHUP'));
    })`;
      const next = run(...(hasTerminal() ? [] : [`data:text/javascript,${encodeURIComponent(early)}`]));
      assert.equal(await sleeper(), pid);
      const stopped = await createControlClient(socket, 'test').act('sleeper', 'stop');
      assert.equal(stopped.ok && stopped.value.ok, true);
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
      next.child.kill('SIGINT');
      assert.equal((await next.ended).code, 0);
    },
  );
});

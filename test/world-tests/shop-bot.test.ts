import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../world/shop-bot.mjs', import.meta.url));
const deadline = 5000;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the match as soon as the output has it. */
  readonly prints: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly exits: Promise<readonly [code: number | null, signal: string | null]>;
}

function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const prints = async (pattern: RegExp): Promise<RegExpExecArray> => {
    const signal = AbortSignal.timeout(deadline);
    for (;;) {
      const match = pattern.exec(output);
      if (match) return match;
      await once(child.stdout, 'data', { signal });
    }
  };
  const exits = once(child, 'close').then(([code, signal]): readonly [number | null, string | null] => [code, signal]);
  return { child, output: () => output, prints, exits };
}

async function startWithHttp(...args: readonly string[]): Promise<Running & { readonly url: string }> {
  const bot = start('--port', '0', ...args);
  const [, address] = await bot.prints(/Listening on (\S+)/);
  return { ...bot, url: `http://${address}` };
}

const post = (url: string): Promise<Response> => fetch(url, { method: 'POST' });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the shop bot', () => {
  it('starts, logs in its style, and stops when asked', async () => {
    const bot = start('--log-every', '20');
    await bot.prints(/^Bot started\.\.\.$/m);
    await bot.prints(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| INFO {5}\| app\.\S+ \| .+$/m);
    bot.child.kill('SIGTERM');
    assert.deepEqual(await bot.exits, [0, null]);
    assert.match(bot.output(), /Bot stopped cleanly\n$/);
  });

  it('answers its health check, badly and slowly on request', async () => {
    const { url } = await startWithHttp();
    const healthy = await fetch(`${url}/health`);
    assert.equal(healthy.status, 200);
    assert.deepEqual(await healthy.json(), { status: 'ok' });
    await post(`${url}/do/error`);
    assert.equal((await fetch(`${url}/health`)).status, 500);
    await post(`${url}/do/heal`);
    await post(`${url}/do/slow?ms=60000`);
    await assert.rejects(fetch(`${url}/health`, { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
  });

  it('crashes with the code asked for, with a traceback', async () => {
    const { url, exits, output } = await startWithHttp();
    assert.equal((await post(`${url}/do/crash?code=3`)).status, 200);
    assert.deepEqual(await exits, [3, null]);
    assert.match(output(), /CRITICAL \| app\.main \| Unhandled exception, the bot stops\n(.*\n)*RuntimeError/);
  });

  it('dies of a signal on request', async () => {
    const { url, exits } = await startWithHttp();
    await post(`${url}/do/crash?signal=SIGKILL`);
    assert.deepEqual(await exits, [null, 'SIGKILL']);
  });

  it('crashes by itself', async () => {
    assert.deepEqual(await start('--crash-after', '10', '--exit-code', '7').exits, [7, null]);
  });

  it('hangs: no answer, no log, but still stops when asked', async () => {
    const bot = await startWithHttp('--log-every', '20');
    await post(`${bot.url}/do/hang`);
    await assert.rejects(fetch(`${bot.url}/health`, { signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
    const before = bot.output();
    await assert.rejects(fetch(`${bot.url}/health`, { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
    assert.equal(bot.output(), before);
    bot.child.kill('SIGTERM');
    assert.deepEqual(await bot.exits, [0, null]);
  });

  it('freezes: hears no SIGTERM', async () => {
    const bot = await startWithHttp();
    await post(`${bot.url}/do/freeze`);
    await assert.rejects(fetch(`${bot.url}/health`, { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
    bot.child.kill('SIGTERM');
    await assert.rejects(fetch(`${bot.url}/health`, { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
    assert.ok(isAlive(bot.child.pid ?? 0));
    bot.child.kill('SIGKILL');
    assert.deepEqual(await bot.exits, [null, 'SIGKILL']);
  });

  it('ignores SIGTERM when told to', async () => {
    const bot = start('--ignore-term');
    await bot.prints(/Bot started/);
    bot.child.kill('SIGTERM');
    await bot.prints(/SIGTERM ignored/);
    assert.ok(isAlive(bot.child.pid ?? 0));
  });

  it('leaks', async () => {
    const { url, child } = await startWithHttp();
    const rss = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
    const before = rss();
    await post(`${url}/do/leak?mb=100`);
    await fetch(`${url}/health`);
    assert.ok(rss() - before > 80 * 1024, 'a hundred megabytes more');
  });

  it('logs what it is told', async () => {
    const { url, prints } = await startWithHttp();
    await post(`${url}/do/log?level=ERROR&text=disk+is+full`);
    await prints(/\| ERROR {4}\| app\.demo \| disk is full$/m);
  });

  for (const [flag, sameGroup] of [
    ['spawn-child', true],
    ['spawn-setsid-child', false],
  ] as const) {
    it(`leaves a child behind with --${flag}`, async () => {
      const bot = start(`--${flag}`, '--crash-after', '50');
      const pid = Number((await bot.prints(new RegExp(`${flag}: (\\d+)`)))[1]);
      cleanups.push(() => process.kill(pid, 'SIGKILL'));
      const groupOf = (id: number): string | undefined =>
        readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
      assert.equal(groupOf(pid) === groupOf(process.pid), sameGroup);
      await bot.exits;
      assert.ok(isAlive(pid));
    });
  }
});

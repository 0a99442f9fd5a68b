import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type CommandCheckOptions, createCommandCheck } from '../../src/checks/command.ts';
import { until } from '../world/until.ts';
import { ask, found, metric, say } from './asking.ts';

const folder = mkdtempSync(join(tmpdir(), 'orbit-command-'));
after(() => rmSync(folder, { recursive: true }));

const check = (command: readonly string[], options: Partial<CommandCheckOptions> = {}) =>
  createCommandCheck({
    id: 'command',
    command,
    cwd: folder,
    env: {},
    expect_exit: 0,
    degraded_exits: [],
    output_matches: null,
    degraded_over: null,
    ...options,
  });

const script = (text: string, options: Partial<CommandCheckOptions> = {}) => check(['/bin/sh', '-c', text], options);

const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readStat(pid));

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '0 () Z';
  }
}

describe('command', () => {
  it('is healthy with the exit code that is right', async () => {
    const result = await ask(check(['true']));
    assert.equal(found(result), 'healthy');
    assert.equal(metric(result, 'exit_code').value, 0);
    assert.equal(metric(result, 'duration').unit, 'ms');
    assert.equal(found(await ask(check(['false'], { expect_exit: 1 }))), 'healthy');
  });

  it('says the exit code and the last line', async () => {
    const result = await ask(script('echo one; echo "disk on fire" >&2; exit 3'));
    assert.equal(found(result), 'unhealthy command-exit');
    assert.equal(result.reason && say(result.reason), '/bin/sh ended with exit code 3, saying “disk on fire”');
  });

  it('a command that fails without a word', async () => {
    const result = await ask(check(['false']));
    assert.equal(result.reason && say(result.reason), 'false ended with exit code 1, without a word');
  });

  it('exit codes can mean degraded', async () =>
    assert.equal(found(await ask(script('exit 1', { degraded_exits: [1] }))), 'degraded command-exit'));

  it('the output has to match', async () => {
    assert.equal(found(await ask(script('echo ready', { output_matches: '^ready$' }))), 'unhealthy command-output');
    assert.equal(found(await ask(script('echo ready', { output_matches: 'ready' }))), 'healthy');
  });

  it('no shell stands in between', async () => {
    await ask(check(['echo', '$(touch made-by-a-shell)', ';', 'touch', 'made-by-a-shell']));
    assert.equal(existsSync(join(folder, 'made-by-a-shell')), false);
  });

  it("gets none of the manager's environment but the harmless part, and its own", async () => {
    process.env.ORBIT_TEST_SECRET = 'secret';
    await ask(script('env > environment', { env: { MINE: 'yes' } }));
    delete process.env.ORBIT_TEST_SECRET;
    const names = readFileSync(join(folder, 'environment'), 'utf8')
      .split('\n')
      .map((line) => line.split('=', 1)[0] ?? '');
    const allowed = [
      'PATH',
      'HOME',
      'LANG',
      'USER',
      'TZ',
      'MINE',
      'PWD',
      'SHLVL',
      '_',
      'OLDPWD',
      'ORBIT_CHECK_RUN',
      '',
    ];
    assert.deepEqual(
      names.filter((name) => !allowed.includes(name)),
      [],
    );
    assert.ok(names.includes('MINE'));
  });

  it('hides what looks like a secret, and cuts what is long', async () => {
    const result = await ask(script('echo "postgres://bot:hunter2@db/shop refused"; exit 1'));
    assert.doesNotMatch(result.reason ? say(result.reason) : '', /hunter2/);
    const long = await ask(script('head -c 100000 /dev/zero | tr "\\0" x; exit 1'));
    assert.ok((long.reason ? say(long.reason) : '').length < 300);
  });

  it('endless output is read on and not kept', async () => {
    const before = process.memoryUsage().rss;
    const result = await ask(check(['yes']), { within: 1000 });
    assert.equal(found(result), 'unhealthy command-late');
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
  });

  it('the end of long output is kept too', async () => {
    const text = 'head -c 200000 /dev/zero | tr "\\0" x; echo; echo finished';
    assert.equal(found(await ask(script(text, { output_matches: 'finished' }))), 'healthy');
  });

  it('at the deadline everything it started is gone, also what left its session', async () => {
    // A child, one that knows nothing of where it came from, and one in a session of its own whose parent is gone.
    const text =
      'sleep 1000 & echo $! > pids; env -i sleep 1000 & echo $! >> pids; ' +
      '(setsid sh -c "echo \\$\\$ >> pids; sleep 1000" &); wait';
    writeFileSync(join(folder, 'pids'), '');
    const pids = () => readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number).filter(Boolean);
    const running = ask(script(text), { within: 1500 });
    await until(() => pids().length === 3, 'all wrote their pid');
    assert.deepEqual(pids().map(isAlive), [true, true, true]);
    assert.equal(found(await running), 'unhealthy command-late');
    assert.deepEqual(pids().map(isAlive), [false, false, false]);
  });

  it('a command killed by somebody else', async () => {
    const result = await ask(script('kill -9 $$'));
    assert.equal(found(result), 'unhealthy command-signal');
    assert.match(result.reason ? say(result.reason) : '', /SIGKILL/);
  });

  it('one that cannot be run says nothing about what it would look at', async () => {
    writeFileSync(join(folder, 'text'), 'no program', { mode: 0o644 });
    assert.equal(found(await ask(check(['no-such-program-here']))), 'unknown command-not-run');
    assert.equal(found(await ask(check(['true'], { cwd: '/no/such/folder' }))), 'unknown command-not-run');
    assert.equal(found(await ask(check([join(folder, 'text')]))), 'unknown command-not-run');
  });

  it('is degraded by the median of its runs', async () => {
    const slow = check(['true'], { degraded_over: 0 });
    assert.equal(found(await ask(slow)), 'healthy');
    await ask(slow);
    assert.equal(found(await ask(slow)), 'degraded command-slow');
  });
});

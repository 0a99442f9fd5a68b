import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createLogCheck, type LogCheckOptions } from '../../src/checks/log.ts';
import { createLogFollower } from '../../src/checks/log-follow.ts';
import { ask, found, metric, say } from './asking.ts';

const folder = mkdtempSync(join(tmpdir(), 'orbit-log-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function newLog(text?: string): string {
  const path = join(folder, `${++files}.log`);
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

const start = 1_800_000_000_000;
const second = 1000;

const check = (path: string, options: Partial<LogCheckOptions> = {}) =>
  createLogCheck({
    id: 'log',
    path,
    pattern: 'ERROR|Traceback',
    degraded_over: { count: 2, per: 60 * second },
    unhealthy_over: null,
    ...options,
  });

describe('log', () => {
  it('counts the lines that match, only those written from now on', async () => {
    const path = newLog('ERROR old\n'.repeat(50));
    const log = check(path);
    assert.equal(found(await ask(log, { now: start })), 'healthy');
    appendFileSync(path, 'fine\nERROR one\nfine\nTraceback two\n');
    const result = await ask(log, { now: start + 30 * second });
    assert.equal(found(result), 'healthy');
    assert.deepEqual(metric(result, 'matches'), { name: 'matches', value: 2, unit: 'count' });
    await log.close();
  });

  it('is degraded over the limit, shows the last line without colours and secrets, and forgets', async () => {
    const path = newLog('');
    const log = check(path);
    await ask(log, { now: start });
    appendFileSync(path, 'ERROR\nERROR\n\u001b[31mERROR\u001b[0m password=hunter2 refused\n');
    const result = await ask(log, { now: start + 30 * second });
    assert.equal(found(result), 'degraded log-matches');
    const text = result.reason ? say(result.reason) : '';
    assert.equal(text, '3 lines in 60 s, the last: “ERROR password=[redacted] refused”');
    assert.equal(found(await ask(log, { now: start + 60 * second })), 'degraded log-matches', 'still in the window');
    assert.equal(found(await ask(log, { now: start + 91 * second })), 'healthy');
    await log.close();
  });

  it('can be unhealthy too', async () => {
    const path = newLog('');
    const log = check(path, { unhealthy_over: { count: 4, per: 60 * second } });
    await ask(log, { now: start });
    appendFileSync(path, 'ERROR\n'.repeat(5));
    assert.equal(found(await ask(log, { now: start + second })), 'unhealthy log-matches');
    await log.close();
  });

  it('asked more rarely than its window is long, it counts only the share of the window', async () => {
    const path = newLog('');
    const log = check(path);
    await ask(log, { now: start });
    appendFileSync(path, 'ERROR\n'.repeat(6));
    const result = await ask(log, { now: start + 300 * second });
    assert.equal(found(result), 'healthy', 'six in five minutes are not three in one');
    assert.equal(metric(result, 'matches').value, 1.2);
    await log.close();
  });

  it('a file that is not there is no verdict; one that appears is read from its start', async () => {
    const path = newLog();
    const log = check(path);
    const missing = await ask(log, { now: start });
    assert.equal(found(missing), 'unknown log-missing');
    assert.match(missing.reason ? say(missing.reason) : '', /does not exist/);
    writeFileSync(path, 'ERROR\n'.repeat(3));
    assert.equal(found(await ask(log, { now: start + second })), 'degraded log-matches');
    await log.close();
  });

  it('a folder in its place is no verdict either', async () => {
    const path = newLog();
    mkdirSync(path);
    assert.equal(found(await ask(check(path), { now: start })), 'unknown log-missing');
  });
});

describe('following a log', () => {
  const lines = async (log: ReturnType<typeof createLogFollower>) => (await log.look()).lines;

  async function follow(path: string) {
    const log = createLogFollower(path);
    await log.look();
    return log;
  }

  it('a line counts when it is complete', async () => {
    const path = newLog('');
    const log = await follow(path);
    appendFileSync(path, 'first\nsec');
    assert.deepEqual(await lines(log), ['first']);
    appendFileSync(path, 'ond\n');
    assert.deepEqual(await lines(log), ['second']);
    await log.close();
  });

  it('characters of several bytes are whole, wherever the reading stopped', async () => {
    const path = newLog('');
    const log = await follow(path);
    const bytes = Buffer.from('ошибка\n');
    appendFileSync(path, bytes.subarray(0, 3));
    assert.deepEqual(await lines(log), []);
    appendFileSync(path, bytes.subarray(3));
    assert.deepEqual(await lines(log), ['ошибка']);
    await log.close();
  });

  it('rotation by renaming: the rest of the old file, then the new one from its start', async () => {
    const path = newLog('old\n');
    const log = await follow(path);
    appendFileSync(path, 'last words\nunfinished');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'first of the new\n');
    assert.deepEqual(await lines(log), ['last words', 'unfinished', 'first of the new']);
    appendFileSync(path, 'second of the new\n');
    assert.deepEqual(await lines(log), ['second of the new']);
    await log.close();
  });

  it('renamed away, and the new one comes later', async () => {
    const path = newLog('old\n');
    const log = await follow(path);
    appendFileSync(path, 'last words\n');
    renameSync(path, `${path}.1`);
    const news = await log.look();
    assert.deepEqual([news.lines, news.missing], [['last words'], 'ENOENT']);
    writeFileSync(path, 'new\n');
    assert.deepEqual(await lines(log), ['new']);
    await log.close();
  });

  it('cut off in place (copytruncate): from its start again', async () => {
    const path = newLog('a long line that was there before\n');
    const log = await follow(path);
    truncateSync(path);
    appendFileSync(path, 'new\n');
    assert.deepEqual(await lines(log), ['new']);
    await log.close();
  });

  it('cut off and grown beyond its old size between two looks', async () => {
    const path = newLog('short\n');
    const log = await follow(path);
    truncateSync(path);
    appendFileSync(path, 'one that is much longer\nanother\n');
    assert.deepEqual(await lines(log), ['one that is much longer', 'another']);
    await log.close();
  });

  it('its beginning taken out in whole blocks, the rest moved down: nothing is read twice, nothing is lost', async () => {
    const line = (n: number) => `${n} ${'x'.repeat(90)}`;
    const text = Array.from({ length: 1000 }, (_, n) => `${line(n)}\n`).join('');
    const path = newLog(text);
    const log = await follow(path);
    appendFileSync(path, `${line(1000)}\n`);
    const { blksize } = statSync(path);
    // In place, as `fallocate --collapse-range` does it where the file system can.
    writeFileSync(path, readFileSync(path).subarray(blksize * 3));
    appendFileSync(path, `${line(1001)}\n`);
    assert.deepEqual(await lines(log), [line(1000), line(1001)]);
    await log.close();
  });

  it('grows too fast: the newest is read, and what was passed over is said', async () => {
    const path = newLog('');
    const log = await follow(path);
    appendFileSync(path, `${'x'.repeat(99)}\n`.repeat(200_000));
    appendFileSync(path, 'the last\n');
    const { lines: read, skipped } = await log.look();
    assert.equal(skipped, 20_000_009 - 16 * 1024 * 1024);
    assert.equal(read.at(-1), 'the last');
    await log.close();

    const fast = check(path);
    await ask(fast, { now: start });
    appendFileSync(path, `${'x'.repeat(99)}\n`.repeat(200_000));
    assert.equal(found(await ask(fast, { now: start + second })), 'unknown log-too-fast');
    await fast.close();
  });

  it('of an endless line only the start is kept', async () => {
    const path = newLog('');
    const log = await follow(path);
    for (let n = 0; n < 3; n++) {
      appendFileSync(path, 'x'.repeat(300_000));
      assert.deepEqual(await lines(log), []);
    }
    appendFileSync(path, '\nnext\n');
    const read = await lines(log);
    assert.deepEqual(
      read.map((line) => line.length),
      [8192, 4],
    );
    await log.close();
  });
});

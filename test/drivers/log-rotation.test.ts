import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { copyFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type RotationLimits, rotateLog } from '../../src/drivers/log-rotation.ts';
import { lastLines } from '../../src/drivers/log-tail.ts';
import { eventually, makeFolder } from './playground.ts';

const KB = 1024;
const small: RotationLimits = { maxSize: 256 * KB, keep: 50, tail: 16 * KB, spare: 0 };

/** Writes `1`, `2`, … for ever, as a service does: its file opened once, at its end. */
function writer(context: TestContext, path: string, how = '>>"$0"'): ChildProcess {
  const script = `exec ${how}; i=0; while :; do i=$((i+1)); echo "$i"; done`;
  const child = spawn('/bin/sh', ['-c', script, path], { stdio: 'ignore' });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The parts in the order in which they were written, put together; of the log itself without the hole. */
async function union(path: string): Promise<string> {
  const parts: string[] = [];
  for (let number = 1; existsSync(`${path}.${number}`); number++)
    parts.unshift(await readFile(`${path}.${number}`, 'utf8'));
  const live = await readFile(path);
  const start = live.findIndex((byte) => byte !== 0);
  return [...parts, live.toString('utf8', start)].join('');
}

function assertComplete(text: string): void {
  const lines = text.split('\n');
  // The writer was killed, perhaps in the middle of its last line.
  lines.pop();
  assert.ok(lines.length > 10_000, `only ${lines.length} lines`);
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  assert.equal(wrong, -1, `line ${wrong + 1} reads ${lines[wrong]}, after ${lines[wrong - 1]}`);
}

async function rotateOften(path: string, limits: RotationLimits, times: number): Promise<ReadonlySet<string>> {
  const ways = new Set<string>();
  for (let done = 0; done < times; ) {
    const rotation = await eventually('grown enough', async () => {
      const found = await rotateLog(path, limits);
      return found.done === 'nothing' ? null : found;
    });
    assert.equal(rotation.done, 'rotated', JSON.stringify(rotation));
    if (rotation.done === 'rotated') ways.add(rotation.way);
    done += 1;
  }
  return ways;
}

describe('a log that grows too large', () => {
  it('loses no line and doubles none while its writer never stops', async (context) => {
    const path = join(await makeFolder(context), 'bot.log');
    const child = writer(context, path);
    await rotateOften(path, small, 12);
    await end(child);
    assertComplete(await union(path));
  });

  it('neither does one whose beginning can only be punched out, and its room is given back', async (context) => {
    const path = join(await makeFolder(context), 'bot.log');
    const child = writer(context, path);
    assert.deepEqual([...(await rotateOften(path, { ...small, way: 'punch' }, 12))], ['punch']);
    await end(child);
    assertComplete(await union(path));
    const { size, blocks } = await stat(path);
    assert.ok(blocks * 512 < size / 2, `${blocks * 512} of ${size} bytes are still taken`);
    const [last] = await lastLines(path, 1);
    assert.match(last ?? '', /^\d+$/);
  });

  it('on a file system that cannot collapse it is punched', async (context) => {
    // tmpfs: part of every Linux, and of every container.
    const folder = mkdtempSync('/dev/shm/orbit-log-');
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'bot.log');
    const child = writer(context, path);
    assert.deepEqual([...(await rotateOften(path, small, 6))], ['punch']);
    await end(child);
    assertComplete(await union(path));
  });

  it('whose writer keeps a place of its own is never cut off: no gap, no loss', async (context) => {
    const path = join(await makeFolder(context), 'bot.log');
    const child = writer(context, path, '>"$0"');
    assert.deepEqual([...(await rotateOften(path, small, 6))], ['punch']);
    await end(child);
    assertComplete(await union(path));
  });

  it('keeps as many parts as it is told', async (context) => {
    const path = join(await makeFolder(context), 'bot.log');
    const child = writer(context, path);
    await rotateOften(path, { ...small, keep: 3 }, 6);
    await end(child);
    assert.deepEqual(
      [1, 2, 3, 4].map((number) => existsSync(`${path}.${number}`)),
      [true, true, true, false],
    );
  });

  it('is left alone while it is small, and when it is not there', async (context) => {
    const path = join(await makeFolder(context), 'bot.log');
    assert.deepEqual(await rotateLog(path, small), { done: 'nothing' });
    await writeFile(path, 'x\n'.repeat(1000));
    assert.deepEqual(await rotateLog(path, small), { done: 'nothing' });
    assert.equal((await readFile(path)).length, 2000);
  });

  it('a manager killed between the copy and the cut doubles nothing; killed after the cut it loses nothing', async (context) => {
    for (const cut of [false, true]) {
      const path = join(await makeFolder(context), 'bot.log');
      const child = writer(context, path);
      await eventually('some lines', async () => ((await stat(path).catch(() => null))?.size ?? 0) > 128 * KB);
      // What a rotation does first.
      await copyFile(path, `${path}.rotating`);
      await truncate(`${path}.rotating`, 64 * KB);
      if (cut) {
        const done = spawn('fallocate', ['--punch-hole', '--offset', '0', '--length', String(64 * KB), path]);
        assert.deepEqual(await once(done, 'exit'), [0, null]);
      }
      await rotateOften(path, { ...small, way: 'punch' }, 2);
      await end(child);
      assertComplete(await union(path));
    }
  });

  it('on a full disk gives up its oldest part, and says so', async (context) => {
    const path = join(await makeFolder(context), 'bot.log');
    const child = writer(context, path);
    await rotateOften(path, small, 2);
    const full = { ...small, spare: Number.POSITIVE_INFINITY };
    const next = () =>
      eventually('grown enough', async () => {
        const found = await rotateLog(path, full);
        return found.done === 'nothing' ? null : found;
      });
    const gone: string[] = [];
    for (let round = 0; round < 3; round++) {
      const found = await next();
      gone.push(found.done === 'dropped' ? found.what : found.done);
    }
    await end(child);
    assert.deepEqual(gone, ['archive', 'archive', 'beginning']);
    assert.ok(!existsSync(`${path}.1`) && !existsSync(`${path}.rotating`));
    const lines = (await readFile(path, 'utf8')).split('\n').slice(1, -1).map(Number);
    assert.ok(lines.every((line, index) => index === 0 || line === (lines[index - 1] ?? 0) + 1));
  });

  it('that may not be rotated says why, and is as it was', async (context) => {
    const folder = await makeFolder(context);
    const path = join(folder, 'bot.log');
    await writeFile(path, 'x\n'.repeat(200 * KB));
    // A folder in the way of the copy.
    await mkdir(`${path}.rotating`);
    const found = await rotateLog(path, small);
    assert.equal(found.done, 'failed');
    assert.equal((await readFile(path)).length, 400 * KB);
  });
});

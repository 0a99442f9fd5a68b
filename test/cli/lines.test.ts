import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLines } from '../../src/cli/lines.ts';

async function* chunks(...texts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function linesOf(max: number, ...texts: readonly (string | Buffer)[]): Promise<readonly (string | null)[]> {
  const lines: (string | null)[] = [];
  for await (const line of readLines(chunks(...texts), max)) lines.push(line);
  return lines;
}

test('lines are put together however they arrive', async () => {
  assert.deepEqual(await linesOf(100, 'on', 'e\ntwo\n\nthr', 'ee\n'), ['one', 'two', '', 'three']);
});

test('a character cut in two by the transport is whole again', async () => {
  const bytes = Buffer.from('дом\n');
  assert.deepEqual(await linesOf(100, bytes.subarray(0, 3), bytes.subarray(3)), ['дом']);
});

test('half a line at the end is no line', async () => {
  assert.deepEqual(await linesOf(100, 'one\ntw'), ['one']);
});

test('a line of exactly the limit passes, a longer one ends it', async () => {
  assert.deepEqual(await linesOf(4, 'four\n'), ['four']);
  assert.deepEqual(await linesOf(4, 'ok\nfives\nmore\n'), ['ok', null]);
});

test('a line without an end is not collected beyond the limit', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (; given < 1000; given++) yield Buffer.alloc(1024, 'x');
  }
  const lines: (string | null)[] = [];
  for await (const line of readLines(endless(), 10 * 1024)) lines.push(line);
  assert.deepEqual(lines, [null]);
  assert.ok(given <= 11, `${given} KiB were read`);
});

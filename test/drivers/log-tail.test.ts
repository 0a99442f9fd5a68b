import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lastLines, readable } from '../../src/drivers/log-tail.ts';
import { makeFolder } from './playground.ts';

describe('the last lines of a log', () => {
  it('are there in order, with or without a last line break, and no more than asked for', async (context) => {
    const path = join(await makeFolder(context), 'log');
    assert.deepEqual(await lastLines(path, 5), []);
    await writeFile(path, '');
    assert.deepEqual(await lastLines(path, 5), []);
    await writeFile(path, 'one\ntwo\n\nfour');
    assert.deepEqual(await lastLines(path, 3), ['two', '', 'four']);
    await writeFile(path, 'one\ntwo\nthree\n');
    assert.deepEqual(await lastLines(path, 2), ['two', 'three']);
    assert.deepEqual(await lastLines(path, 10), ['one', 'two', 'three']);
    assert.deepEqual(await lastLines(path, 0), []);
  });

  it('are whole where a block of the file ends inside a line or a letter', async (context) => {
    const path = join(await makeFolder(context), 'log');
    const lines = Array.from({ length: 9000 }, (_, index) => `строка ${index} ${'ж'.repeat(index % 50)}`);
    await writeFile(path, `${lines.join('\n')}\n`);
    assert.deepEqual(await lastLines(path, 5000), lines.slice(-5000));
  });

  it('are bounded: a huge line is cut, and a log of nothing else is not read to its beginning', async (context) => {
    const path = join(await makeFolder(context), 'log');
    await writeFile(path, `${'x'.repeat(9_000_000)}\nlast\n`);
    const lines = await lastLines(path, 2);
    assert.equal(lines.at(-1), 'last');
    assert.ok(lines.every((line) => line.length < 3000));
  });

  it('are plain: no colours, no control characters, of a line drawn over only the last state', () => {
    assert.equal(readable('\u001b[31mERROR\u001b[0m bad\r'), 'ERROR bad');
    assert.equal(readable('10 %\r50 %\r100 %'), '100 %');
    assert.equal(readable('a\u0000b\u0007c'), 'abc');
    assert.equal(readable('tab\there'), 'tab\there');
  });
});

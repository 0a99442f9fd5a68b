import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { command, splitWords } from '../../src/config/command.ts';

describe('a command as text', () => {
  const plain = [
    'venv/bin/python run.py',
    '  a \t b  ',
    `a 'b c' "d e"`,
    `a b'c d'e"f g"h`,
    `a '' ""`,
    String.raw`a b\ c \"d \\ \'`,
    String.raw`a "b\"c" "d\\e" "f\g" "h\$i"`,
    String.raw`a 'b\c'`,
    `a '|&;<>()$x\`y\`'`,
    `a "|&;<>()"`,
    'a --name=Бот',
  ];
  for (const line of plain) {
    it(`is split as a shell splits it: ${line}`, () => {
      const shell = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
      assert.equal(`${splitWords(line)?.join('\n')}\n`, shell);
    });
  }

  for (const line of [
    '',
    '  ',
    `a 'b`,
    'a "b',
    'a \\',
    'a | b',
    'a && b',
    'a; b',
    'a > b',
    '(a)',
    'a $B',
    'a "$B"',
    'a `b`',
    "'' a",
  ]) {
    it(`is refused when it is none, or needs a shell: ${line}`, () => {
      assert.equal(splitWords(line), undefined);
    });
  }
});

describe('a command as a list', () => {
  it('is taken as it is', () => {
    assert.deepEqual(command.safeParse(['sh', '-c', 'a | b > $C', '']).data, ['sh', '-c', 'a | b > $C', '']);
  });

  it('has to have a program, and text only', () => {
    for (const given of [[], [''], ['a', 5], ['a', null], ['a\0'], [['a']], null, 5, {}]) {
      assert.equal(command.safeParse(given).success, false, JSON.stringify(given));
    }
  });
});

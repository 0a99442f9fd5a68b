import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml } from '../../src/config/yaml.ts';

describe('a text that is not YAML', () => {
  for (const [text, ...told] of [
    ['a: * * *\n', '1:4 config-yaml-alias'],
    ['a: *nobody\nb: [*other]\n', '1:4 config-yaml-alias', '2:5 config-yaml-alias'],
    ['a: @x\nb: `x`\nc: %x\n', '1:4 config-yaml-quote', '2:4 config-yaml-quote', '3:4 config-yaml-quote'],
    ['url: "x" y\n', '1:10 config-yaml-quote'],
    ['a: b: c\n', '1:4 config-yaml-indent'],
    ['a: 1\n---\nb: 2\n', '2:1 config-yaml-documents'],
    ['a: "\\q"\n', '1:5 config-yaml-escape'],
    ['a: "x\n', '2:1 config-yaml-unclosed'],
    ['a: [1\n', '2:1 config-yaml-indent'],
    ['a: !secret x\n', '1:4 config-yaml-tag'],
    ['? [a]\n: 1\n', '1:3 config-yaml-other'],
  ] as const) {
    it(`has its places told: ${JSON.stringify(text)}`, () => {
      const { yaml, errors } = parseYaml('a.yaml', text);
      assert.equal(yaml, null);
      assert.deepEqual(
        errors.map(({ line, column, reason }) => `${line}:${column} ${reason.code}`),
        told,
      );
    });
  }

  it('has no key told: what stands there may be a secret', () => {
    const { errors } = parseYaml('a.yaml', 'password: "hunter2\nhunter2: x\n  hunter2 y: z\n');
    assert.ok(errors.length > 0);
    assert.doesNotMatch(JSON.stringify(errors), /hunter/);
  });
});

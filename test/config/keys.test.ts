import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keysAt, nearest } from '../../src/config/keys.ts';
import { file } from '../../src/config/schema.ts';

describe('the nearest known word', () => {
  const known = ['restart_policy', 'restart_delay', 'cwd', 'port', 'host', 'env'];
  for (const [word, near] of [
    ['restart_polcy', 'restart_policy'],
    ['restart_dealy', 'restart_delay'],
    ['max_restart_delay', 'restart_delay'],
    ['prot', 'port'],
    ['cdw', null],
    ['cw', 'cwd'],
    ['memory', null],
    ['', null],
  ] as const) {
    it(`${word} → ${near}`, () => assert.equal(nearest(word, known), near));
  }

  it('is none of none', () => assert.equal(nearest('a', []), null));
});

describe('the known keys', () => {
  it('are those of the driver and the check that stand there', () => {
    const value = { services: { a: { driver: 'systemd' }, b: { driver: 'tmux', checks: [{ type: 'http' }] }, c: {} } };
    assert.ok(keysAt(file, value, ['services', 'a']).includes('unit'));
    assert.ok(!keysAt(file, value, ['services', 'b']).includes('unit'));
    assert.ok(keysAt(file, value, ['services', 'b', 'checks', 0]).includes('expect_status'));
    assert.ok(keysAt(file, value, ['services', 'c']).includes('unit'));
    assert.deepEqual(keysAt(file, value, ['http']), ['host', 'port']);
    assert.deepEqual(keysAt(file, value, ['services', 'b', 'title', 'deeper']), []);
  });
});

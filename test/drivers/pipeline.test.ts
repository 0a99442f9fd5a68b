import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ownExit } from '../../src/drivers/pipeline.ts';

describe('an exit code of 0', () => {
  for (const [line, hides] of [
    ['bot | tee log', true],
    ['bot 2>&1 | tee log', true],
    ['bot |& tee log', true],
    ['cd /srv && exec bot | tee log', true],
    ['(sleep 1; bot) | tee log', true],
    ['bot', false],
    ['bot || true', false],
    ['bot >| log', false],
    ['bot | tee log; exit 0', false],
    ['exec bot "a|b" \'c|d\' e\\|f', false],
    ['exec bot $(cat args | head -1) `id | wc -l`', false],
    ['case $MODE in a|b) bot;; esac', false],
    ['set -o pipefail; bot | tee log', false],
  ] as const)
    it(`of sh -c '${line}' ${hides ? 'may be another program’s' : 'is its own'}`, () => {
      assert.equal(ownExit(['sh', '-c', line], { code: 0 }).code, hides ? null : 0);
    });

  it('is doubted of a shell line only, and no other code is', () => {
    assert.equal(ownExit(['/usr/bin/env', 'bot', '|'], { code: 0 }).code, 0);
    assert.equal(ownExit(['bash', '-o', 'pipefail', '-c', 'bot | tee log'], { code: 0 }).code, 0);
    assert.equal(ownExit(['sh', '-c', 'bot | tee log'], { code: 3 }).code, 3);
    assert.equal(ownExit(null, { code: 0 }).code, 0);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exitOfStatus, signalName } from '../../src/drivers/signals.ts';

describe('signals', () => {
  it('have the name that people know, where a number has two', () => {
    assert.equal(signalName(6), 'SIGABRT');
    assert.equal(signalName(9), 'SIGKILL');
    assert.equal(signalName(200), null);
  });

  it('are told from exit codes by the rule of the shells', () => {
    assert.deepEqual(exitOfStatus(3), { code: 3, signal: null });
    assert.deepEqual(exitOfStatus(128), { code: 128, signal: null });
    assert.deepEqual(exitOfStatus(134), { code: null, signal: 'SIGABRT' });
    assert.deepEqual(exitOfStatus(255), { code: 255, signal: null });
  });
});

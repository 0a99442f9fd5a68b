import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckResult, foldHealth, type Health, unaskedHealth, worstHealth } from '../../src/core/health.ts';

const answer = (verdict: Health): CheckResult => ({
  verdict,
  reason: verdict === 'healthy' ? null : { code: verdict },
  metrics: [],
});

/** Folds one check's answers in order; the health after each. */
function after(verdicts: readonly Health[], retries = 3): Health[] {
  let record = unaskedHealth(0);
  return verdicts.map((verdict, at) => {
    record = foldHealth(record, ['http'], 'http', answer(verdict), retries, at);
    return record.health;
  });
}

describe('health', () => {
  it('is unknown before anything was asked', () => {
    assert.equal(unaskedHealth(0).health, 'unknown');
    assert.equal(worstHealth([]), 'unknown');
  });

  it('3x-ui#5968: goes down at the third failure in a row and comes back at the second success', () => {
    const seen = after(['healthy', 'unhealthy', 'unhealthy', 'unhealthy', 'healthy', 'healthy']);
    assert.deepEqual(seen, ['healthy', 'healthy', 'healthy', 'unhealthy', 'unhealthy', 'healthy']);
  });

  it('starts counting again after a success in between', () => {
    assert.equal(after(['unhealthy', 'unhealthy', 'healthy', 'unhealthy', 'unhealthy']).at(-1), 'healthy');
  });

  it('is never healthy on an answer that could not be had', () => {
    assert.deepEqual(after(['healthy', 'unknown']), ['healthy', 'unknown']);
    assert.deepEqual(after(['unhealthy', 'unhealthy', 'unhealthy', 'unknown', 'healthy', 'healthy'], 3), [
      'unknown',
      'unknown',
      'unhealthy',
      'unhealthy',
      'unhealthy',
      'healthy',
    ]);
  });

  it('shows slow as degraded', () => {
    assert.deepEqual(after(['healthy', 'degraded', 'healthy']), ['healthy', 'degraded', 'healthy']);
  });

  it('is the worst of its checks, with that one’s reason', () => {
    const ids = ['process', 'http'];
    let record = foldHealth(unaskedHealth(0), ids, 'process', answer('healthy'), 1, 1);
    assert.equal(record.health, 'unknown');
    record = foldHealth(record, ids, 'http', answer('unhealthy'), 1, 2);
    assert.equal(record.health, 'unhealthy');
    assert.equal(record.reason?.code, 'unhealthy');
    assert.equal(record.since, 2);
  });

  it('forgets a check that is not configured any more', () => {
    let record = foldHealth(unaskedHealth(0), ['old', 'http'], 'old', answer('unhealthy'), 1, 1);
    record = foldHealth(record, ['http'], 'http', answer('healthy'), 1, 2);
    assert.equal(record.health, 'healthy');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gapBefore, isDeploy, type LifeMark, startNotice } from '../../src/core/life.ts';

const now = 10_000_000_000;
const mark = (more: Partial<LifeMark>): LifeMark => ({ boot: 'a', aliveAt: now, ended: null, ...more });
const bootedAt = now - 60_000;
const said = (before: LifeMark | null, boot = 'a') => startNotice(gapBefore(before, boot, bootedAt, now))?.args ?? null;

describe('what is told at the start', () => {
  it('is nothing the first time, and nothing after a deploy', () => {
    assert.equal(said(null), null);
    assert.equal(said(mark({ ended: 'stopped', aliveAt: now - 59_000 })), null);
  });

  it('is the length of the gap and its cause', () => {
    assert.deepEqual(said(mark({ aliveAt: now - 360_000 })), { length: 6, unit: 'min', cause: 'killed' });
    assert.deepEqual(said(mark({ aliveAt: now - 3000 })), { length: 3, unit: 's', cause: 'killed' });
    assert.deepEqual(said(mark({ aliveAt: now - 360_000 }), 'b'), { length: 6, unit: 'min', cause: 'rebooted' });
    const stopped = mark({ ended: 'stopped', aliveAt: now - 3 * 3600_000 });
    assert.deepEqual(said(stopped), { length: 3, unit: 'h', cause: 'stopped' });
    assert.deepEqual(said(mark({ ended: 'poller', aliveAt: now - 2000 }))?.cause, 'poller');
  });

  it('names a restart of the host, also when it stopped the manager in order first', () => {
    const cause = (aliveAt: number) => gapBefore(mark({ ended: 'stopped', aliveAt }), 'b', bootedAt, now)?.cause;
    assert.equal(cause(bootedAt - 90_000), 'rebooted');
    // Stopped by somebody yesterday, the host restarted today: that is not why it was away.
    assert.equal(cause(bootedAt - 86_400_000), 'stopped');
    const gap = gapBefore(mark({ ended: 'stopped', aliveAt: bootedAt - 1000 }), 'b', bootedAt, bootedAt + 20_000);
    assert.ok(gap !== null && !isDeploy(gap));
  });

  it('is never a gap below nothing, when the clock was set back', () => {
    assert.deepEqual(said(mark({ aliveAt: now + 5000 })), { length: 0, unit: 's', cause: 'killed' });
  });
});

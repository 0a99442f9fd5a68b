import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RAW_STEP } from '../../src/core/history.ts';
import { createWaiting } from '../../src/store/waiting.ts';

describe('samples in waiting', () => {
  it('are all there, however many came, and are given by slot once', () => {
    const waiting = createWaiting();
    const many = 5000;
    for (let series = 1; series <= many; series += 1)
      waiting.add(series, 7 * RAW_STEP + (series % 2) * RAW_STEP + 3, series / 8);
    assert.equal(waiting.count(), many);
    assert.deepEqual(waiting.of(4001), [{ at: 8 * RAW_STEP + 3, value: 4001 / 8 }]);
    const slots = waiting.take();
    assert.deepEqual([...slots.keys()].sort(), [7, 8]);
    for (const [slot, text] of slots) {
      const values = new Map(Object.entries(JSON.parse(text)));
      assert.equal(values.size, many / 2);
      for (let series = slot === 8 ? 1 : 2; series <= many; series += 2)
        assert.equal(values.get(String(series * RAW_STEP + 3)), series / 8);
    }
    assert.equal(waiting.count(), 0);
    assert.deepEqual([...waiting.take()], []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askedTogether } from '../../src/drivers/burst.ts';
import { createSlots } from '../../src/drivers/turns.ts';
import { deferred } from '../world/deferred.ts';
import { until } from '../world/until.ts';

describe('what many ask in the same moment', () => {
  it('is found out once for each question', () => {
    const asked: string[] = [];
    const find = askedTogether((key) => {
      asked.push(key);
      return key.toUpperCase();
    });
    assert.deepEqual([find('a'), find('b'), find('a')], ['A', 'B', 'A']);
    assert.deepEqual(asked, ['a', 'b']);
  });

  it('is asked again once the moment is over', async () => {
    let truth = 'old';
    const find = askedTogether(() => truth);
    find('a');
    truth = 'new';
    await until(() => find('a') !== 'old', 'the moment to be over');
    assert.equal(find('a'), 'new');
  });

  it('is asked again after an error', () => {
    let broken = true;
    const find = askedTogether(() => {
      if (broken) throw new Error('no');
      return 'yes';
    });
    assert.throws(() => find('a'), /no/);
    broken = false;
    assert.equal(find('a'), 'yes');
  });
});

describe('slots', () => {
  it('are crowded while somebody waits for one, also after a failure', async () => {
    const slots = createSlots(1);
    const first = deferred();
    const failing = slots.take(async () => {
      await first.answer;
      throw new Error('failed');
    });
    const second = slots.take(async () => slots.crowded());
    assert.equal(slots.crowded(), true);
    first.give();
    await assert.rejects(failing, /failed/);
    assert.equal(await second, false);
  });
});

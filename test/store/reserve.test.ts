import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createReserve } from '../../src/store/reserve.ts';

it('room is put aside, given up once, and put aside again a minute later', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-reserve-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  let now = 1_000_000;
  const reserve = createReserve(folder, () => now);
  const bytes = () => statSync(join(folder, 'reserve'), { throwIfNoEntry: false })?.size ?? 0;
  assert.equal(reserve.giveUp(), false);
  reserve.tick();
  assert.equal(bytes(), 1024 * 1024);
  assert.equal(reserve.giveUp(), true);
  assert.equal(reserve.giveUp(), false);
  now += 59_000;
  reserve.tick();
  assert.equal(bytes(), 0);
  now += 1000;
  reserve.tick();
  assert.equal(bytes(), 1024 * 1024);
});

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { backUp } from '../../src/store/backup.ts';
import { openStore } from '../../src/store/database.ts';
import { createSettings } from '../../src/store/settings.ts';

function setUp(test: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-backup-'));
  const store = openStore(folder);
  test.after(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    store,
    settings: createSettings(store),
    path: join(folder, 'orbit.db'),
    file: join(folder, 'copy.db'),
  };
}

const reasonOf = (done: ReturnType<typeof backUp>) => (done.ok ? 'ok' : done.reason.code);

describe('a backup', () => {
  it('holds what was committed, while the manager has the store open and goes on writing', (test) => {
    const { folder, store, settings, path, file } = setUp(test);
    settings.set('before', 'yes');
    store.transaction(() => {
      settings.set('under way', 'yes');
      assert.equal(reasonOf(backUp(path, file)), 'ok');
    });
    settings.set('after', 'yes');
    const restored = mkdtempSync(join(folder, 'restored-'));
    writeFileSync(join(restored, 'orbit.db'), readFileSync(file));
    const again = openStore(restored);
    const kept = createSettings(again);
    assert.deepEqual(
      ['before', 'under way', 'after'].map((key) => kept.get(key)),
      ['yes', null, null],
    );
    kept.set('goes on', 'yes');
    again.close();
  });

  it('can be read by its owner alone, and leaves nothing else behind', (test) => {
    const { folder, path, file } = setUp(test);
    assert.ok(backUp(path, file).ok);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(folder).filter((name) => !name.startsWith('orbit.db')),
      ['copy.db'],
    );
  });

  it('never overwrites', (test) => {
    const { path, file } = setUp(test);
    writeFileSync(file, 'mine');
    assert.equal(reasonOf(backUp(path, file)), 'backup-exists');
    assert.equal(readFileSync(file, 'utf8'), 'mine');
  });

  it('says what is in the way', (test) => {
    const { folder, path, file } = setUp(test);
    assert.equal(reasonOf(backUp(join(folder, 'other.db'), file)), 'backup-nothing');
    assert.equal(reasonOf(backUp(path, join(folder, 'none', 'copy.db'))), 'backup-unwritable');
    writeFileSync(join(folder, 'broken.db'), Buffer.alloc(8192, 7));
    assert.equal(reasonOf(backUp(join(folder, 'broken.db'), file)), 'backup-unwritable');
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('copy')),
      [],
    );
  });
});

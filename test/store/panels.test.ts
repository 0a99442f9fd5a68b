import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { newPanel } from '../../src/core/panel-health.ts';
import { panelRecordSchema } from '../../src/panels/record-schema.ts';
import { openStore } from '../../src/store/database.ts';
import { createPanelLogins, createPanelTable } from '../../src/store/panels.ts';

const folder = mkdtempSync(join(tmpdir(), 'orbit-panels-'));
after(() => rmSync(folder, { recursive: true, force: true }));

it('tokens, refused passwords and records outlive the manager, each on its own', () => {
  const first = openStore(folder);
  const logins = createPanelLogins(first);
  assert.equal(logins.load('a'), null);
  logins.save('a', 'token', 5);
  logins.reject('a', 'mark');
  logins.reject('b', 'other');
  const table = createPanelTable(first, panelRecordSchema);
  table.save('s001', newPanel(7));
  first.close();

  const second = openStore(folder);
  const again = createPanelLogins(second);
  assert.deepEqual(again.load('a'), { token: 'token', expires: 5 });
  assert.equal(again.rejected('a'), 'mark');
  assert.equal(again.load('b'), null);
  again.forget('a');
  again.reject('b', null);
  assert.equal(again.load('a'), null);
  assert.equal(again.rejected('a'), 'mark');
  assert.equal(again.rejected('b'), null);
  const records = createPanelTable(second, panelRecordSchema);
  assert.deepEqual(records.load('s001'), newPanel(7));
  assert.equal(records.load('s002'), null);
  second.connection.prepare('UPDATE panels SET record = ?').run('{"of":"another version"}');
  assert.equal(records.load('s001'), null);
  second.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapterSuite, benchOf, good } from './adapter-suite.ts';

adapterSuite('pasarguard');

const bench = benchOf('pasarguard');
const patience = new AbortController().signal;

test('a key is used instead of a login', async () => {
  const apiKey = 'pg_key_2b1cbd4e-8c41-4f6c-9d3a-0f4c3f7f2a11';
  const { panel, adapter } = await bench({ apiKey }, { apiKey });
  good(await adapter.nodes(patience));
  assert.equal(panel.logins.length, 0);
});

test('nodes tell their users and their load; a silent one tells nothing', async () => {
  const { panel, adapter } = await bench();
  panel.node('FI-1').break('killed', panel.now());
  const [de, fi] = good(await adapter.nodes(patience));
  assert.deepEqual([de?.usersOnline, de?.resources?.cpuPct], [10, 12.5]);
  assert.equal(fi?.resources, null);
});

test('a node that used up its own allowance is limited', async () => {
  const { panel, adapter } = await bench();
  panel.node('DE-1').limit();
  assert.equal(good(await adapter.nodes(patience))[0]?.state, 'limited');
});

test('without its docs it still answers from outside', async () => {
  const { adapter } = await bench();
  const probe = good(await adapter.probe(patience));
  assert.deepEqual([probe.kind, probe.title], [null, null]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapterSuite, bad, benchOf, good } from './adapter-suite.ts';

adapterSuite('marzban');

const bench = benchOf('marzban');
const patience = new AbortController().signal;

test('v0.6 counts its users one kind at a time, seldom, and never lists them', async () => {
  const { panel, adapter } = await bench({ version: '0.6.0', users: 5000 });
  const { users } = good(await adapter.overview(patience));
  assert.deepEqual([users.total, users.active, users.expired, users.online], [5000, 3500, 500, null]);
  panel.advance(30_000);
  good(await adapter.overview(patience));
  const listed = panel.requests.filter(({ url }) => url.startsWith('/api/users'));
  assert.equal(listed.length, 4, 'once in five minutes');
  assert.ok(listed.every(({ url, costMs }) => url.includes('limit=1&') && costMs < 10));
});

test('v0.8 is not asked for users at all to be counted', async () => {
  const { panel, adapter } = await bench({ users: 5000 });
  good(await adapter.overview(patience));
  assert.ok(panel.requests.every(({ url }) => !url.startsWith('/api/users')));
});

test('an admin who is no sudoer sees the numbers; the rest is said to be forbidden', async () => {
  const { panel, adapter } = await bench({ sudo: false });
  good(await adapter.overview(patience));
  assert.deepEqual(bad(await adapter.nodes(patience), panel), ['forbidden', 'panel-not-allowed']);
});

test('a user whose time has not begun keeps waiting when he is switched off and on', async () => {
  const { panel, adapter } = await bench({
    users: [{ username: 'waiting', status: 'on_hold', expire: null, on_hold_expire_duration: 86_400 }],
  });
  good(await adapter.changeUser('waiting', { change: 'disable' }, patience));
  good(await adapter.changeUser('waiting', { change: 'enable' }, patience));
  assert.equal(panel.users[0]?.status, 'on_hold', '"active" would have made him endless');
});

test('what it is can be seen without logging in', async () => {
  const { panel, adapter } = await bench();
  const probe = good(await adapter.probe(patience));
  assert.deepEqual([probe.kind, probe.title, probe.version], ['marzban', 'MarzbanAPI', '0.8.4']);
  assert.equal(panel.logins.length, 0);
});

test('a token without an end is kept for ever', async () => {
  const { panel, adapter } = await bench({ tokenMinutes: 0 });
  good(await adapter.nodes(patience));
  panel.advance(400 * 86_400_000);
  good(await adapter.nodes(patience));
  assert.equal(panel.logins.length, 1);
});

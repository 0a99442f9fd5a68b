import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type PanelOptions, type PanelWorld, startPanel } from '../world/panel/server.ts';

const started: PanelWorld[] = [];
after(() => Promise.all(started.map((panel) => panel.stop())));

async function panelWith(options: PanelOptions = {}) {
  const panel = await startPanel({ nodes: [{ name: 'DE-1' }, { name: 'FI-1' }], ...options });
  started.push(panel);
  let token = '';
  const ask = async (path: string, method = 'GET', body?: unknown) => {
    const response = await fetch(`${panel.baseUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: json(text), location: response.headers.get('location') };
  };
  const login = async (password = panel.password) => {
    const response = await fetch(`${panel.baseUrl}/api/admin/token`, {
      method: 'POST',
      body: new URLSearchParams({ username: 'admin', password }),
    });
    const answer: unknown = await response.json();
    if (typeof answer === 'object' && answer !== null && 'access_token' in answer) token = String(answer.access_token);
    return { status: response.status, answer };
  };
  const status = async (name: string) => {
    const { json: nodes } = await ask('/api/nodes');
    assert.ok(Array.isArray(nodes));
    return nodes.find((node) => node.name === name);
  };
  return { panel, ask, login, status };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test('errors have the bodies and statuses of the real panel', async () => {
  const { panel, ask, login } = await panelWith();
  assert.deepEqual((await ask('/api/system')).json, { detail: 'Not authenticated' });
  assert.deepEqual(await login('wrong'), { status: 401, answer: { detail: 'Incorrect username or password' } });
  await login();
  assert.deepEqual((await ask('//api/system')).json, { detail: 'Not Found' });
  const slash = await ask('/api/system/');
  assert.deepEqual([slash.status, slash.location], [307, `${panel.baseUrl}/api/system`]);
  assert.deepEqual((await ask('/api/node/99')).json, { detail: 'Node not found' });
  assert.deepEqual((await ask('/api/user/nobody')).json, { detail: 'User not found' });
  assert.equal((await ask('/api/nodes', 'DELETE')).status, 405);
  assert.deepEqual((await ask('/api/node/1', 'PUT', { name: 'FI-1' })).json, { detail: 'Node "FI-1" already exists' });
  assert.equal((await ask('/api/node/1', 'PUT', { status: 'odd' })).status, 422);
  assert.deepEqual((await ask('/api/users?sort=foo&limit=1')).json, { detail: '"foo" is not a valid sort option' });
  assert.deepEqual((await ask('/api/admin/token', 'POST', { username: 'a', password: 'b' })).json, {
    detail: { username: 'Field required', password: 'Field required' },
  });
  panel.resetPassword('another');
  assert.deepEqual((await ask('/api/system')).json, { detail: 'Could not validate credentials' });
});

test('each login is posted, a failed one with its password in clear text', async () => {
  const { panel, login } = await panelWith();
  await login('tried');
  await login();
  assert.deepEqual(
    panel.logins.map((each) => [each.ok, each.posted?.includes('tried')]),
    [
      [false, true],
      [true, false],
    ],
  );
});

test('an admin who is no sudoer may see numbers and no nodes', async () => {
  const { ask, login } = await panelWith({ sudo: false });
  await login();
  assert.equal((await ask('/api/system')).status, 200);
  for (const path of ['/api/nodes', '/api/node/1', '/api/nodes/usage'])
    assert.deepEqual((await ask(path)).json, { detail: "You're not allowed" });
});

test('counting costs little, listing everybody does not', async () => {
  const { panel, ask, login } = await panelWith({ users: 5000 });
  await login();
  await ask('/api/users?limit=1&status=active');
  await ask('/api/users?limit=0');
  const [cheap, dear] = panel.requests.slice(-2);
  assert.ok(cheap !== undefined && dear !== undefined);
  assert.ok(cheap.costMs < 10 && dear.costMs > 3000);
});

test('a killed node is an error within 10 s and back within 13 s of its return', async () => {
  const { panel, login, status } = await panelWith();
  await login();
  panel.node('DE-1').break('killed', panel.now());
  panel.advance(10_200);
  assert.equal((await status('DE-1')).message, '[Errno 111] Connection refused');
  panel.node('DE-1').break('none', panel.now());
  panel.advance(13_000);
  assert.equal((await status('DE-1')).status, 'connected');
});

test('a frozen node stays connected for a while, then connecting for ever, whatever is asked', async () => {
  const { panel, ask, login, status } = await panelWith();
  await login();
  panel.node('DE-1').break('frozen', panel.now());
  panel.advance(13_000);
  assert.equal((await status('DE-1')).status, 'connected');
  panel.advance(10_500);
  assert.equal((await status('DE-1')).status, 'connecting');
  assert.equal((await ask('/api/node/1/reconnect', 'POST')).status, 200);
  assert.equal((await ask('/api/node/1', 'PUT', {})).status, 200);
  panel.advance(600_000);
  assert.deepEqual([(await status('DE-1')).status, (await status('DE-1')).message], ['connecting', null]);
  panel.node('DE-1').break('none', panel.now());
  panel.advance(600);
  assert.equal((await status('DE-1')).message, 'connection closed by peer');
});

test('xray killed on a node is never seen; xray that cannot start flaps', async () => {
  const { panel, login, status } = await panelWith();
  await login();
  const before = panel.node('DE-1').coreStarts;
  panel.node('DE-1').killXray();
  for (let i = 0; i < 12; i += 1) {
    panel.advance(1000);
    assert.equal((await status('DE-1')).status, 'connected');
  }
  assert.equal(panel.node('DE-1').coreStarts, before + 1);
  panel.node('FI-1').break('xray-broken', panel.now());
  const seen = new Set<string>();
  for (let i = 0; i < 60; i += 1) {
    panel.advance(1000);
    seen.add((await status('FI-1')).status);
  }
  assert.deepEqual([...seen].sort(), ['connected', 'connecting', 'error']);
});

test('reconnecting a healthy node drops its users', async () => {
  const { panel, ask, login, status } = await panelWith();
  await login();
  const pid = panel.node('DE-1').xrayPid;
  assert.deepEqual((await ask('/api/node/1/reconnect', 'POST')).json, { detail: 'Reconnection task scheduled' });
  assert.equal((await status('DE-1')).status, 'connecting');
  panel.advance(3200);
  assert.equal((await status('DE-1')).status, 'connected');
  assert.notEqual(panel.node('DE-1').xrayPid, pid);
  assert.equal(panel.node('DE-1').dropped, 10);
});

test('a panel that ends stops its nodes, and brings them back after its start', async () => {
  const { panel, login, status } = await panelWith();
  await login();
  await panel.goOffline();
  await assert.rejects(fetch(panel.baseUrl));
  panel.advance(20_000);
  await panel.goOnline();
  assert.equal((await status('DE-1')).status, 'connecting');
  panel.advance(3200);
  assert.equal((await status('DE-1')).status, 'connected');
});

test('traffic is recorded each 30 s, until the recorder sticks', async () => {
  const { panel, ask, login } = await panelWith();
  await login();
  panel.advance(60_000);
  const total = async () => {
    const { json: system } = await ask('/api/system');
    return typeof system === 'object' && system !== null && 'incoming_bandwidth' in system
      ? system.incoming_bandwidth
      : null;
  };
  assert.equal(await total(), 2 * 1000 * 60);
  panel.engine.recorderStuck = true;
  panel.advance(60_000);
  assert.equal(await total(), 2 * 1000 * 60);
});

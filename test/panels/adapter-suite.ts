import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { after, test } from 'node:test';
import type { Answer } from '../../src/core/panel.ts';
import type { PanelKind } from '../../src/core/panel-view.ts';
import { panelAddress } from '../../src/panels/address.ts';
import type { PanelAdapter, PanelSource } from '../../src/panels/panel.ts';
import { createAdapter } from '../../src/panels/registry.ts';
import { createMemoryTokens, type TokenStore } from '../../src/panels/token-store.ts';
import { createTransport } from '../../src/panels/transport.ts';
import { type PanelOptions, type PanelWorld, startPanel } from '../world/panel/server.ts';
import { sourceOf } from './source.ts';

const patience = new AbortController().signal;
setMaxListeners(0, patience);

/** The value of an answer that has to be good. */
export function good<T>(answer: Answer<T>): T {
  assert.ok(answer.ok, answer.ok ? '' : `${answer.error.kind}: ${answer.error.reason.code}`);
  return answer.value;
}

/** The kind and code of an answer that has to be bad; nothing secret is in it. */
export function bad<T>(answer: Answer<T>, panel: PanelWorld): readonly [string, string] {
  assert.ok(!answer.ok);
  const text = JSON.stringify(answer);
  assert.ok(!text.includes(panel.password) && !text.includes('eyJ'), text);
  return [answer.error.kind, answer.error.reason.code];
}

export interface Bench {
  readonly panel: PanelWorld;
  readonly adapter: PanelAdapter;
  readonly tokens: TokenStore;
  /** As after a restart of the manager. */
  again(more?: Partial<PanelSource>): PanelAdapter;
}

/** A simulated panel and an adapter in front of it, both living by the panel's clock. */
export function benchOf(kind: PanelKind) {
  const open: { readonly stop: () => Promise<void> }[] = [];
  const adapters: PanelAdapter[] = [];
  after(async () => {
    for (const adapter of adapters) adapter.close();
    await Promise.all(open.map((panel) => panel.stop()));
  });
  return async (options: PanelOptions = {}, more: Partial<PanelSource> = {}): Promise<Bench> => {
    const panel = await startPanel({ kind, nodes: [{ name: 'DE-1' }, { name: 'FI-1', coefficient: 1.5 }], ...options });
    open.push(panel);
    const tokens = createMemoryTokens();
    const again = (changed: Partial<PanelSource> = {}) => {
      const source = sourceOf(panel, { kind, ...more, ...changed });
      const adapter = createAdapter({ source, tokens, clock: panel.now });
      adapters.push(adapter);
      return adapter;
    };
    return { panel, tokens, again, adapter: again() };
  };
}

/** What any adapter has to hold to. A new kind of panel is put through this first. */
export function adapterSuite(kind: PanelKind): void {
  const bench = benchOf(kind);
  const named = (what: string, run: () => Promise<void>) => test(`${kind}: ${what}`, run);

  named('tells its numbers, and null for what it does not say', async () => {
    const { panel, adapter } = await bench({ users: 100, online: 30 });
    panel.advance(60_000);
    const { users, traffic, host, version } = good(await adapter.overview(patience));
    assert.deepEqual(
      [users.total, users.active, users.expired, users.limited, users.disabled, users.onHold],
      [100, 70, 10, 10, 10, 0],
    );
    assert.equal(users.online, 30);
    assert.deepEqual(traffic, { upBytes: 120_000, downBytes: 1_080_000 });
    assert.deepEqual([host.cores, host.memUsed], [2, 618_795_008]);
    assert.equal(version, kind === 'marzban' ? '0.8.4' : '5.2.1');
    assert.equal(host.diskTotal === null, kind === 'marzban');
    const core = good(await adapter.core(patience));
    assert.equal(core.running, adapter.caps.coreStatus ? true : null);
  });

  named("tells every node in words of ours, and keeps the panel's own", async () => {
    const { panel, adapter } = await bench();
    panel.node('DE-1').break('xray-broken', panel.now());
    panel.node('FI-1').disable();
    panel.advance(14_000);
    const [broken, off] = good(await adapter.nodes(patience));
    assert.ok(broken !== undefined && off !== undefined);
    assert.deepEqual([broken.id, broken.state, broken.failure], ['1', 'down', 'xray-start-failed']);
    assert.match(broken.message ?? '', /^Failed to start: app\/proxyman.*address already in use$/);
    assert.deepEqual([off.state, off.rawStatus, off.coefficient, off.message], ['disabled', 'disabled', 1.5, null]);
  });

  named('keeps a status it has never heard of', async () => {
    const { panel, adapter } = await bench();
    const node = { id: 7, name: 'X', address: 'x', port: 1, status: 'hibernating', message: null };
    const body = JSON.stringify(kind === 'marzban' ? [node] : { nodes: [node], total: 1 });
    panel.inject({ status: 200, body }, { path: '/api/nodes' });
    const [odd] = good(await adapter.nodes(patience));
    assert.deepEqual([odd?.state, odd?.rawStatus, odd?.coefficient], ['unknown', 'hibernating', 1]);
  });

  named('tells the traffic of each node since a time', async () => {
    const { panel, adapter } = await bench();
    panel.advance(3_600_000);
    const since = panel.now();
    panel.advance(3_600_000);
    const all = good(await adapter.nodeTraffic(0, patience)).filter((each) => each.nodeId !== null);
    assert.deepEqual(all[0], { nodeId: '1', up: 7_200_000, down: 64_800_000 });
    const late = good(await adapter.nodeTraffic(since, patience)).find((each) => each.nodeId === '1');
    assert.ok(late !== undefined && late.up < 7_200_000 && late.up >= 3_600_000);
  });

  named('takes orders, which is not to have carried them out', async () => {
    const { panel, adapter } = await bench();
    const stateOf = async () => good(await adapter.nodes(patience)).find((each) => each.id === '1')?.state;
    assert.equal(good(await adapter.act({ action: 'disable-node', node: '1' }, patience)), 'accepted');
    assert.equal(await stateOf(), 'disabled');
    good(await adapter.act({ action: 'enable-node', node: '1' }, patience));
    assert.equal(await stateOf(), 'connecting');
    panel.advance(4000);
    assert.equal(await stateOf(), 'up');
    good(await adapter.act({ action: 'reconnect-node', node: '1' }, patience));
    assert.equal(await stateOf(), 'connecting');
    panel.advance(4000);
    const before = panel.node('FI-1').xrayPid;
    good(await adapter.act({ action: 'restart-core' }, patience));
    panel.advance(4000);
    assert.notEqual(panel.node('FI-1').xrayPid, before);
    assert.deepEqual(bad(await adapter.act({ action: 'reconnect-node', node: '99' }, patience), panel), [
      'not_found',
      'panel-not-found',
    ]);
  });

  named('finds users without showing a key of theirs', async () => {
    const { panel, adapter } = await bench({ users: 300 });
    const user = good(await adapter.user('orbit_100000007', patience));
    assert.deepEqual(
      [user.rawStatus, user.usedBytes, user.limitBytes, user.expiresAt],
      ['expired', 50_000, 322_122_547_200, (Math.floor(panel.now() / 1000) + 30 * 86_400) * 1000],
    );
    const found = good(await adapter.searchUsers('10000020', 500, patience));
    assert.equal(found.length, 10);
    assert.doesNotMatch(JSON.stringify([user, found]), /vless|35e4e39c|sub\//);
    assert.ok(panel.requests.every(({ url }) => !url.startsWith('/api/users') || /limit=20/.test(url)));
    assert.equal(bad(await adapter.user('nobody', patience), panel)[0], 'not_found');
  });

  named('changes a user and leaves his next plan alone', async () => {
    const plan =
      kind === 'marzban'
        ? { data_limit: 1, expire: 5, add_remaining_traffic: true, fire_on_either: false }
        : { data_limit: 1 };
    const { panel, adapter } = await bench({ users: [{ username: 'orbit_1', next_plan: plan }] });
    const [user] = panel.users;
    const before = user?.expire ?? 0;
    good(await adapter.changeUser('orbit_1', { change: 'extend', days: 3 }, patience));
    assert.equal(user?.expire, before + 3 * 86_400);
    good(await adapter.changeUser('orbit_1', { change: 'disable' }, patience));
    const reset = good(await adapter.changeUser('orbit_1', { change: 'reset-traffic' }, patience));
    assert.deepEqual([reset.usedBytes, reset.rawStatus], [0, 'disabled'], 'a reset switches nobody on');
    good(await adapter.changeUser('orbit_1', { change: 'enable' }, patience));
    assert.equal(user?.status, 'active');
    assert.deepEqual(user?.next_plan, plan);
  });

  named('extends an expired user from today, and not one who has no end', async () => {
    const { panel, adapter } = await bench({
      users: [
        { username: 'late', status: 'expired', expire: 1_700_000_000 },
        { username: 'endless', expire: null },
        { username: 'waiting', status: 'on_hold', expire: null, on_hold_expire_duration: 86_400 },
      ],
    });
    const late = good(await adapter.changeUser('late', { change: 'extend', days: 1 }, patience));
    assert.equal(late.rawStatus, 'active');
    assert.ok(Math.abs((late.expiresAt ?? 0) - panel.now() - 86_400_000) < 2000);
    assert.deepEqual(bad(await adapter.changeUser('endless', { change: 'extend', days: 1 }, patience), panel), [
      'refused',
      'panel-user-endless',
    ]);
    good(await adapter.changeUser('waiting', { change: 'extend', days: 2 }, patience));
    assert.equal(panel.users[2]?.on_hold_expire_duration, 3 * 86_400);
  });

  named('gives each failure its own name, and never a secret', async () => {
    const { panel, adapter } = await bench();
    good(await adapter.nodes(patience));
    const after = async (fault: Parameters<typeof panel.inject>[0]) => {
      panel.inject(fault, { path: '/api/nodes' });
      return bad(await adapter.nodes(patience), panel);
    };
    assert.deepEqual(await after('html-502'), ['server_error', 'panel-server-error']);
    assert.deepEqual(await after({ status: 500, body: 'Internal Server Error' }), [
      'server_error',
      'panel-server-error',
    ]);
    assert.deepEqual(await after({ status: 429, body: '' }), ['rate_limited', 'panel-rate-limited']);
    assert.deepEqual(await after({ status: 403, body: '<html>' }), ['bad_response', 'panel-proxy-forbids']);
    assert.deepEqual(await after({ status: 200, body: '<html>' }), ['bad_response', 'panel-not-json']);
    assert.deepEqual(await after({ status: 200, body: '{"nodes":[{"id":1}]}' }), ['bad_response', 'panel-odd-answer']);
    assert.deepEqual(await after({ status: 422, body: '{"detail":{"status":"Field required"}}' }), [
      'refused',
      'panel-says-no',
    ]);
    assert.deepEqual(await after({ status: 404, body: '{"detail":"Not Found"}' }), ['not_found', 'panel-path-unknown']);
    panel.inject('reset', { path: '/api/nodes', times: 2 });
    assert.deepEqual(bad(await adapter.nodes(patience), panel), ['unreachable', 'panel-cut-off']);
    panel.clearRequests();
    await panel.goOffline('network');
    assert.deepEqual(bad(await adapter.nodes(patience), panel), ['unreachable', 'panel-refused']);
    await panel.goOnline();
    good(await adapter.nodes(patience));
  });

  named('ends a call that is given up', async () => {
    const { panel, adapter } = await bench();
    good(await adapter.nodes(patience));
    panel.inject('hang', { path: '/api/nodes' });
    const given = new AbortController();
    const asked = adapter.nodes(given.signal);
    while (panel.requests.at(-1)?.status !== null) await new Promise(setImmediate);
    given.abort();
    assert.equal(bad(await asked, panel)[0], 'cancelled');
    good(await adapter.nodes(patience));
  });

  named('logs in once however many ask, and asks one thing at a time', async () => {
    const { panel, adapter, again } = await bench();
    await Promise.all([adapter.nodes(patience), adapter.overview(patience), adapter.nodeTraffic(0, patience)]);
    assert.equal(panel.logins.length, 1);
    assert.equal(panel.mostAtOnce, 1);
    good(await again().nodes(patience));
    assert.equal(panel.logins.length, 1, 'a restarted manager does not log in again');
    const [one, other] = [again(), again()];
    panel.advance(25 * 3_600_000);
    good(await one.nodes(patience));
    good(await other.nodes(patience));
    assert.equal(panel.logins.length, 2, 'nor does a second one that shares its tokens');
  });

  named('refuses more than a few waiting requests', async () => {
    const { panel, adapter } = await bench();
    const asked = Array.from({ length: 30 }, () => adapter.nodes(patience));
    const kinds = (await Promise.all(asked)).map((each) => (each.ok ? 'ok' : each.error.kind));
    assert.ok(kinds.includes('busy') && kinds.includes('ok'), String(kinds));
    assert.equal(panel.mostAtOnce, 1);
  });

  named('renews its token at nine tenths of its life, and only then', async () => {
    const { panel, adapter } = await bench();
    good(await adapter.nodes(patience));
    panel.advance(21 * 3_600_000);
    good(await adapter.nodes(patience));
    assert.equal(panel.logins.length, 1);
    panel.advance(40 * 60_000);
    good(await adapter.nodes(patience));
    assert.equal(panel.logins.length, 2);
  });

  named('keeps the token it has when it cannot renew it', async () => {
    const { panel, adapter } = await bench();
    good(await adapter.nodes(patience));
    panel.advance(22 * 3_600_000);
    panel.inject({ status: 500, body: '' }, { path: '/api/admin/token', times: 99 });
    good(await adapter.nodes(patience));
    good(await adapter.nodes(patience));
    assert.equal(
      panel.requests.filter(({ url }) => url === '/api/admin/token').length,
      2,
      'and waits before it tries again',
    );
  });

  named('sends a refused password once: not in the next poll, not after a restart', async () => {
    const { panel, adapter, again } = await bench({}, { password: 'not the one' });
    for (let poll = 0; poll < 5; poll += 1) {
      assert.deepEqual(bad(await adapter.nodes(patience), panel), ['auth_rejected', 'panel-password-rejected']);
      panel.advance(3_600_000);
    }
    assert.equal(bad(await again().nodes(patience), panel)[0], 'auth_rejected');
    assert.equal(panel.logins.length, 1);
    good(await again({ password: panel.password }).nodes(patience));
    assert.equal(panel.logins.length, 2);
  });

  named(
    'logs in anew once when the token dies early, and not for each poll of a panel that refuses its own',
    async () => {
      const { panel, adapter } = await bench();
      good(await adapter.nodes(patience));
      panel.advance(3_600_000);
      panel.resetPassword(panel.password);
      panel.advance(2000);
      good(await adapter.nodes(patience));
      assert.equal(panel.logins.length, 2);
      panel.inject(
        { status: 401, body: '{"detail":"Could not validate credentials"}' },
        { path: '/api/nodes', times: 999 },
      );
      for (let poll = 0; poll < 240; poll += 1) {
        assert.equal(bad(await adapter.nodes(patience), panel)[0], 'unauthorized');
        panel.advance(15_000);
      }
      assert.ok(panel.logins.length <= 6, `${panel.logins.length} logins in an hour`);
    },
  );

  named('waits before the next login when the answer to one was lost', async () => {
    for (const fault of ['reset', { status: 502, body: '' }] as const) {
      const { panel, adapter } = await bench();
      panel.inject(fault, { path: '/api/admin/token', times: 999 });
      for (let poll = 0; poll < 240; poll += 1) {
        assert.match(bad(await adapter.nodes(patience), panel)[0], /server_error|unreachable/);
        panel.advance(15_000);
      }
      const tried = panel.requests.filter(({ url }) => url === '/api/admin/token').length;
      assert.ok(tried <= 8, `${tried} logins in an hour`);
    }
  });

  named('finds its way from an address with slashes', async () => {
    const { panel, again } = await bench();
    for (const copied of ['/', '//', '/dashboard/', '/dashboard/login', '/api', '/?x=1#/login']) {
      const address = panelAddress(`${panel.baseUrl}${copied}`);
      assert.ok(address.ok && address.baseUrl === panel.baseUrl, copied);
      good(await again({ baseUrl: address.baseUrl }).nodes(patience));
    }
    for (const wrong of ['', 'host', 'panel.example.org:8000', 'ftp://x']) assert.ok(!panelAddress(wrong).ok, wrong);
    const secret = panelAddress('https://u:p@panel.example.org/base/');
    assert.ok(secret.ok && secret.baseUrl === 'https://panel.example.org/base');
  });

  named('trusts a certificate that nobody vouches for only where it is told to', async () => {
    const { panel, adapter, again } = await bench({ tls: { days: 30 } });
    assert.deepEqual(bad(await adapter.nodes(patience), panel), ['tls', 'panel-tls-self-signed']);
    assert.equal(panel.requests.length, 0, 'nothing was sent');
    good(await again({ insecureTls: true }).nodes(patience));
  });

  named('does not carry its token to another place', async () => {
    const elsewhere = await bench();
    const { panel, adapter } = await bench({ calledAs: elsewhere.panel.baseUrl });
    good(await adapter.nodes(patience));
    // A trailing slash makes the panel redirect to what it believes its address to be.
    const transport = createTransport(panel.baseUrl, false);
    const reply = await transport.send({ method: 'GET', path: '/api/nodes/', deadline: 5000 }, patience);
    transport.close();
    assert.ok(!reply.ok && reply.failure.reason.code === 'panel-redirects');
    assert.equal(elsewhere.panel.requests.length, 0);
    const honest = await bench();
    const own = createTransport(honest.panel.baseUrl, false);
    const followed = await own.send({ method: 'GET', path: '/api/nodes/', deadline: 5000 }, patience);
    own.close();
    assert.ok(followed.ok && followed.status === 401);
  });
}

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PanelRecord } from '../../src/core/panel-health.ts';
import { reason } from '../../src/core/reason.ts';
import { createCalendar } from '../../src/panels/calendar.ts';
import { createPanelFleet } from '../../src/panels/fleet.ts';
import { panelSamples } from '../../src/panels/metrics.ts';
import type { PanelSource } from '../../src/panels/panel.ts';
import { createMemoryTokens } from '../../src/panels/token-store.ts';
import { type PanelOptions, type PanelWorld, startPanel } from '../world/panel/server.ts';
import { sourceOf } from './source.ts';

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing.splice(0)) await close();
});

const begun = Date.UTC(2026, 10, 23, 7, 0, 5);

async function fleetOf(count: number, options: PanelOptions = {}) {
  let now = begun;
  const clock = () => now;
  const panels: PanelWorld[] = [];
  for (let index = 0; index < count; index += 1) {
    const nodes = [{ name: `A-${index}` }, { name: `B-${index}` }];
    panels.push(await startPanel({ nodes, clock, ...options }));
  }
  const sources: PanelSource[] = panels.map((panel, index) =>
    sourceOf(panel, { id: `s00${index}`, name: `P${index}` }),
  );
  const told: string[] = [];
  const removed: string[] = [];
  const errors: unknown[] = [];
  const records = new Map<string, PanelRecord>();
  const fleet = createPanelFleet({
    sources: { load: async () => ({ panels: [...sources], databaseProblem: null }) },
    tokens: createMemoryTokens(),
    records: { load: (id) => records.get(id) ?? null, save: (id, record) => void records.set(id, record) },
    calendar: createCalendar('Europe/Moscow'),
    clock,
    random: () => 0.5,
    sleep: async (ms) => {
      now += ms;
    },
    reach: async () => true,
    onTransition: (panel, { name, change }) => void told.push(`${panel.id} ${name} ${change}`),
    onRemoved: (id) => void removed.push(id),
    onError: (error) => void errors.push(error),
  });
  closing.push(async () => {
    await fleet.stop();
    await Promise.all(panels.map((panel) => panel.stop()));
    assert.deepEqual(errors, []);
  });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      now += 1000;
      for (const panel of panels) panel.engine.run(now);
      fleet.tick(now);
      await fleet.idle();
    }
  };
  return { fleet, panels, sources, told, removed, records, pass };
}

test('each panel has its own state: one that fails hides no other', async () => {
  const { fleet, panels, told, pass } = await fleetOf(3);
  await pass(60);
  await panels[1]?.goOffline();
  panels[2]?.node('A-2').break('killed', begun + 60_000);
  await pass(60);
  assert.deepEqual(told.sort(), ['s001 panel-unreachable opened', 's002 node-down opened']);
  assert.deepEqual(
    fleet.states().map((state) => [state.id, state.health]),
    [
      ['s001', 'unhealthy'],
      ['s002', 'degraded'],
      ['s000', 'healthy'],
    ],
  );
});

test('a change of the table is taken up within a minute, the rest is left alone', async () => {
  const { fleet, panels, sources, removed, pass } = await fleetOf(3);
  await pass(30);
  const logins = () => panels.map((panel) => panel.logins.length);
  assert.deepEqual(logins(), [1, 1, 1]);
  const [first, second, third] = sources;
  assert.ok(first && second && third);
  sources.splice(0, 3, first, { ...second, active: false });
  await pass(61);
  assert.deepEqual(removed.sort(), ['s001', 's002']);
  assert.deepEqual(
    fleet.states().map((state) => [state.id, state.active, state.health]),
    [
      ['s000', true, 'healthy'],
      ['s001', false, 'unknown'],
    ],
  );
  panels[1]?.clearRequests();
  sources.splice(0, 2, first, second);
  await pass(61);
  assert.equal(fleet.state('s001')?.health, 'healthy');
  assert.deepEqual(logins(), [1, 1, 1], 'its token was kept');
  const probes = panels[0]?.requests.filter(({ url }) => url === '/openapi.json');
  assert.equal(probes?.length, 1, 'what did not change went on as it was');
});

test('a panel that cannot be asked is shown with its reason', async () => {
  const { fleet, sources, pass } = await fleetOf(1);
  const [first] = sources;
  assert.ok(first);
  sources.push({ ...first, id: 'broken', baseUrl: '', problem: reason('panel-address') });
  await pass(20);
  assert.equal(fleet.state('broken')?.problem?.code, 'panel-address');
  assert.equal(fleet.states()[0]?.id, 'broken', 'worst first');
  assert.equal(fleet.actions('broken'), null);
  assert.equal(fleet.state('s000')?.health, 'healthy');
});

test('a refused password is not tried again until another one is configured', async () => {
  const { fleet, panels, sources, told, pass } = await fleetOf(1);
  const [first] = sources;
  const [panel] = panels;
  assert.ok(first && panel);
  sources[0] = { ...first, password: 'wrong' };
  await pass(600);
  assert.equal(panel.logins.length, 1);
  sources[0] = { ...first, name: 'renamed', password: 'wrong' };
  await pass(120);
  assert.equal(panel.logins.length, 1, 'another name is not another password');
  sources[0] = first;
  await pass(120);
  assert.equal(panel.logins.length, 2);
  assert.deepEqual(told, ['s000 login-refused opened', 's000 login-accepted closed']);
  assert.equal(fleet.state('s000')?.health, 'healthy');
});

test('tells when the shop bot would choose a node that is down', async () => {
  const { fleet, panels, told, pass } = await fleetOf(2);
  await pass(60);
  panels[0]?.node('A-0').break('killed', begun + 60_000);
  // The other nodes carry on, so that the dead one soon has the least traffic.
  await pass(1500);
  assert.ok(told.includes('s000 pick-down opened'), String(told));
  const { botPick, pick, rows } = fleet.balance();
  assert.deepEqual([botPick?.name, botPick?.up, pick?.up, rows.length], ['A-0', false, true, 4]);
  panels[0]?.node('A-0').break('none', begun);
  await pass(120);
  assert.ok(told.includes('s000 pick-fine closed'));
});

test('one check asks everything of one panel at once', async () => {
  const { fleet, panels, pass } = await fleetOf(2);
  await pass(1);
  panels[1]?.clearRequests();
  const state = await fleet.check('s001');
  assert.equal(state?.health, 'healthy');
  const asked = new Set(panels[1]?.requests.map(({ url }) => url.split('?')[0]));
  for (const path of ['/openapi.json', '/api/nodes', '/api/core', '/api/system', '/api/nodes/usage'])
    assert.ok(asked.has(path), path);
  assert.equal(await fleet.check('nobody'), null);
});

test('what is shown and stored holds no secret; what a panel does not say is no number', async () => {
  const { fleet, panels, records, pass } = await fleetOf(1, { version: '0.6.0', users: 100 });
  await pass(90);
  const [state] = fleet.states();
  assert.ok(state !== undefined && panels[0] !== undefined);
  const shown = JSON.stringify([state, [...records.values()], fleet.balance()]);
  assert.ok(!shown.includes(panels[0].password) && !shown.includes('eyJ'));
  const samples = panelSamples(state);
  const own = new Map(samples[0]?.metrics.map((metric) => [metric.name, metric.value]));
  assert.deepEqual([own.get('users_total'), own.get('users_expired'), own.has('users_online')], [100, 10, false]);
  assert.deepEqual([own.get('up'), own.get('nodes_up')], [1, 2]);
  assert.equal(samples.length, 3);
});

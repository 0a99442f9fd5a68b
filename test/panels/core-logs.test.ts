import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from './watch.ts';

/** Real connections in simulated time: looks again and again, a little of it later each time. */
async function until(world: Awaited<ReturnType<typeof watch>>, what: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!what()) {
    assert.ok(performance.now() < deadline, 'waited too long');
    await world.pass(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function followed(coreLogs: 'off' | 'panel' | 'nodes', more: Parameters<typeof watch>[0] = {}) {
  const world = await watch({ ...more, source: { coreLogs, ...more.source } });
  await world.pass(90);
  return world;
}

test('xray that is restarted on a node without a word is seen in its log; three times in an hour is a trouble', async () => {
  const world = await followed('nodes');
  await until(world, () => world.poller.state().coreLog?.followed === 5);
  const restarts = () => world.poller.state().nodes.find(({ name }) => name === 'DE-1')?.restartsLastHour;
  assert.equal(restarts(), 0, 'what is repeated from before is old');
  for (let count = 1; count <= 3; count += 1) {
    world.panel.node('DE-1').killXray();
    await until(world, () => restarts() === count);
    assert.equal(world.poller.state().nodes[0]?.state, 'up', 'its status never says so');
  }
  assert.deepEqual(
    world.news().filter((each) => !each.endsWith('noted')),
    ['core-restarts opened'],
  );
  const [condition] = world.poller.state().conditions;
  assert.deepEqual([condition?.reason.code, condition?.reason.args?.node], ['panel-node-restarts', 'DE-1']);
  await world.pass(3700);
  assert.deepEqual(world.news(), ['core-calm closed']);
});

test("the panel's own xray: one stream, whose token stands in no address", async () => {
  const world = await followed('panel');
  await until(world, () => world.poller.state().coreLog?.followed === 1);
  const asked = world.panel.requests.filter(({ method }) => method === 'WS');
  assert.deepEqual(
    asked.map(({ url, status }) => [url, status]),
    [['/api/core/logs?interval=1', 101]],
  );
  assert.equal(world.panel.logins.length, 1, 'it logs in with the others');
  // So quick that no poll sees it.
  world.panel.engine.log.started();
  await until(world, () => world.poller.state().core.restartsLastHour === 1);
});

test('what somebody ordered is no surprise', async () => {
  const world = await followed('nodes');
  await until(world, () => world.poller.state().coreLog?.followed === 5);
  assert.ok((await world.actions.act({ action: 'restart-core' })).ok);
  await world.pass(100);
  const { core, nodes } = world.poller.state();
  assert.deepEqual([core.restartsLastHour, ...nodes.map((node) => node.restartsLastHour)], [0, 0, 0, 0, 0]);
});

test('a stream that ends is opened again, and what it repeats is not counted twice', async () => {
  const world = await followed('panel');
  await until(world, () => world.poller.state().coreLog?.followed === 1);
  // So quick that no poll sees it.
  world.panel.engine.log.started();
  await until(world, () => world.poller.state().core.restartsLastHour === 1);
  await world.panel.goOffline('network');
  await until(world, () => world.panel.listeners === 0);
  await world.panel.goOnline();
  await until(world, () => world.poller.state().coreLog?.followed === 1);
  await world.pass(10);
  assert.equal(world.poller.state().core.restartsLastHour, 1);
});

test('off unless it is configured; where the account may not read it, that is said and nothing else suffers', async () => {
  const off = await followed('off');
  assert.ok(!off.panel.requests.some(({ method }) => method === 'WS'));
  const barred = await followed('panel', { panel: { sudo: false } });
  const asked = () => barred.panel.requests.filter(({ method }) => method === 'WS').length;
  await until(barred, () => asked() >= 1);
  await barred.pass(600);
  assert.ok(asked() <= 9, `seldom: ${asked()}`);
  assert.equal(barred.poller.state().coreLog?.why?.code, 'panel-not-allowed');
  assert.equal(barred.poller.state().users?.total, 20);
});

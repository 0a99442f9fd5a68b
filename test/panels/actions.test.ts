import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PanelHost } from '../../src/core/panel-control.ts';
import { reason } from '../../src/core/reason.ts';
import type { Actor } from '../../src/core/snapshot.ts';
import type { PanelWorld } from '../world/panel/server.ts';
import { watch } from './watch.ts';

async function settled(options: Parameters<typeof watch>[0] = {}) {
  const world = await watch(options);
  await world.pass(60);
  return world;
}

test('a reconnect of a healthy node says whom it drops, and is done when the node is back', async () => {
  const { actions, panel } = await settled();
  const order = { action: 'reconnect-node', node: '1' } as const;
  assert.equal(actions.consequence(order).code, 'panel-ask-reconnect-node-all');
  let accepted = false;
  const result = await actions.act(order, () => {
    accepted = true;
  });
  assert.ok(result.ok && accepted);
  assert.deepEqual(result.note, { code: 'panel-done-connected', args: { node: 'DE-1' } });
  assert.ok(result.took >= 6000, 'not before it can have happened');
  assert.equal(panel.node('DE-1').dropped, 10);
});

test('a reconnect that the panel accepts and ignores is not called done', async () => {
  const { actions, panel, pass } = await settled();
  panel.node('DE-1').break('frozen', panel.now());
  await pass(40);
  const result = await actions.act({ action: 'reconnect-node', node: '1' });
  assert.ok(!result.ok);
  assert.deepEqual(result.reason, { code: 'panel-not-done-connecting', args: { node: 'DE-1' } });
});

test('a reconnect of a dead node ends with why it is dead', async () => {
  const { actions, panel, pass } = await settled();
  panel.node('DE-1').break('killed', panel.now());
  await pass(40);
  assert.equal(actions.consequence({ action: 'reconnect-node', node: '1' }).code, 'panel-ask-reconnect-node-idle');
  const result = await actions.act({ action: 'reconnect-node', node: '1' });
  assert.ok(!result.ok);
  assert.deepEqual(result.reason, { code: 'panel-node-error', args: { node: 'DE-1', failure: 'refused' } });
});

test('a node is switched off and on', async () => {
  const { actions, poller, news } = await settled();
  assert.ok((await actions.act({ action: 'disable-node', node: '1' })).ok);
  assert.equal(poller.state().nodeCounts.disabled, 1);
  assert.ok((await actions.act({ action: 'enable-node', node: '1' })).ok);
  assert.equal(poller.state().nodeCounts.up, 4);
  assert.deepEqual(news(), []);
});

test('a restart of the core says that everybody drops, and is done when core and nodes run', async () => {
  const { actions, panel } = await settled({ panel: { users: 900, online: 412 } });
  assert.deepEqual(actions.consequence({ action: 'restart-core' }), { code: 'panel-ask-core', args: { users: 412 } });
  const result = await actions.act({ action: 'restart-core' });
  assert.ok(result.ok);
  assert.ok(panel.engine.nodes.every((node) => node.dropped > 0));
});

test('something else of the panel that always fails is no reason to doubt what was done', async () => {
  const { actions, panel } = await settled();
  panel.inject({ status: 500, body: 'Internal Server Error' }, { path: '/api/core', times: 999 });
  assert.ok((await actions.act({ action: 'disable-node', node: '1' })).ok);
  panel.inject('html-502', { path: '/api/nodes', times: 999 });
  const unseen = await actions.act({ action: 'enable-node', node: '1' });
  assert.ok(!unseen.ok && unseen.reason.code === 'panel-server-error');
});

test('what the panel refuses is said in its words', async () => {
  const { actions, panel } = await settled();
  panel.inject({ status: 409, body: '{"detail":"Node is busy"}' }, { path: '/api/node/1/reconnect' });
  const result = await actions.act({ action: 'reconnect-node', node: '1' });
  assert.ok(!result.ok);
  assert.deepEqual(result.reason, { code: 'panel-says-no', args: { detail: 'Node is busy' } });
  const nobody = await actions.act({ action: 'reconnect-node', node: '77' });
  assert.ok(!nobody.ok && nobody.reason.code === 'panel-node-unknown');
});

test('a user is found by name or part of it, changed, and looked at again', async () => {
  const { actions, panel } = await settled({ panel: { users: 50 } });
  const exact = await actions.findUsers('orbit_100000003');
  assert.ok(exact.ok && exact.value.length === 1);
  const some = await actions.findUsers('0000000', 5);
  assert.ok(some.ok && some.value.length === 5);
  const none = await actions.findUsers('nobody at all');
  assert.ok(none.ok && none.value.length === 0);
  const off = await actions.changeUser('orbit_100000003', { change: 'disable' });
  assert.deepEqual(off.ok && off.note, {
    code: 'panel-user-now',
    args: { user: 'orbit_100000003', status: 'disabled' },
  });
  assert.ok((await actions.changeUser('orbit_100000003', { change: 'reset-traffic' })).ok);
  assert.equal(panel.users[3]?.status, 'disabled');
  const gone = await actions.changeUser('nobody', { change: 'enable' });
  assert.ok(!gone.ok && gone.reason.code === 'panel-not-found');
});

/** The service that the simulated panel runs as: down for a while, then up again. */
function container(panel: () => PanelWorld, works = true): PanelHost & { readonly by: Actor[] } {
  const by: Actor[] = [];
  return {
    ...{ service: 'marzban', title: 'Marzban', by },
    async restart(actor) {
      by.push(actor);
      if (!works) return { ok: false, took: 10, reason: reason('docker-no-engine', {}) };
      await panel().goOffline();
      panel().advance(4000);
      await panel().goOnline();
      return { ok: true, took: 4000, note: null };
    },
  };
}

const vera = { kind: 'telegram', id: '7', name: 'Vera' } as const;

test("a restart of the panel's service says whom it hits, is done in that person's name, and waits for its nodes", async () => {
  const host = container(() => world.panel);
  const world = await settled({
    host,
    panel: { users: 900, online: 412, nodes: [{ name: 'DE-1' }, { name: 'FI-1' }] },
  });
  const order = { action: 'restart-panel', by: vera } as const;
  assert.deepEqual(world.actions.consequence(order), {
    ...{ code: 'panel-ask-panel', args: { service: 'Marzban', nodes: 2, users: 412 } },
  });
  let accepted = false;
  const result = await world.actions.act(order, () => {
    accepted = true;
  });
  assert.ok(result.ok && accepted);
  assert.deepEqual([result.note, host.by], [{ code: 'panel-done-panel', args: { nodes: 2 } }, [vera]]);
});

test('a restart that leaves a node behind is not called done, and says how many', async () => {
  const host = container(() => world.panel);
  const world = await settled({ host });
  world.panel.node('NL-1').break('killed', world.panel.now());
  const result = await world.actions.act({ action: 'restart-panel', by: vera });
  assert.ok(!result.ok);
  assert.deepEqual(result.reason, { code: 'panel-not-done-core', args: { nodes: 1 } });
});

test('a service that cannot be restarted says why; a panel without one says what is missing', async () => {
  const broken = await settled({ host: container(() => broken.panel, false) });
  const refused = await broken.actions.act({ action: 'restart-panel', by: vera });
  assert.deepEqual(!refused.ok && refused.reason.code, 'docker-no-engine');
  const { actions } = await settled();
  const unknown = await actions.act({ action: 'restart-panel', by: vera });
  assert.deepEqual(!unknown.ok && unknown.reason.code, 'panel-no-service');
});

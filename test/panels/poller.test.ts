import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelRecordSchema } from '../../src/panels/record-schema.ts';
import { watch } from './watch.ts';

test('a dead node is told once, with why and what to do, and once when it is back', async () => {
  const { panel, poller, news, pass, told } = await watch();
  await pass(60);
  assert.deepEqual(news(), []);
  panel.node('DE-1').break('killed', panel.now());
  await pass(45);
  const [down] = told;
  assert.ok(down?.transition.change === 'opened');
  const { condition } = down.transition;
  assert.deepEqual([condition.kind, condition.subject, condition.level], ['node', 'DE-1', 'error']);
  assert.deepEqual(condition.reason, { code: 'panel-node-error', args: { node: 'DE-1', failure: 'refused' } });
  assert.equal(condition.advice?.code, 'panel-advice-node-host');
  assert.equal(poller.state().nodes[0]?.name, 'DE-1', 'worst first');
  assert.deepEqual([poller.state().health, poller.state().nodeCounts.down], ['degraded', 1]);
  await pass(600);
  panel.node('DE-1').break('none', panel.now());
  await pass(120);
  // Between them, silently, that its port answers again.
  assert.deepEqual(news(), ['node-down opened', 'node-down changed', 'node-recovered closed']);
});

test('a frozen node is told though the panel never calls it an error, and that only the container helps', async () => {
  const { panel, news, pass, poller } = await watch();
  await pass(60);
  panel.node('DE-1').break('frozen', panel.now());
  await pass(240);
  assert.deepEqual(news(), ['node-down opened', 'node-down changed']);
  const [trouble] = poller.state().conditions;
  assert.deepEqual([trouble?.reason.code, trouble?.advice?.code], ['panel-node-stuck', 'panel-advice-container']);
});

test('xray that cannot start is one notice however it flaps', async () => {
  const { panel, news, pass, poller } = await watch();
  await pass(60);
  panel.node('DE-1').break('xray-broken', panel.now());
  await pass(1800);
  assert.deepEqual(news(), ['node-down opened']);
  assert.deepEqual(poller.state().conditions[0]?.reason.args?.failure, 'xray-start-failed');
});

test('one lost poll of each kind is nothing', async () => {
  const { panel, news, pass } = await watch();
  await pass(90);
  for (const path of ['/api/nodes', '/api/core', '/api/system', '/api/nodes/usage']) {
    for (const fault of ['html-502', { status: 200, body: '' }] as const) {
      panel.inject(fault, { path });
      await pass(70);
    }
  }
  panel.inject('reset', { times: 2 });
  await pass(120);
  assert.deepEqual(news(), []);
});

test('a panel and nodes that cannot be reached because this host has no network are not blamed for it', async () => {
  let offline = false;
  const { panel, poller, news, pass } = await watch({
    poller: { isOffline: async () => offline, reach: async () => !offline },
  });
  await pass(60);
  offline = true;
  await panel.goOffline();
  await pass(600);
  assert.deepEqual(news(), []);
  assert.equal(poller.state().health, 'healthy', 'as it was when it was asked last');
  offline = false;
  await pass(120);
  assert.deepEqual(news(), ['panel-unreachable opened'], 'now it can be blamed');
});

test('a dead panel is one problem with the number of users, not one for each node', async () => {
  const { panel, news, pass, poller } = await watch({ panel: { users: 600, online: 412 } });
  await pass(120);
  await panel.goOffline();
  await pass(600);
  assert.deepEqual(news(), ['panel-unreachable opened']);
  const state = poller.state();
  assert.deepEqual(
    state.conditions.map((each) => [each.kind, each.level, each.advice?.args?.users]),
    [['unreachable', 'critical', 412]],
  );
  assert.equal(state.health, 'unhealthy');
  await panel.goOnline();
  await pass(120);
  assert.deepEqual(news(), ['panel-back closed']);
});

test('nodes that were down before the panel stay told, are hidden with it, and are not told again', async () => {
  const { panel, news, pass, poller } = await watch();
  await pass(60);
  panel.node('DE-1').break('killed', panel.now());
  await pass(60);
  await panel.goOffline();
  await pass(300);
  assert.deepEqual(
    poller.state().conditions.map((each) => each.kind),
    ['unreachable'],
  );
  await panel.goOnline();
  await pass(120);
  assert.deepEqual(news(), ['node-down opened', 'panel-unreachable opened', 'panel-back closed']);
});

test('a refused password is told once and sent once', async () => {
  const { panel, news, pass, poller } = await watch({ source: { password: 'old' } });
  await pass(3600);
  assert.deepEqual(news(), ['login-refused opened']);
  assert.equal(panel.logins.length, 1);
  assert.equal(poller.state().login, 'rejected');
});

test('an account without rights is told, with the numbers it may see', async () => {
  const { news, pass, poller } = await watch({ panel: { sudo: false } });
  await pass(120);
  assert.deepEqual(news(), ['login-refused opened']);
  assert.equal(poller.state().conditions[0]?.reason.code, 'panel-login-forbidden');
  assert.equal(poller.state().users?.total, 20);
});

test('a stuck recorder is seen; so is the core that is restarted again and again', async () => {
  const { panel, news, pass, poller } = await watch({ panel: { users: 1000, online: 500 } });
  await pass(180);
  panel.engine.recorderStuck = true;
  await pass(700);
  assert.deepEqual(news(), ['recorder-stuck opened']);
  panel.engine.core.broken = true;
  panel.engine.killCore();
  await pass(60);
  assert.deepEqual(news(), ['core-seen-stopped noted', 'core-down opened']);
  assert.equal(poller.state().core.running, false);
});

test('what is known of a node: traffic today, its rate, availability', async () => {
  const { panel, pass, poller } = await watch();
  await pass(600);
  const node = poller.state().nodes.find((each) => each.name === 'DE-1');
  assert.ok(node?.today != null && node.today.down > 9000 * 400);
  assert.ok(node.rate.downBps !== null && Math.abs(node.rate.downBps - 9000) < 2500);
  assert.equal(node.availableToday, 1);
  const { traffic } = poller.state();
  assert.ok(traffic.rate.downBps !== null && Math.abs(traffic.rate.downBps - 36_000) < 9000);
  panel.node('DE-1').break('killed', panel.now());
  await pass(600);
  const after = poller.state().nodes.find((each) => each.name === 'DE-1')?.availableToday ?? 0;
  assert.ok(after > 0.4 && after < 0.6, String(after));
});

test('a manager that starts again tells nothing twice and forgets nothing', async () => {
  const world = await watch();
  await world.pass(60);
  world.panel.node('DE-1').break('killed', world.panel.now());
  await world.pass(60);
  const stored = panelRecordSchema.parse(JSON.parse(JSON.stringify(world.poller.record())));
  assert.deepEqual(stored, world.poller.record());
  await world.restart();
  await world.pass(60);
  assert.deepEqual(world.news(), ['node-down opened']);
  assert.equal(world.panel.logins.length, 1);
  world.panel.node('DE-1').break('none', world.panel.now());
  await world.pass(90);
  assert.deepEqual(world.news(), ['node-down changed', 'node-recovered closed']);
});

test('asks in its rhythm: four questions, each as seldom as agreed', async () => {
  const { panel, pass } = await watch();
  await pass(120);
  panel.clearRequests();
  await pass(600);
  const asked = (path: string) => panel.requests.filter(({ url }) => url.split('?')[0] === path).length / 10;
  assert.ok(Math.abs(asked('/api/nodes') - 4) <= 0.3, String(asked('/api/nodes')));
  assert.ok(Math.abs(asked('/api/core') - 4) <= 0.3);
  assert.ok(Math.abs(asked('/api/system') - 2) <= 0.2);
  assert.ok(asked('/api/nodes/usage') <= 1.2);
  assert.equal(asked('/api/users'), 0);
  assert.equal(panel.mostAtOnce, 1);
});

test('a panel that hangs is asked one thing at a time', async () => {
  const { panel, pass, poller } = await watch();
  await pass(60);
  panel.clearRequests();
  panel.inject({ status: 504, body: '' }, { path: '/api/nodes', times: 2 });
  panel.inject('reset', { times: 999 });
  await pass(60);
  assert.ok(panel.requests.length <= 12, `${panel.requests.length} requests`);
  assert.equal(poller.state().reach, 'down');
});

test('reconnects nothing by itself unless told to, and then one node, on error, seldom', async () => {
  const quiet = await watch();
  await quiet.pass(60);
  quiet.panel.node('DE-1').break('killed', quiet.panel.now());
  await quiet.pass(300);
  assert.deepEqual(quiet.reconnects, []);
  const told = await watch({ poller: { autoReconnect: () => true } });
  await told.pass(60);
  told.panel.node('DE-1').break('killed', told.panel.now());
  await told.pass(1800);
  const tries = told.reconnects.filter((each) => each === 'DE-1 tried').length;
  assert.ok(tries >= 2 && tries <= 4, String(told.reconnects));
  assert.deepEqual(told.reconnects.slice(0, 2), ['DE-1 tried', 'DE-1 useless'], 'how it went is told');
  assert.ok(told.panel.engine.nodes.filter((node) => node.name !== 'DE-1').every((node) => node.dropped === 0));
});

test('certificates are read where nobody vouches for them too', async () => {
  const { pass, poller, news } = await watch({ panel: { tls: { days: 5 } }, source: { insecureTls: true } });
  await pass(5);
  const [certificate] = poller.state().certificates;
  assert.ok(certificate?.host.startsWith('127.0.0.1:'));
  assert.ok(!news().includes('panel-unreachable opened'));
});

test('a PasarGuard is watched by the same rules', async () => {
  const { panel, news, pass, poller } = await watch({ panel: { kind: 'pasarguard' } });
  await pass(90);
  const state = poller.state();
  assert.deepEqual([state.onlineWindowS, state.core.running, state.nodes[0]?.usersOnline], [120, null, 10]);
  panel.node('DE-1').limit();
  panel.node('FI-1').break('killed', panel.now());
  await pass(60);
  assert.deepEqual(news().sort(), ['node-down opened', 'node-down opened']);
});

test('a node whose port is closed to us is told of within 35 s of its death too, and never by one poll', async () => {
  const { panel, pass, told } = await watch({ poller: { reach: async () => false } });
  await pass(61);
  for (let second = 0; second < 12; second += 1) {
    await pass(90 + second);
    told.splice(0);
    const died = panel.now();
    panel.node('DE-1').break('killed', died);
    await pass(35);
    const polls = panel.requests.filter(({ url, at }) => url === '/api/nodes' && at >= died);
    assert.equal(told[0]?.transition.name, 'node-down', `death ${second}`);
    const notice = polls.find(({ at }) => at - (polls[0]?.at ?? 0) >= 15_000);
    assert.ok(notice, 'two polls at least 15 s apart');
    panel.node('DE-1').break('none', panel.now());
    await pass(700);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeState, PanelErrorKind, PanelNode, PanelOverview } from '../../src/core/panel.ts';
import { conditionsOf } from '../../src/core/panel-condition.ts';
import { newPanel, observePanel, type PanelRecord, type PanelSight } from '../../src/core/panel-health.ts';
import { panelPolicy } from '../../src/core/panel-policy.ts';
import type { PanelTransition } from '../../src/core/panel-transition.ts';
import { reason } from '../../src/core/reason.ts';

const s = 1000;
const min = 60 * s;
const start = Date.UTC(2026, 10, 23, 3);

/** A panel whose polls are told by hand, at times counted from the start. */
function panelAt() {
  let record: PanelRecord = newPanel(start);
  const told: PanelTransition[] = [];
  const see = (at: number, sight: PanelSight) => {
    const step = observePanel(record, sight, start + at, '2026-11-23', panelPolicy);
    record = step.record;
    told.push(...step.transitions);
  };
  return {
    see,
    /** Polls of the node DE-1, `[time, state]`. */
    polls: (...polls: readonly (readonly [number, NodeState, Partial<PanelNode>?])[]) => {
      for (const [at, state, more] of polls) see(at, { saw: 'nodes', nodes: [nodeOf(state, more)] });
    },
    fails: (at: number, kind: PanelErrorKind = 'unreachable', asked: 'nodes' | 'core' | 'overview' = 'nodes') =>
      see(at, { saw: 'failure', asked, error: { kind, reason: reason(`panel-${kind}`) } }),
    /** What was told so far, and forgets it. */
    told: () => told.splice(0).map((each) => each.name),
    toldWhole: () => told.splice(0),
    conditions: () => conditionsOf(record, panelPolicy),
    record: () => record,
  };
}

function nodeOf(state: NodeState, more: Partial<PanelNode> = {}): PanelNode {
  return {
    id: '1',
    name: 'DE-1',
    address: '203.0.113.1',
    port: 62050,
    state,
    rawStatus: state,
    message: null,
    failure: state === 'down' ? 'refused' : null,
    coreVersion: null,
    nodeVersion: null,
    coefficient: 1,
    usersOnline: null,
    changedAt: null,
    resources: null,
    ...more,
  };
}

function overview(total: number, online: number | null): PanelOverview {
  const users = { total: 9, active: 9, onHold: 0, disabled: 0, expired: 0, limited: 0, online };
  const host = { cpuPct: 1, cores: 1, memUsed: 1, memTotal: 1, diskUsed: 1, diskTotal: 1, rxBps: 1, txBps: 1 };
  return { version: '0.8.4', users, host, traffic: { upBytes: total, downBytes: 0 } };
}

test('a node is down when two polls at least 15 s apart saw the error, and not a moment before', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'down'], [20 * s, 'down'], [29.9 * s, 'down']);
  assert.deepEqual(panel.told(), []);
  panel.polls([30 * s, 'down']);
  assert.deepEqual(panel.told(), ['node-down']);
  assert.equal(panel.conditions()[0]?.since, start + 15 * s, 'since the first sign');
});

test("the panel's own retries between two errors do not begin the count anew", () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'down'], [30 * s, 'connecting'], [45 * s, 'down']);
  assert.deepEqual(panel.told(), ['node-down']);
});

test('one error between two good polls is nothing', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'down'], [30 * s, 'up'], [60 * s, 'up']);
  assert.deepEqual(panel.told(), []);
});

test('connecting is nothing for 60 s and down after', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'connecting'], [75 * s, 'connecting']);
  assert.deepEqual(panel.told(), []);
  panel.polls([76 * s, 'connecting']);
  assert.deepEqual(panel.told(), ['node-down']);
  assert.equal(panel.conditions()[0]?.reason.code, 'panel-node-stuck');
});

test('back is what was connected for 30 s: the 3 s of hope of an xray that cannot start are not', () => {
  const panel = panelAt();
  panel.polls([0, 'down'], [15 * s, 'down'], [30 * s, 'up'], [45 * s, 'down'], [60 * s, 'up'], [75 * s, 'up']);
  assert.ok(!panel.told().includes('node-recovered'));
  const calm = panelAt();
  calm.polls([0, 'down'], [15 * s, 'down'], [30 * s, 'up'], [59 * s, 'up']);
  assert.deepEqual(calm.told(), ['node-down']);
  calm.polls([60 * s, 'up']);
  const [back] = calm.toldWhole();
  assert.ok(back?.change === 'closed');
  assert.deepEqual(back.ending, reason('panel-over-node', { node: 'DE-1', minutes: 1 }));
});

test('a third crossing within 5 min is flapping, and over after ten quiet minutes', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [20 * s, 'connecting'], [40 * s, 'up']);
  assert.deepEqual(panel.told(), []);
  panel.polls([60 * s, 'connecting']);
  assert.deepEqual(panel.told(), ['node-down']);
  assert.equal(panel.conditions()[0]?.reason.code, 'panel-node-flapping');
  for (let at = 80 * s; at < 11 * min; at += 15 * s) panel.polls([at, 'up']);
  assert.deepEqual(panel.told(), []);
  panel.polls([80 * s + 10 * min, 'up']);
  assert.deepEqual(panel.told(), ['node-recovered']);
});

test('an hour of flapping each 40 s is one notice', () => {
  const panel = panelAt();
  for (let at = 0; at < 60 * min; at += 15 * s) panel.polls([at, at % (80 * s) < 40 * s ? 'up' : 'down']);
  assert.deepEqual(panel.told().filter((name) => name !== 'node-down').length, 0);
});

test('a node that goes away every five minutes is not told every five minutes', () => {
  const panel = panelAt();
  for (let at = 0; at < 6 * 60 * min; at += 15 * s) panel.polls([at, at % (5 * min) < 2.5 * min ? 'up' : 'down']);
  const loud = panel.toldWhole().filter((each) => each.change !== 'changed');
  assert.ok(loud.length <= 7, `${loud.length} in six hours`);
  for (let at = 6 * 60 * min; at < 6 * 60 * min + 11 * min; at += 15 * s) panel.polls([at, 'up']);
  assert.deepEqual(panel.told(), ['node-recovered']);
});

test('what flapped and then stays away says why it stays away', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [20 * s, 'down'], [40 * s, 'up'], [60 * s, 'down']);
  for (let at = 75 * s; at < 7 * min; at += 15 * s) panel.polls([at, 'down']);
  assert.equal(panel.conditions()[0]?.reason.code, 'panel-node-error');
});

test('switching off and on again is no trouble and ends what was', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'disabled'], [30 * s, 'connecting'], [45 * s, 'up'], [60 * s, 'disabled']);
  panel.polls([75 * s, 'connecting'], [90 * s, 'up']);
  assert.deepEqual(panel.told(), []);
  panel.polls([105 * s, 'down'], [120 * s, 'down'], [135 * s, 'disabled']);
  assert.deepEqual(panel.told(), ['node-down', 'node-disabled']);
});

test('a node that is deleted takes its trouble with it', () => {
  const panel = panelAt();
  panel.polls([0, 'down'], [15 * s, 'down']);
  panel.see(30 * s, { saw: 'nodes', nodes: [] });
  assert.deepEqual(panel.told(), ['node-down', 'node-gone']);
});

test('a status that nobody knows changes nothing', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'unknown'], [5 * min, 'unknown'], [6 * min, 'up']);
  assert.deepEqual(panel.told(), []);
});

test('a gap in the polls proves nothing', () => {
  const panel = panelAt();
  panel.polls([0, 'connecting'], [10 * min, 'connecting']);
  assert.deepEqual(panel.told(), []);
});

test('our own connection tells a dead machine from a confused panel', () => {
  const advice = (reaches: readonly boolean[], at: number) => {
    const panel = panelAt();
    panel.polls([0, 'up']);
    for (const reachable of reaches) panel.see(s, { saw: 'reach', node: '1', reachable });
    for (let now = 15 * s; now <= at; now += 15 * s) panel.polls([now, 'connecting']);
    return panel.conditions()[0]?.advice?.code;
  };
  assert.equal(advice([true], 90 * s), 'panel-advice-stuck');
  assert.equal(advice([true], 180 * s), 'panel-advice-container', 'only that is known to help');
  assert.equal(advice([true, false], 180 * s), 'panel-advice-node-host');
  assert.equal(advice([false], 180 * s), 'panel-advice-stuck', 'a port that never answered us proves nothing');
});

test('one lost poll is nothing; two at least 15 s apart are one problem, whatever the nodes', () => {
  const panel = panelAt();
  const nodes = Array.from({ length: 30 }, (_, index) => nodeOf('up', { id: String(index), name: `N-${index}` }));
  panel.see(0, { saw: 'nodes', nodes });
  panel.fails(15 * s);
  panel.see(30 * s, { saw: 'nodes', nodes });
  panel.fails(45 * s);
  panel.fails(59 * s);
  assert.deepEqual(panel.told(), []);
  panel.fails(60 * s);
  assert.deepEqual(panel.told(), ['panel-unreachable']);
  for (let at = 75 * s; at < 10 * min; at += 15 * s) panel.fails(at);
  assert.deepEqual(panel.told(), []);
  assert.equal(panel.conditions().length, 1);
});

test('a panel is back when it has answered for 15 s; its nodes get their 60 s to connect', () => {
  const panel = panelAt();
  panel.polls([0, 'up']);
  panel.fails(15 * s);
  panel.fails(30 * s);
  panel.polls([45 * s, 'connecting']);
  assert.deepEqual(panel.told(), ['panel-unreachable']);
  panel.polls([60 * s, 'connecting'], [75 * s, 'up']);
  assert.deepEqual(panel.told(), ['panel-back']);
});

test('says how many users a dead panel takes with it, and claims nothing of one that only its certificate hides', () => {
  const panel = panelAt();
  panel.see(0, { saw: 'overview', overview: overview(1, 412) });
  panel.fails(15 * s);
  panel.fails(30 * s);
  const [dead] = panel.conditions();
  assert.deepEqual([dead?.level, dead?.advice], ['critical', reason('panel-advice-users-down', { users: 412 })]);
  const hidden = panelAt();
  hidden.fails(15 * s, 'tls');
  hidden.fails(30 * s, 'tls');
  assert.deepEqual(
    [hidden.conditions()[0]?.level, hidden.conditions()[0]?.advice?.code],
    ['error', 'panel-advice-blind'],
  );
});

test('one question that always fails does not make the panel unreachable', () => {
  const panel = panelAt();
  for (let at = 0; at < 10 * min; at += 15 * s) {
    panel.polls([at, 'up']);
    panel.fails(at + s, 'server_error', 'core');
  }
  assert.deepEqual(panel.told(), []);
  const blind = panelAt();
  for (let at = 0; at < 3 * min; at += 15 * s) {
    blind.see(at, { saw: 'core', core: { version: '1', running: true } });
    blind.fails(at + s, 'server_error', 'nodes');
  }
  assert.deepEqual(blind.told(), ['nodes-unseen']);
});

test('a refused password is one problem that says what to mend, from the first answer to the accepted login', () => {
  const panel = panelAt();
  panel.fails(0, 'auth_rejected');
  panel.fails(15 * s, 'auth_rejected');
  assert.deepEqual(panel.told(), ['login-refused']);
  assert.deepEqual(
    panel.conditions().map((each) => [each.reason.code, each.advice?.code]),
    [['panel-login-rejected', 'panel-advice-rejected']],
  );
  panel.polls([30 * s, 'up']);
  assert.deepEqual(panel.told(), ['login-accepted']);
});

test('being asked to slow down is no outage for five minutes', () => {
  const panel = panelAt();
  for (let at = 0; at < 5 * min; at += 30 * s) panel.fails(at, 'rate_limited');
  assert.deepEqual(panel.told(), []);
});

test('our own full queue says nothing about the panel', () => {
  const panel = panelAt();
  panel.polls([0, 'up']);
  for (let at = 15 * s; at < 5 * min; at += 15 * s) panel.fails(at, 'busy');
  assert.deepEqual(panel.told(), []);
});

test('the core: one look at its restart is a note, two looks are down', () => {
  const panel = panelAt();
  const core = (at: number, running: boolean) => panel.see(at, { saw: 'core', core: { version: '1', running } });
  core(0, true);
  core(15 * s, false);
  core(30 * s, true);
  assert.deepEqual(panel.told(), ['core-seen-stopped']);
  assert.equal(panel.record().core.stops.length, 1);
  core(45 * s, false);
  core(60 * s, false);
  assert.deepEqual(panel.told(), ['core-seen-stopped', 'core-down']);
  core(75 * s, true);
  assert.deepEqual(panel.told(), []);
  core(90 * s, true);
  assert.deepEqual(panel.told(), ['core-up']);
});

test('a frozen traffic counter with users online is a stuck recorder', () => {
  const panel = panelAt();
  const counter = (at: number, total: number, online: number | null) =>
    panel.see(at, { saw: 'overview', overview: overview(total, online) });
  panel.polls([0, 'up']);
  counter(0, 100, 40);
  counter(30 * s, 200, 40);
  for (let at = 1; at < 30; at += 1) counter(at * min, 200, 40);
  assert.deepEqual(panel.told(), []);
  counter(31 * min, 200, 40);
  assert.deepEqual(panel.told(), ['recorder-stuck']);
  counter(32 * min, 201, 40);
  assert.deepEqual(panel.told(), ['recorder-moves']);
  const busy = panelAt();
  busy.see(0, { saw: 'overview', overview: overview(1, 500) });
  busy.see(s, { saw: 'overview', overview: overview(2, 500) });
  busy.see(11 * min, { saw: 'overview', overview: overview(2, 500) });
  assert.deepEqual(busy.told(), ['recorder-stuck'], 'with 500 online ten minutes prove it');
});

test('a counter that stands still is right where nothing can move it', () => {
  const quiet = (online: number | null, state: NodeState, first: number) => {
    const panel = panelAt();
    panel.see(0, { saw: 'overview', overview: overview(first, online) });
    panel.see(s, { saw: 'overview', overview: overview(100, online) });
    for (let at = 0; at < 3 * 60; at += 1) {
      panel.polls([at * min + s, state]);
      panel.see(at * min + 2 * s, { saw: 'overview', overview: overview(100, online) });
    }
    return panel.told().filter((name) => name.startsWith('recorder'));
  };
  assert.deepEqual(quiet(3, 'up', 50), [], 'three users may sleep');
  assert.deepEqual(quiet(null, 'up', 50), [], 'v0.6 does not say who is online');
  assert.deepEqual(quiet(400, 'down', 50), [], 'no node is up');
  assert.deepEqual(quiet(400, 'up', 100), [], 'it never moved while we looked');
});

test('certificates are told at 14, 7 and 3 days, each once and each more urgent', () => {
  const panel = panelAt();
  const day = 24 * 60 * min;
  const notAfter = start + 20 * day;
  for (let at = 0; at < 21 * day; at += 6 * 60 * min)
    panel.see(at, { saw: 'certificate', host: 'panel.example.org', notAfter });
  const steps = panel.toldWhole().map((each) => [each.change, each.condition?.level]);
  assert.deepEqual(steps, [
    ['opened', 'info'],
    ['changed', 'warning'],
    ['changed', 'error'],
    ['changed', 'critical'],
  ]);
  panel.see(21 * day, { saw: 'certificate', host: 'panel.example.org', notAfter: notAfter + 90 * day });
  assert.deepEqual(panel.told(), ['certificate-renewed']);
});

test('availability is of the time that was watched', () => {
  const panel = panelAt();
  panel.polls([0, 'up'], [15 * s, 'up'], [30 * s, 'down'], [60 * s, 'down'], [75 * s, 'up'], [20 * min, 'up']);
  assert.deepEqual(panel.record().nodes[0]?.days, [{ day: '2026-11-23', seen: 75 * s, up: 30 * s }]);
});

test('a node that its own traffic limit holds back is told at once, as a warning', () => {
  const panel = panelAt();
  panel.polls([0, 'limited']);
  assert.deepEqual(
    panel.conditions().map((each) => [each.level, each.reason.code]),
    [['warning', 'panel-node-limited']],
  );
});

test('a longer wait or another count is no news; another cause is', () => {
  const panel = panelAt();
  panel.polls([0, 'down'], [15 * s, 'down'], [30 * s, 'down'], [45 * s, 'down', { failure: 'tls' }]);
  assert.deepEqual(
    panel.toldWhole().map((each) => each.change),
    ['opened', 'changed'],
  );
});

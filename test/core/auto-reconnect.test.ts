import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideReconnect, type ReconnectMemory } from '../../src/core/auto-reconnect.ts';
import type { NodeState } from '../../src/core/panel.ts';
import { newPanel, type PanelRecord } from '../../src/core/panel-health.ts';
import type { NodeRecord } from '../../src/core/panel-node.ts';
import { noRestarts } from '../../src/core/panel-restarts.ts';

const now = 1_800_000_000_000;
const min = 60_000;
const never: ReconnectMemory = { attempts: 0, lastAt: null };

function node(id: string, state: NodeState, confirmed = state === 'down'): NodeRecord {
  return {
    id,
    name: id,
    address: 'x',
    port: 1,
    state,
    rawStatus: state,
    since: now,
    seenAt: now,
    errorAt: null,
    connectingAt: null,
    upAt: null,
    crossings: [],
    trouble: confirmed ? { cause: 'error', since: now, failure: 'refused', message: null } : null,
    reachable: null,
    wasReachable: false,
    days: [],
    restarts: noRestarts,
  };
}

function decide(nodes: readonly NodeRecord[], memory = never, more: Partial<PanelRecord> = {}, enabled = true) {
  const panel: PanelRecord = { ...newPanel(now), reach: 'up', nodes, ...more };
  const [first] = nodes;
  assert.ok(first);
  const made = decideReconnect(enabled, panel, first, memory, now);
  return made.decision === 'leave' ? made.why : made.decision;
}

const well = [node('b', 'up'), node('c', 'up')];

test('Marzban#1711, PasarGuard#620: only a confirmed error is reconnected: anything else drops people or does nothing', () => {
  assert.equal(decide([node('a', 'down'), ...well]), 'reconnect');
  assert.equal(decide([node('a', 'down', false), ...well]), 'not-confirmed');
  for (const state of ['up', 'connecting', 'disabled', 'limited', 'unknown'] as const)
    assert.equal(decide([node('a', state, true), ...well]), 'not-in-error');
});

test('off unless it is switched on, and never while the panel itself is away', () => {
  assert.equal(decide([node('a', 'down'), ...well], never, {}, false), 'off');
  assert.equal(decide([node('a', 'down'), ...well], never, { reach: 'down' }), 'panel-down');
});

test('when half of the nodes are down it is not the nodes', () => {
  assert.equal(decide([node('a', 'down'), node('b', 'connecting'), ...well]), 'half-down');
  assert.equal(decide([node('a', 'down'), node('b', 'disabled'), ...well]), 'reconnect');
  assert.equal(decide([node('a', 'down')]), 'reconnect', 'a single node is not half of anything');
});

test('Marzban#551, Marzban#1736: at most once in five minutes, and less often each time that it did not help', () => {
  const after = (attempts: number, ago: number) =>
    decide([node('a', 'down'), ...well], { attempts, lastAt: now - ago });
  assert.equal(after(1, 5 * min - 1), 'too-soon');
  assert.equal(after(1, 5 * min), 'reconnect');
  assert.equal(after(2, 9 * min), 'too-soon');
  assert.equal(after(2, 10 * min), 'reconnect');
  assert.equal(after(99, 59 * min), 'too-soon');
  assert.equal(after(99, 60 * min), 'reconnect');
});

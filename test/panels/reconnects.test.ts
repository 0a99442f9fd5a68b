import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../src/core/panel.ts';
import { newPanel, type PanelRecord } from '../../src/core/panel-health.ts';
import type { NodeRecord } from '../../src/core/panel-node.ts';
import { noRestarts } from '../../src/core/panel-restarts.ts';
import { reason } from '../../src/core/reason.ts';
import { createReconnects } from '../../src/panels/reconnects.ts';

const MINUTE = 60_000;

function node(id: string, more: Partial<NodeRecord> = {}): NodeRecord {
  return {
    ...{ id, name: `N-${id}`, address: '203.0.113.1', port: 62_050, state: 'up', rawStatus: 'connected', since: 0 },
    ...{ seenAt: 0, errorAt: null, connectingAt: null, upAt: 0, crossings: [], trouble: null, reachable: null },
    ...{ wasReachable: false, days: [], restarts: noRestarts },
    ...more,
  };
}

const trouble = { cause: 'error', since: 0, failure: 'refused', message: null } as const;
const ill = node('1', { state: 'down', rawStatus: 'error', trouble });
const others = [node('2'), node('3'), node('4')];

function watch(before: PanelRecord = newPanel(0)) {
  let now = 0;
  let refuses = false;
  const said: string[] = [];
  const reconnects = createReconnects({
    ...{ enabled: () => true, clock: () => now, before },
    reconnect: async () =>
      refuses ? failure('forbidden', reason('panel-not-allowed')) : { ok: true, value: 'accepted' as const },
    tell: ({ name }, news) =>
      void said.push(
        `${now / MINUTE} ${name} ${news.step === 'tried' && news.refusal !== null ? 'refused' : news.step}`,
      ),
  });
  return {
    said,
    refuse: () => {
      refuses = true;
    },
    /** What the panel shows, so many minutes later. */
    async look(minutes: number, ...nodes: readonly NodeRecord[]) {
      now += minutes * MINUTE;
      await reconnects.look({ ...newPanel(0), reach: 'up', nodes: [...nodes, ...others] }, AbortSignal.timeout(1000));
    },
  };
}

test('a reconnect that helps is told as such, and what comes later begins anew', async () => {
  const { look, said } = watch();
  await look(1, ill);
  await look(0.25, node('1', { trouble }));
  await look(1, node('1'));
  await look(1, ill);
  assert.deepEqual(said, ['1 N-1 tried', '1.25 N-1 helped', '3.25 N-1 tried']);
});

test('one that does not is told after a minute, and tried again after five, ten and twenty', async () => {
  const { look, said } = watch();
  for (let minute = 0; minute < 40; minute += 1) await look(1, ill);
  assert.deepEqual(
    said.filter((each) => each.endsWith('tried')),
    ['1 N-1 tried', '6 N-1 tried', '16 N-1 tried', '36 N-1 tried'],
  );
  assert.equal(said[1], '2 N-1 useless');
});

test('a panel that refuses is told with its refusal and not pressed', async () => {
  const { look, said, refuse } = watch();
  refuse();
  for (let minute = 0; minute < 5; minute += 1) await look(1, ill);
  assert.deepEqual(said, ['1 N-1 refused']);
});

test('a manager that starts again waits, since the one before may have tried a moment ago', async () => {
  const { look, said } = watch({ ...newPanel(0), reach: 'up', nodes: [ill, ...others] });
  for (let minute = 0; minute < 6; minute += 1) await look(1, ill);
  assert.deepEqual(said.slice(0, 1), ['5 N-1 tried']);
});

test('never while it connects, never when half of the nodes are down', async () => {
  const { look, said } = watch();
  await look(1, node('1', { state: 'connecting', trouble }));
  await look(1, ill, { ...ill, id: '5' }, { ...ill, id: '6' });
  assert.deepEqual(said, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availabilityBars, balanceBars } from '../../src/charts/panel-bars.ts';
import type { Voice } from '../../src/charts/spec.ts';
import { balance, balancePolicy } from '../../src/core/load-balance.ts';
import type { NodeView, PanelState } from '../../src/core/panel-view.ts';
import { panelState } from '../cli/fake-panels.ts';
import { nodeView } from '../panels/views.ts';

const GB = 1024 ** 3;
const HOUR = 3_600_000;

const voice: Voice = {
  locale: 'en-GB',
  say: ({ value, unit }) =>
    unit === 'bytes' ? `${Math.round(value / GB)} GB` : unit === '%' ? `${value} %` : `${value}`,
  word: (key, args) => `${key} ${Object.values(args ?? {}).join(' ')}`.trim(),
};

const node = (id: string, more: Partial<NodeView> = {}) =>
  nodeView(id, { today: { up: 0, down: Number(id) * GB }, monthBytes: Number(id) * 10 * GB, ...more });

const panelOf = (nodes: readonly NodeView[]) => panelState('s001', { name: 'Main', nodes });

function balanceOf({ nodes }: PanelState, excludedNodeNames: readonly string[] = []) {
  const rows = nodes.map((each) => ({
    ...{ panel: 's001', id: each.id, name: each.name, coefficient: 1, monthBytes: each.monthBytes },
    ...{ dayBytes: each.today?.down ?? 0, usersOnline: each.usersOnline, up: each.state === 'up' },
  }));
  const panel = { id: 's001', priority: 1, counted: true, reachable: true, activeUsers: 100, excludedNodeNames };
  return balance([{ ...panel, nodes: rows }], balancePolicy, [], 0);
}

test('the nodes stand side by side, the busiest first, with whom the bot picks and whom it should', () => {
  const dead = node('1', { state: 'down', today: { up: 0, down: 0 }, monthBytes: 0 });
  const panel = panelOf([dead, node('2'), node('30'), node('4')]);
  const { rows, columns, footer } = balanceBars('dark', panel, balanceOf(panel, ['N-4']), voice);
  assert.deepEqual(
    rows.map(({ label, health, note }) => [label, health, note]),
    [
      ['N-30', 'good', ''],
      ['N-4', 'good', 'panel-bars-excluded'],
      ['N-2', 'good', 'panel-bars-ours'],
      ['N-1', 'bad', 'panel-bars-bot'],
    ],
  );
  assert.equal(columns[0]?.head, 'panel-bars-assumed', 'Marzban does not say how many users a node has');
  const [users, day, month, score] = rows[0]?.bars ?? [];
  assert.deepEqual([users?.value, day?.value, month?.value], ['33', '30 GB · 83 %', '300 GB']);
  assert.deepEqual([day?.length, day?.wrong], [1, true], 'more than its share is painted as wrong');
  assert.equal(score?.value, '3600 / 3600');
  assert.deepEqual(
    [rows[3]?.bars[3]?.value, rows[3]?.bars[3]?.wrong],
    ['3300 / –', true],
    'a dead one has no score of ours',
  );
  assert.equal(rows[1]?.bars[3], null, 'the bot does not score what is excluded');
  assert.equal(footer, 'panel-bars-pick-better N-1 N-2');
});

test('a panel that says how many users a node has is believed', () => {
  const panel = panelOf([node('1', { usersOnline: 7 }), node('2', { usersOnline: 14 })]);
  const { rows, columns } = balanceBars('dark', panel, balanceOf(panel), voice);
  assert.equal(columns[0]?.head, 'panel-bars-online');
  assert.deepEqual(
    rows.map(({ bars }) => [bars[0]?.value, bars[0]?.length]),
    [
      ['14', 1],
      ['7', 0.5],
    ],
  );
});

test('of a hundred nodes twelve are shown, and whom the bot picks is among them', () => {
  const panel = panelOf(Array.from({ length: 100 }, (_, index) => node(String(index + 1))));
  const { rows, footer } = balanceBars('dark', panel, balanceOf(panel), voice);
  assert.equal(rows.length, 12);
  assert.equal(rows[0]?.label, 'N-100');
  assert.deepEqual([rows.at(-1)?.label, rows.at(-1)?.note], ['N-1', 'panel-bars-both']);
  assert.match(footer, /^chart-more 88/);
});

test('availability is of the watched time, worst first, with how long each was away', () => {
  const day = (name: string, up: number) => ({ day: name, seen: 24 * HOUR, up: up * HOUR });
  const flaky = node('2', { days: [day('2026-11-22', 12), day('2026-11-23', 24)] });
  const panel = panelOf([
    node('1', { days: [day('2026-11-23', 24)] }),
    flaky,
    node('3', { state: 'disabled' }),
    node('4'),
  ]);
  const { rows } = availabilityBars('dark', panel, (ms) => `${ms / HOUR} h`, voice);
  assert.deepEqual(
    rows.map(({ label, bars, note }) => [label, bars.map((bar) => bar?.value ?? null), note]),
    [
      ['N-2', ['100 %', '75 %', '75 %'], '−12 h'],
      ['N-1', ['100 %', '100 %', '100 %'], ''],
      ['N-4', [null, null, null], ''],
    ],
  );
  assert.deepEqual([rows[0]?.bars[1]?.wrong, rows[1]?.bars[1]?.wrong], [true, false]);
});

test('almost always is not always', () => {
  const days = [{ day: '2026-11-23', seen: 100_000, up: 99_990 }];
  const { rows } = availabilityBars('dark', panelOf([node('1', { days })]), String, voice);
  assert.equal(rows[0]?.bars[0]?.value, '99.99 %');
});

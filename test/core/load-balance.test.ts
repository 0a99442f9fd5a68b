import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BalanceNode, type BalancePanel, balance, balancePolicy } from '../../src/core/load-balance.ts';

const GB = 1024 ** 3;

function node(panel: string, id: string, monthGb: number, more: Partial<BalanceNode> = {}): BalanceNode {
  const bytes = monthGb * GB;
  return {
    panel,
    id,
    name: `N-${id}`,
    coefficient: 1,
    monthBytes: bytes,
    dayBytes: bytes,
    usersOnline: null,
    up: true,
    ...more,
  };
}

function panel(id: string, nodes: readonly BalanceNode[], more: Partial<BalancePanel> = {}): BalancePanel {
  return { id, priority: 100, counted: true, reachable: true, activeUsers: 100, excludedNodeNames: [], nodes, ...more };
}

const of = (...panels: readonly BalancePanel[]) => balance(panels, balancePolicy, [], 1000);

test("the score is the shop bot's own: active users evenly spread, times the coefficient, plus the month's gigabytes", () => {
  const nodes = [node('a', '1', 5), node('a', '2', 0.5, { coefficient: 1.5 }), node('a', '3', 1, { name: 'out' })];
  const { rows } = of(panel('a', nodes, { activeUsers: 101, excludedNodeNames: ['out'] }));
  assert.deepEqual(
    rows.map((row) => row.botScore),
    [50 * 100 + 5, 50 * 100 * 1.5 + 0.5, null],
  );
});

test('the bot chooses a dead node, since nothing flows through it; we say so and whom it should choose', () => {
  const { botPick, pick, conditions } = of(panel('a', [node('a', '1', 5), node('a', '2', 0, { up: false })]));
  assert.deepEqual([botPick?.name, pick?.name], ['N-2', 'N-1']);
  assert.deepEqual(
    conditions.filter((each) => each.kind === 'pick').map((each) => [each.reason.code, each.advice?.args?.node]),
    [['panel-pick-down', 'N-1']],
  );
});

test("priority decides between equals only, then the panel's own order", () => {
  const early = panel('late', [node('late', '1', 5)], { priority: 200 });
  const { botPick } = of(early, panel('early', [node('early', '1', 5), node('early', '2', 5)]));
  assert.deepEqual([botPick?.panel, botPick?.node], ['early', '1']);
  assert.equal(of(early, panel('early', [node('early', '1', 6)])).botPick?.panel, 'late');
});

test('a panel that does not answer the bot drops out; one without numbers is not guessed', () => {
  assert.equal(of(panel('a', [node('a', '1', 1)], { counted: false })).botPick, null);
  assert.equal(of(panel('a', [node('a', '1', 1)], { activeUsers: null })).botPick, null);
  assert.equal(of(panel('a', [node('a', '1', 1, { monthBytes: null })])).botPick, null);
});

test('the bot counts only the first ten thousand users it lists', () => {
  assert.equal(of(panel('a', [node('a', '1', 0)], { activeUsers: 25_000 })).rows[0]?.botScore, 1_000_000);
});

test('one node that carries more than its share is told of, until it carries clearly less', () => {
  const shares = (...gb: readonly number[]) =>
    panel(
      'a',
      gb.map((each, index) => node('a', String(index), each)),
    );
  const share = (found: ReturnType<typeof of>) => found.conditions.filter((each) => each.kind === 'share');
  assert.deepEqual(share(of(shares(50, 50))), [], 'half of two is its share');
  assert.deepEqual(share(of(shares(5, 1, 1))), [], 'seven gigabytes are chance');
  const high = of(shares(60, 20, 20));
  assert.deepEqual(
    share(high).map((each) => [each.subject, each.reason.args?.percent]),
    [['N-0', 60]],
  );
  const again = balance([shares(50, 25, 25)], balancePolicy, high.conditions, 9000);
  assert.deepEqual(
    share(again).map((each) => each.since),
    [1000],
    'just below the threshold it stays',
  );
  assert.deepEqual(share(balance([shares(45, 28, 27)], balancePolicy, high.conditions, 9000)), []);
});

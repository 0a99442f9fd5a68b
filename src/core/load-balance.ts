import type { Condition } from './panel-condition.ts';
import { reason } from './reason.ts';

/** What the balance of one node is reckoned from. */
export interface BalanceNode {
  readonly panel: string;
  readonly id: string;
  readonly name: string;
  readonly coefficient: number;
  /** Bytes of the last 30 days, both ways, as the shop bot asks for them; null: not known yet. */
  readonly monthBytes: number | null;
  /** Bytes of today. */
  readonly dayBytes: number | null;
  /** Null: the panel does not say. */
  readonly usersOnline: number | null;
  /** Connected, and not in trouble. */
  readonly up: boolean;
}

export interface BalancePanel {
  readonly id: string;
  /** Lower is preferred; the bot lets it decide only between equals. */
  readonly priority: number;
  /** The bot takes no account of a panel that is switched off, or that does not answer it. */
  readonly counted: boolean;
  readonly reachable: boolean;
  readonly activeUsers: number | null;
  readonly excludedNodeNames: readonly string[];
  /** In the panel's own order. */
  readonly nodes: readonly BalanceNode[];
}

export interface BalanceRow {
  readonly panel: string;
  readonly node: string;
  readonly name: string;
  readonly up: boolean;
  readonly excluded: boolean;
  readonly usersOnline: number | null;
  /** How many active users the shop bot takes each node of the panel to carry; null: not known, or none of its business. */
  readonly usersAssumed: number | null;
  readonly dayBytes: number | null;
  readonly monthBytes: number | null;
  /** The shop bot's own number, lowest wins; null: the bot does not score it, or we lack what it is reckoned from. */
  readonly botScore: number | null;
  /** The same number, only for nodes that can carry somebody. */
  readonly score: number | null;
  /** Of its panel's traffic today, 0 to 1. */
  readonly share: number | null;
}

export interface Balance {
  readonly rows: readonly BalanceRow[];
  /** Whom the shop bot would choose. */
  readonly botPick: BalanceRow | null;
  /** Whom it should choose. */
  readonly pick: BalanceRow | null;
  readonly conditions: readonly Condition[];
}

export interface BalancePolicy {
  /** A node is told of when its share of the panel's traffic is above this, 0 to 1. */
  readonly share: number;
  /** Shares of less traffic than this (bytes a day and panel) are chance. */
  readonly least: number;
}

export const balancePolicy: BalancePolicy = { share: 0.5, least: 10 * 1024 ** 3 };

/** The bot asks for at most so many users and counts the active ones among them. */
const BOT_USER_LIMIT = 10_000;

/**
 * The shop bot's choice, reckoned exactly as it does (active users are spread evenly over the nodes, a node's status is
 * not looked at), beside one that knows which nodes are up. `before` are the conditions that are open: a share has to
 * fall a tenth below the threshold before its warning ends.
 */
export function balance(
  panels: readonly BalancePanel[],
  policy: BalancePolicy,
  before: readonly Condition[],
  now: number,
): Balance {
  const ordered = [...panels].sort((a, b) => a.priority - b.priority);
  const rows = ordered.flatMap(rowsOf);
  const botPick = lowest(rows, (row) => row.botScore);
  const pick = lowest(rows, (row) => row.score);
  const since = new Map(before.map((each) => [each.key, each.since]));
  const conditions: Condition[] = [];
  if (botPick !== null && !botPick.up) {
    const advice = pick === null ? null : reason('panel-advice-pick', { node: pick.name });
    conditions.push({
      key: 'pick',
      kind: 'pick',
      subject: botPick.name,
      level: 'warning',
      since: since.get('pick') ?? now,
      reason: reason('panel-pick-down', { node: botPick.name, panel: botPick.panel }),
      advice,
    });
  }
  for (const panel of ordered) conditions.push(...sharesOf(panel, rows, policy, since, now));
  return { rows, botPick, pick, conditions };
}

function rowsOf(panel: BalancePanel): readonly BalanceRow[] {
  const eligible = panel.nodes.filter((node) => !panel.excludedNodeNames.includes(node.name));
  const active = panel.activeUsers === null ? null : Math.min(panel.activeUsers, BOT_USER_LIMIT);
  const usersEach = active === null || eligible.length === 0 ? null : Math.trunc(active / eligible.length);
  const total = panel.nodes.reduce((sum, node) => sum + (node.dayBytes ?? 0), 0);
  return panel.nodes.map((node): BalanceRow => {
    const excluded = panel.excludedNodeNames.includes(node.name);
    const scored = panel.counted && !excluded && usersEach !== null && node.monthBytes !== null;
    const botScore = scored ? usersEach * 100 * node.coefficient + node.monthBytes / 1024 ** 3 : null;
    return {
      panel: panel.id,
      node: node.id,
      name: node.name,
      up: node.up && panel.reachable,
      excluded,
      usersOnline: node.usersOnline,
      usersAssumed: excluded ? null : usersEach,
      dayBytes: node.dayBytes,
      monthBytes: node.monthBytes,
      botScore,
      score: node.up && panel.reachable ? botScore : null,
      share: total === 0 || node.dayBytes === null ? null : node.dayBytes / total,
    };
  });
}

/** The first of the lowest: equals keep their order, as in the bot. */
function lowest(rows: readonly BalanceRow[], by: (row: BalanceRow) => number | null): BalanceRow | null {
  let best: BalanceRow | null = null;
  for (const row of rows) {
    const score = by(row);
    if (score !== null && (best === null || score < (by(best) ?? Number.POSITIVE_INFINITY))) best = row;
  }
  return best;
}

/** What counts as too much among so many: half of two nodes' traffic is just right. */
function limitAmong(nodes: number, share: number): number {
  return Math.max(share, 1.6 / nodes);
}

function sharesOf(
  panel: BalancePanel,
  rows: readonly BalanceRow[],
  policy: BalancePolicy,
  since: ReadonlyMap<string, number>,
  now: number,
): readonly Condition[] {
  const own = rows.filter((row) => row.panel === panel.id && row.share !== null);
  const total = panel.nodes.reduce((sum, node) => sum + (node.dayBytes ?? 0), 0);
  if (own.length < 2 || total < policy.least) return [];
  return own.flatMap((row): readonly Condition[] => {
    const key = `share:${panel.id}:${row.node}`;
    const limit = limitAmong(own.length, policy.share) * (since.has(key) ? 0.9 : 1);
    if ((row.share ?? 0) <= limit) return [];
    return [
      {
        key,
        kind: 'share',
        subject: row.name,
        level: 'warning',
        since: since.get(key) ?? now,
        reason: reason('panel-share', {
          node: row.name,
          percent: Math.round((row.share ?? 0) * 100),
          nodes: own.length,
        }),
        advice: reason('panel-advice-share'),
      },
    ];
  });
}

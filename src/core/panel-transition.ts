import type { Condition, ConditionKind } from './panel-condition.ts';
import type { PanelRecord } from './panel-health.ts';
import { type Reason, reason, sameReason } from './reason.ts';

/** What has changed, by name, for the log and the history. */
export type TransitionName =
  | 'panel-unreachable'
  | 'panel-back'
  | 'login-refused'
  | 'login-accepted'
  | 'nodes-unseen'
  | 'nodes-seen'
  | 'core-down'
  | 'core-up'
  | 'core-seen-stopped'
  | 'core-seen-started'
  | 'core-restarts'
  | 'core-calm'
  | 'recorder-stuck'
  | 'recorder-moves'
  | 'node-down'
  | 'node-recovered'
  | 'node-disabled'
  | 'node-gone'
  | 'certificate-short'
  | 'certificate-renewed'
  | 'pick-down'
  | 'pick-fine'
  | 'share-high'
  | 'share-fine';

export type PanelTransition =
  | {
      readonly name: TransitionName;
      /** `changed`: the same problem with another reason, advice or level. */
      readonly change: 'opened' | 'changed' | 'closed';
      /** For `closed`: as it last was. */
      readonly condition: Condition;
      readonly at: number;
      /** Only for `closed`: how it ended. */
      readonly ending: Reason | null;
    }
  /** Worth a line in the history and no more. */
  | { readonly name: TransitionName; readonly change: 'noted'; readonly condition: null; readonly at: number };

const names: Readonly<Record<ConditionKind, readonly [TransitionName, TransitionName]>> = {
  unreachable: ['panel-unreachable', 'panel-back'],
  login: ['login-refused', 'login-accepted'],
  blind: ['nodes-unseen', 'nodes-seen'],
  core: ['core-down', 'core-up'],
  recorder: ['recorder-stuck', 'recorder-moves'],
  restarts: ['core-restarts', 'core-calm'],
  node: ['node-down', 'node-recovered'],
  certificate: ['certificate-short', 'certificate-renewed'],
  pick: ['pick-down', 'pick-fine'],
  share: ['share-high', 'share-fine'],
};

/** What changed between two moments. `record` (null: not about a panel's nodes) tells why a node's trouble is over. */
export function changesBetween(
  before: readonly Condition[],
  after: readonly Condition[],
  record: PanelRecord | null,
  now: number,
): readonly PanelTransition[] {
  const was = new Map(before.map((each) => [each.key, each]));
  const is = new Map(after.map((each) => [each.key, each]));
  const changes: PanelTransition[] = [];
  for (const condition of after) {
    const old = was.get(condition.key);
    const [opened] = names[condition.kind];
    if (old === undefined) changes.push({ name: opened, change: 'opened', condition, at: now, ending: null });
    else if (differs(old, condition))
      changes.push({ name: opened, change: 'changed', condition, at: now, ending: null });
  }
  for (const condition of before) {
    if (is.has(condition.key)) continue;
    const { name, ending } = endOf(condition, record, now);
    changes.push({ name, change: 'closed', condition, at: now, ending });
  }
  return changes;
}

function differs(a: Condition, b: Condition): boolean {
  // That there is nothing more to advise is no news by itself.
  const advice = b.advice !== null && !sameReason(a.advice, b.advice);
  return a.level !== b.level || !sameReason(a.reason, b.reason) || advice;
}

function endOf(
  condition: Condition,
  record: PanelRecord | null,
  now: number,
): { name: TransitionName; ending: Reason } {
  const [, closed] = names[condition.kind];
  const minutes = Math.max(1, Math.round((now - condition.since) / 60_000));
  if (condition.kind !== 'node' || record === null)
    return { name: closed, ending: reason(`panel-over-${condition.kind}`, { minutes }) };
  const node = record.nodes.find((each) => `node:${each.id}` === condition.key);
  const name = condition.subject ?? '';
  if (node === undefined) return { name: 'node-gone', ending: reason('panel-over-node-gone', { node: name }) };
  if (node.state === 'disabled')
    return { name: 'node-disabled', ending: reason('panel-over-node-disabled', { node: name }) };
  return { name: closed, ending: reason('panel-over-node', { node: name, minutes }) };
}

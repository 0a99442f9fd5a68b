import type { Condition } from '../core/panel-condition.ts';
import type { PanelState } from '../core/panel-view.ts';
import { said } from './views.ts';

/** A panel as the endpoint tells it: everything but our inner words, with every reason in English beside its code. */
export function panelView(state: PanelState) {
  const { problem, conditions, error, nodes, coreLog, ...rest } = state;
  return {
    ...rest,
    problem: said(problem),
    conditions: conditions.map(conditionView),
    error: error === null ? null : { kind: error.kind, why: said(error.reason) },
    coreLog: coreLog === null ? null : { ...coreLog, why: said(coreLog.why) },
    nodes: nodes.map(({ trouble, ...node }) => ({
      ...node,
      trouble: trouble === null ? null : conditionView(trouble),
    })),
  };
}

function conditionView({ key, kind, subject, level, since, reason, advice }: Condition) {
  return { key, kind, subject, level, since, why: said(reason), advice: said(advice) };
}

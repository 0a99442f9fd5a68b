import { type IncidentInput, panelOf, panelService, type Subject } from '../core/incident.ts';
import type { Condition } from '../core/panel-condition.ts';
import type { PanelTransition } from '../core/panel-transition.ts';
import type { NodeView, PanelState } from '../core/panel-view.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Ledger } from './ledger.ts';

/**
 * What is wrong with panels, as incidents: one for each condition of each panel. `restartable`: what it runs as on this
 * host is known and can be restarted.
 */
export function createPanelIncidents(
  ledger: Pick<Ledger, 'commit' | 'open'>,
  restartable: (panel: string) => boolean = () => false,
) {
  function over(service: string, subject: Subject, resolution: 'recovered' | 'removed'): void {
    ledger.commit(service, [{ type: 'over', kind: 'panel', resolution, subject }]);
  }

  /** The shop bot has one choice; it may move to another panel without ever having been fine. */
  function endOtherPicks(id: string): void {
    for (const { service, subject } of ledger.open())
      if (subject?.key === 'pick' && service !== panelService(id)) over(service, subject, 'recovered');
  }

  /** Of a panel that is away nothing new is known. */
  function isOver(panel: PanelState, others: readonly Condition[], key: string): boolean {
    if (panel.reach === 'down' && key.startsWith('node:')) return false;
    return ![...panel.conditions, ...others].some((condition) => condition.key === key);
  }

  return {
    /** Called for each change that a panel shows. */
    onTransition(panel: PanelState, transition: PanelTransition): void {
      if (transition.change === 'noted') return;
      if (transition.condition.kind === 'pick' && transition.change !== 'closed') endOtherPicks(panel.id);
      ledger.commit(panelService(panel.id), [inputOf(panel, transition, restartable)]);
    },
    /** The manager tried to reconnect a node by itself, or knows how that went: told with the node's trouble. */
    onReconnect(panel: PanelState, node: string, news: ReconnectNews): void {
      // Only adds to an incident that is open: its own title and advice stay.
      const subject: Subject = { key: `node:${node}`, title: '', advice: null };
      ledger.commit(panelService(panel.id), [{ type: 'attempt', kind: 'panel', attempt: attemptOf(news), subject }]);
    },
    /** The panel is not asked any more: nobody will ever say that its problems are over. */
    onRemoved(id: string): void {
      for (const { service, subject } of ledger.open())
        if (service === panelService(id) && subject !== undefined) over(service, subject, 'removed');
    },
    /**
     * Ends what was open when the manager stopped and is not wrong any more. Called once, as soon as it is known which
     * panels there are and how they are: what changed while nobody looked is told by nobody else.
     */
    settle(panels: readonly PanelState[], others: readonly Condition[]): void {
      for (const { service, subject } of ledger.open()) {
        const id = panelOf(service);
        if (id === null || subject === undefined) continue;
        const panel = panels.find((each) => each.id === id);
        if (panel === undefined || !panel.active || panel.problem !== null) over(service, subject, 'removed');
        else if (isOver(panel, others, subject.key)) over(service, subject, 'recovered');
      }
    },
  };
}

export type PanelIncidents = ReturnType<typeof createPanelIncidents>;

/** Whom a node's trouble hits: its users where the panel counts them, else what it has carried today. */
function affectedBy({ nodes }: PanelState, { key }: Condition): Reason | null {
  const node = nodes.find(({ id }) => key === `node:${id}` || key === `restarts:${id}`);
  if (node === undefined) return null;
  if (node.usersOnline !== null && node.usersOnline > 0)
    return reason('panel-affects-users', { users: node.usersOnline });
  const carried = ({ today }: NodeView) => (today === null ? 0 : today.up + today.down);
  const all = nodes.reduce((sum, each) => sum + carried(each), 0);
  const percent = all === 0 ? 0 : Math.round((100 * carried(node)) / all);
  return percent === 0 ? null : reason('panel-affects-share', { percent });
}

type ReconnectNews =
  | { readonly step: 'tried'; readonly refusal: Reason | null }
  | { readonly step: 'helped' }
  | { readonly step: 'useless' };

function attemptOf(news: ReconnectNews): Reason {
  if (news.step !== 'tried') return reason(`panel-reconnect-${news.step}`);
  return news.refusal === null ? reason('panel-reconnect-tried') : reason('panel-reconnect-refused');
}

/** Where the advice is to restart the panel's container. */
const mendedByRestart: readonly string[] = [
  'panel-advice-container',
  'panel-advice-recorder',
  'panel-advice-all-down',
  'panel-advice-users-down',
];

function inputOf(
  panel: PanelState,
  transition: Exclude<PanelTransition, { change: 'noted' }>,
  restartable: (panel: string) => boolean,
): IncidentInput {
  const { condition, name } = transition;
  const { key, level, reason, advice } = condition;
  const title = condition.subject === null ? panel.name : `${panel.name} · ${condition.subject}`;
  const mends = advice !== null && mendedByRestart.includes(advice.code) && restartable(panel.id);
  const subject: Subject = {
    ...{ key, title, advice, affects: affectedBy(panel, condition) },
    ...(mends ? { remedy: 'restart-panel' as const } : {}),
  };
  if (transition.change !== 'closed')
    return { type: 'problem', kind: 'panel', level, reason, attempt: null, lines: [], subject };
  // Somebody took it off, in the panel: it did not come back.
  const gone = name === 'node-disabled' || name === 'node-gone';
  return {
    ...{ type: 'over', kind: 'panel', subject, ending: transition.ending },
    resolution: gone ? 'removed' : 'recovered',
  };
}

import { InlineKeyboard } from 'grammy';
import type { Panels } from '../../core/panel-control.ts';
import type { NodeView, PanelState } from '../../core/panel-view.ts';
import { may } from '../../core/role.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../../i18n.ts';
import { type CallbackData, encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { handleOf } from '../panel-handle.ts';
import { sayDuration, sayMetric, shorten } from '../say.ts';
import { healthIcon } from './service-line.ts';

export interface PanelScreen {
  readonly text: string;
  readonly buttons: InlineKeyboard;
}

/** Nodes on one page; what is wrong with a panel that is spelled out. */
const NODES = 8;
const PROBLEMS = 4;
const CERTIFICATES = 4;
/** More panels have no room in one message; the worst come first. */
const PANELS = 25;

const nodeIcons: Readonly<Record<NodeView['state'], string>> = {
  up: '🟢',
  connecting: '🟡',
  down: '🔴',
  disabled: '⚪️',
  limited: '🟠',
  unknown: '❔',
};

function adder(keyboard: InlineKeyboard, language: Language) {
  return (key: string, data: CallbackData) => keyboard.text(t(language, key), encode(data));
}

/** All panels, worst first; without one, how to get one. */
export function panelsScreen({ language }: ChatContext, panels: Panels): PanelScreen {
  const states = panels.states();
  const problem = panels.databaseProblem();
  const { botPick, pick } = panels.balance();
  const buttons = new InlineKeyboard();
  for (const state of states.slice(0, PANELS))
    buttons
      .text(
        `${iconOf(state)} ${shorten(state.name, 40)}`,
        encode({ kind: 'panel', panel: handleOf(state.id), page: 0 }),
      )
      .row();
  const add = adder(buttons, language);
  add('button-refresh', { kind: 'panels' });
  add('button-menu', { kind: 'home' });
  const lines = [
    `<b>${html(language, 'chat-panels')}</b>`,
    ...(problem === null ? [] : [`⚠️ ${html(language, 'panel-table-unread', { why: sayReason(language, problem) })}`]),
    ...(states.length === 0 ? [html(language, 'chat-panels-none')] : states.slice(0, PANELS).map(lineOf(language))),
    ...(botPick === null ? [] : ['', html(language, 'chat-panels-pick', { node: botPick.name })]),
    ...(pick === null || pick.name === botPick?.name
      ? []
      : [html(language, 'chat-panels-better', { node: pick.name })]),
  ];
  return { text: lines.join('\n'), buttons };
}

function iconOf(state: PanelState): string {
  if (!state.active) return '⚪️';
  return state.problem === null ? healthIcon[state.health] : '🔴';
}

function lineOf(language: Language) {
  return (state: PanelState): string => {
    const name = `${iconOf(state)} <b>${escapeHtml(shorten(state.name, 40))}</b>`;
    if (!state.active) return `${name}: ${html(language, 'chat-panel-inactive')}`;
    if (state.problem !== null) return `${name}: ${escapeHtml(sayReason(language, state.problem))}`;
    const nodes = html(language, 'chat-panel-nodes', { up: state.nodeCounts.up, total: state.nodeCounts.total });
    return `${name}: ${[...usersOf(language, state), nodes].join(' · ')}`;
  };
}

/** The users there are, and those online in the panel's own sense of the word. */
function usersOf(language: Language, { users, onlineWindowS }: PanelState): readonly string[] {
  if (users === null) return [];
  const total = users.total === null ? [] : [html(language, 'chat-panel-users', { users: users.total })];
  return users.online === null
    ? total
    : [...total, html(language, 'panel-online', { users: users.online, window: windowOf(onlineWindowS) })];
}

function windowOf(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  if (seconds === 0) return 'now';
  return seconds >= 86_400 ? 'day' : 'minutes';
}

/** One panel with a page of its nodes, worst first. */
export function panelScreen(
  { language, visitor }: ChatContext,
  state: PanelState,
  wanted: number,
  panels: Pick<Panels, 'runsAs' | 'autoReconnect'>,
): PanelScreen {
  const pages = Math.max(1, Math.ceil(state.nodes.length / NODES));
  const page = Math.min(wanted, pages - 1);
  const nodes = state.nodes.slice(page * NODES, (page + 1) * NODES);
  const panel = handleOf(state.id);
  const buttons = new InlineKeyboard();
  const add = adder(buttons, language);
  nodes.forEach((node, index) => {
    const label = `${iconOfNode(node)} ${shorten(node.name, 24)}`;
    buttons.text(label, encode({ kind: 'node', panel, node: node.id, page }));
    if (index % 2 === 1) buttons.row();
  });
  buttons.row();
  if (page > 0) add('button-previous', { kind: 'panel', panel, page: page - 1 });
  if (page < pages - 1) add('button-next', { kind: 'panel', panel, page: page + 1 });
  buttons.row();
  if (state.caps !== null && state.active) {
    add('button-chart', { kind: 'panel-chart', panel });
    add('button-find-user', { kind: 'find-user', panel });
  }
  if (state.caps?.actions.includes('restart-core') && may(visitor.role, 'act'))
    add('button-restart-core', { kind: 'core-do', panel });
  buttons.row();
  if (panels.runsAs(state.id) !== null && may(visitor.role, 'act'))
    add('button-restart-panel', { kind: 'host-do', panel });
  const reconnects = panels.autoReconnect(state.id);
  if (state.caps !== null && may(visitor.role, 'own'))
    add(reconnects ? 'button-reconnects-off' : 'button-reconnects-on', {
      ...{ kind: 'reconnects', panel },
      as: reconnects ? 'off' : 'on',
    });
  buttons.row();
  add('button-refresh', { kind: 'panel', panel, page });
  add('button-back', { kind: 'panels' });
  const lines = [
    lineOf(language)(state),
    ...problemLines(language, state),
    ...detailLines(language, state),
    ...rateLines(language, state.traffic.rate),
    ...(reconnects ? [html(language, 'chat-panel-reconnects')] : []),
    '',
    ...nodes.map(nodeLine(language)),
    ...(pages > 1 ? [html(language, 'chat-panel-page', { page: page + 1, pages })] : []),
  ];
  return { text: lines.join('\n'), buttons };
}

/** What one looks for when all is well: who the users are, what runs, how the host does, how long certificates last. */
function detailLines(language: Language, state: PanelState): readonly string[] {
  const { users, version, core, latencyMs, host, certificates, coreLog } = state;
  const counts = users === null ? [] : (['active', 'onHold', 'limited', 'expired', 'disabled'] as const);
  const byStatus = counts.flatMap((status) => {
    const count = users?.[status] ?? null;
    return count === null || count === 0 ? [] : [html(language, 'chat-panel-user-count', { status, count })];
  });
  const metric = (name: string, value: number, unit: 'ms' | '%') => sayMetric(language, { name, value, unit });
  const runs = [
    ...(version === null ? [] : [html(language, 'chat-panel-version', { version })]),
    ...(core.version === null ? [] : [html(language, 'chat-node-core', { version: core.version })]),
    ...(latencyMs === null ? [] : [html(language, 'chat-panel-latency', { latency: metric('', latencyMs, 'ms') })]),
  ];
  const load = [
    ...(host?.cpuPct == null ? [] : [html(language, 'chat-panel-cpu', { cpu: metric('', host.cpuPct, '%') })]),
    ...(host?.memUsed == null || !host.memTotal
      ? []
      : [html(language, 'chat-panel-memory', { memory: metric('', (host.memUsed / host.memTotal) * 100, '%') })]),
  ];
  const restarts = core.restartsLastHour;
  return [
    ...(byStatus.length === 0 ? [] : [html(language, 'chat-panel-of-users', { users: byStatus.join(', ') })]),
    ...(runs.length === 0 ? [] : [runs.join(' · ')]),
    ...(load.length === 0 ? [] : [html(language, 'chat-panel-host', { load: load.join(', ') })]),
    ...certificates
      .slice(0, CERTIFICATES)
      .map(({ host: name, daysLeft: days }) => html(language, 'chat-panel-certificate', { host: name, days })),
    ...(restarts === 0 ? [] : [html(language, 'chat-core-restarts', { restarts })]),
    ...(coreLog === null || coreLog.why === null
      ? []
      : [
          html(language, 'chat-panel-core-log', {
            ...{ followed: coreLog.followed, wanted: coreLog.wanted },
            why: sayReason(language, coreLog.why),
          }),
        ]),
  ];
}

function problemLines(language: Language, { conditions, error }: PanelState): readonly string[] {
  const said = conditions
    .slice(0, PROBLEMS)
    .flatMap(({ reason, advice }) => [
      `⚠️ ${escapeHtml(shorten(sayReason(language, reason), 250))}`,
      ...(advice === null ? [] : [`→ ${escapeHtml(shorten(sayReason(language, advice), 250))}`]),
    ]);
  if (said.length > 0 || error === null) return said;
  return [`⚠️ ${escapeHtml(shorten(sayReason(language, error.reason), 250))}`];
}

function rateLines(language: Language, { upBps, downBps }: PanelState['traffic']['rate']): readonly string[] {
  if (upBps === null || downBps === null) return [];
  return [html(language, 'chat-panel-rate', { up: bytes(language, upBps), down: bytes(language, downBps) })];
}

function bytes(language: Language, value: number): string {
  return sayMetric(language, { name: 'traffic', value, unit: 'bytes' });
}

function iconOfNode(node: NodeView): string {
  return node.trouble !== null && node.state === 'up' ? '🟡' : nodeIcons[node.state];
}

function nodeLine(language: Language) {
  return (node: NodeView): string => {
    const name = `${iconOfNode(node)} ${escapeHtml(shorten(node.name, 40))}`;
    const parts = [
      ...(node.state === 'up' ? [] : [html(language, 'node-state', { state: node.state })]),
      ...(node.usersOnline === null ? [] : [html(language, 'panel-online', { users: node.usersOnline, window: '' })]),
      ...(node.today === null
        ? []
        : [html(language, 'chat-node-day', { traffic: bytes(language, node.today.up + node.today.down) })]),
      ...(node.excluded ? [html(language, 'chat-node-excluded')] : []),
    ];
    return parts.length === 0 ? name : `${name}: ${parts.join(' · ')}`;
  };
}

/** One node. `page`: of the panel one came from. */
export function nodeScreen(
  ctx: ChatContext,
  state: PanelState,
  node: NodeView,
  page: number,
  now: number,
): PanelScreen {
  const { language, visitor } = ctx;
  const panel = handleOf(state.id);
  const buttons = new InlineKeyboard();
  const add = adder(buttons, language);
  const actions = may(visitor.role, 'act') ? (state.caps?.actions ?? []) : [];
  for (const action of ['reconnect-node', 'enable-node', 'disable-node'] as const) {
    const sensible = (action === 'enable-node') === (node.state === 'disabled');
    if (sensible && actions.includes(action))
      add(`button-${action}`, { kind: 'node-do', action, panel, node: node.id });
  }
  buttons.row();
  add('button-chart', { kind: 'node-chart', panel, node: node.id });
  add('button-refresh', { kind: 'node', panel, node: node.id, page });
  add('button-back', { kind: 'panel', panel, page });
  const { trouble, today } = node;
  const window = windowOf(state.caps?.nodeOnlineWindowS ?? null);
  const lines = [
    `${iconOfNode(node)} <b>${escapeHtml(node.name)}</b> · ${escapeHtml(state.name)}`,
    html(language, 'chat-node-since', {
      state: t(language, 'node-state', { state: node.state }),
      for: sayDuration(language, Math.max(0, now - node.since)),
      address: node.address,
    }),
    ...(trouble === null ? [] : [`⚠️ ${escapeHtml(shorten(sayReason(language, trouble.reason), 400))}`]),
    ...(trouble?.advice == null ? [] : [`→ ${escapeHtml(shorten(sayReason(language, trouble.advice), 400))}`]),
    ...(node.usersOnline === null ? [] : [html(language, 'panel-online', { users: node.usersOnline, window })]),
    ...(today === null ? [] : [html(language, 'chat-node-today', { traffic: bytes(language, today.up + today.down) })]),
    ...rateLines(language, node.rate),
    ...(node.availableToday === null
      ? []
      : [html(language, 'chat-node-available', { share: `${(node.availableToday * 100).toFixed(1)} %` })]),
    ...(node.restartsLastHour === 0 ? [] : [html(language, 'chat-core-restarts', { restarts: node.restartsLastHour })]),
    ...(node.coreVersion === null ? [] : [html(language, 'chat-node-core', { version: node.coreVersion })]),
    ...(node.excluded ? [html(language, 'chat-node-excluded')] : []),
  ];
  return { text: lines.join('\n'), buttons };
}

import { type Balance, type BalancePanel, balance, balancePolicy } from '../core/load-balance.ts';
import type { Condition } from '../core/panel-condition.ts';
import type { PanelActions, PanelHost, Panels } from '../core/panel-control.ts';
import type { PanelRecord } from '../core/panel-health.ts';
import type { NodeRecord } from '../core/panel-node.ts';
import { changesBetween, type PanelTransition } from '../core/panel-transition.ts';
import type { PanelState } from '../core/panel-view.ts';
import type { Reason } from '../core/reason.ts';
import { createPanelActions } from './actions.ts';
import type { Calendar } from './calendar.ts';
import type { PanelSource } from './panel.ts';
import { createPanelPoller, type Look, type PanelPoller } from './poller.ts';
import type { Reach } from './reach.ts';
import type { ReconnectNews } from './reconnects.ts';
import { createAdapter } from './registry.ts';
import type { SourceList } from './sources.ts';
import { unaskedState } from './state.ts';
import type { TokenStore } from './token-store.ts';

/** What is remembered of panels between two runs of the manager. */
export interface PanelRecords {
  load(id: string): PanelRecord | null;
  save(id: string, record: PanelRecord): void;
}

export interface FleetOptions {
  readonly sources: { load(): Promise<SourceList> };
  readonly tokens: TokenStore;
  readonly records: PanelRecords;
  readonly calendar: Calendar;
  readonly clock: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** What owners chose in the chat; null: nothing. */
  readonly choices?: { get(panel: string): boolean | null; set(panel: string, on: boolean): void };
  /** What a panel runs as on this host; `alone`: it is the only one that is asked. */
  readonly hostOf?: (source: PanelSource, alone: boolean) => PanelHost | null;
  /** Share of a panel's traffic (0 to 1) above which one node is told of. */
  readonly share?: () => number;
  readonly reach?: Reach;
  /** Whether this host has no network; not asked about panels on the host itself. */
  readonly isOffline?: (source: PanelSource) => Promise<boolean>;
  /** What changed for an operator, with the panel as it is now. */
  readonly onTransition: (panel: PanelState, transition: PanelTransition) => void;
  /** An automatic reconnect, and how it went. */
  readonly onReconnect?: (panel: PanelState, node: NodeRecord, news: ReconnectNews) => void;
  /** A panel that is not asked any more (no longer described, or switched off): its open problems are over. */
  readonly onRemoved: (id: string) => void;
  readonly onError: (error: unknown, where: string) => void;
}

export interface PanelFleet extends Panels {
  /** Drives everything; call it each second. */
  tick(now: number): void;
  /** Reads the sources now; done by itself, so that no change waits for longer than a minute. */
  reload(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** A change in the shop's table is seen within a minute, whatever reading it takes, ms. */
const RELOAD_EVERY = 50_000;
/** A table that could not be read is tried again this soon, ms: after a reboot the database may come last. */
const RELOAD_AGAIN = 15_000;
/** What a crash may cost of "since when". */
const SAVE_EVERY = 60_000;

const looks: readonly Look[] = ['probe', 'certificates', 'nodes', 'core', 'overview', 'traffic', 'month', 'reach'];

interface Member {
  readonly source: PanelSource;
  /** Null: not asked. */
  readonly poller: PanelPoller | null;
  readonly actions: PanelActions | null;
  savedAt: number;
}

/** Every panel there is, each with its own state: one that fails never hides another. */
export function createPanelFleet(options: FleetOptions): PanelFleet {
  const { sources, tokens, records, clock, onTransition, onError } = options;
  const members = new Map<string, Member>();
  let order: readonly string[] = [];
  let databaseProblem: Reason | null = null;
  let loading: Promise<void> | null = null;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let balanced: Balance = { rows: [], botPick: null, pick: null, conditions: [] };
  let stopped = false;

  function reload(): Promise<void> {
    loading ??= sources
      .load()
      .then(reconcile)
      .catch((error: unknown) => onError(error, 'sources'))
      .finally(() => {
        loadedAt = clock();
        loading = null;
      });
    return loading;
  }

  async function reconcile(list: SourceList): Promise<void> {
    if (stopped) return;
    databaseProblem = list.databaseProblem;
    const wanted = new Map(list.panels.map((source) => [source.id, source]));
    for (const [id, member] of members) {
      const source = wanted.get(id);
      if (source !== undefined && sameSource(source, member.source)) continue;
      members.delete(id);
      if (member.poller !== null) records.save(id, member.poller.record());
      await member.poller?.stop();
      if (source === undefined || !asked(source)) options.onRemoved(id);
    }
    for (const [id, source] of wanted) if (!members.has(id)) members.set(id, join(source));
    order = [...wanted.keys()];
    rebalance();
  }

  function join(source: PanelSource): Member {
    if (!asked(source)) return { source, poller: null, actions: null, savedAt: 0 };
    const { calendar, random, sleep, reach, isOffline } = options;
    const adapter = createAdapter({ source, tokens, clock });
    const poller = createPanelPoller({
      source,
      adapter,
      calendar,
      clock,
      random,
      autoReconnect: () => options.choices?.get(source.id) ?? source.autoReconnect,
      record: records.load(source.id),
      ...(reach === undefined ? {} : { reach }),
      ...(isOffline === undefined ? {} : { isOffline: () => isOffline(source) }),
      onState: (state, transitions) => observed(source.id, state, transitions),
      onReconnect: (node, news) => {
        const state = stateOf(source.id);
        if (state !== null) options.onReconnect?.(state, node, news);
      },
      onError: (error, job) => onError(error, `${source.id}/${job}`),
    });
    const actions = createPanelActions({ adapter, poller, host: () => hostOf(source), clock, sleep });
    return { source, poller, actions, savedAt: clock() };
  }

  function hostOf(source: PanelSource): PanelHost | null {
    const alone = [...members.values()].filter((member) => member.poller !== null).length === 1;
    return options.hostOf?.(source, alone) ?? null;
  }

  function observed(id: string, state: PanelState, transitions: readonly PanelTransition[]): void {
    const member = members.get(id);
    if (member?.poller == null) return;
    if (transitions.length > 0 || clock() - member.savedAt >= SAVE_EVERY) {
      records.save(id, member.poller.record());
      member.savedAt = clock();
    }
    for (const transition of transitions) onTransition(state, transition);
  }

  function stateOf(id: string): PanelState | null {
    const member = members.get(id);
    if (member === undefined) return null;
    return member.poller?.state() ?? unaskedState(member.source, clock());
  }

  function states(): readonly PanelState[] {
    return order.flatMap((id) => stateOf(id) ?? []).sort((a, b) => badness(b) - badness(a));
  }

  function rebalance(): void {
    const before = balanced.conditions;
    balanced = balance(
      order.flatMap((id) => balancePanel(stateOf(id))),
      { ...balancePolicy, share: options.share?.() ?? balancePolicy.share },
      before,
      clock(),
    );
    for (const transition of changesBetween(before, balanced.conditions, null, clock())) {
      if (transition.change === 'noted') continue;
      const state = stateOf(panelOf(transition.condition));
      if (state !== null) onTransition(state, transition);
    }
  }

  function panelOf({ key, reason }: Condition): string {
    if (key.startsWith('share:')) return key.split(':')[1] ?? '';
    return String(reason.args?.panel ?? '');
  }

  async function check(id: string): Promise<PanelState | null> {
    const poller = members.get(id)?.poller;
    for (const look of poller == null ? [] : looks) await poller?.look(look);
    return stateOf(id);
  }

  let balancedAt = Number.NEGATIVE_INFINITY;

  return {
    states,
    state: stateOf,
    check,
    reload,
    balance: () => balanced,
    databaseProblem: () => databaseProblem,
    actions: (id) => members.get(id)?.actions ?? null,
    runsAs: (id) => {
      const member = members.get(id);
      return member?.poller == null ? null : (hostOf(member.source)?.title ?? null);
    },
    autoReconnect: (id) => options.choices?.get(id) ?? members.get(id)?.source.autoReconnect ?? false,
    setAutoReconnect: (id, on) => options.choices?.set(id, on),
    tick: (now) => {
      if (stopped) return;
      if (loading === null && now - loadedAt >= (databaseProblem === null ? RELOAD_EVERY : RELOAD_AGAIN)) void reload();
      for (const member of members.values()) member.poller?.tick(now);
      if (now - balancedAt < BALANCE_EVERY) return;
      balancedAt = now;
      rebalance();
    },
    idle: async () => {
      await loading;
      await Promise.all([...members.values()].map((member) => member.poller?.idle()));
    },
    stop: async () => {
      stopped = true;
      await loading;
      for (const [id, { poller }] of members) if (poller !== null) records.save(id, poller.record());
      await Promise.all([...members.values()].map((member) => member.poller?.stop()));
    },
  };
}

/** The bot keeps its numbers for 120 s; ours need not be quicker. */
const BALANCE_EVERY = 15_000;

function asked(source: PanelSource): boolean {
  return source.active && source.problem === null;
}

function sameSource(a: PanelSource, b: PanelSource): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function badness(state: PanelState): number {
  if (!state.active) return -1;
  if (state.problem !== null) return 4;
  return { unhealthy: 3, degraded: 2, unknown: 1, healthy: 0 }[state.health];
}

/** Down is what is confirmed to be, or switched off: one odd look at a node is no reason to warn of the bot's choice. */
function carries({ state, trouble }: PanelState['nodes'][number]): boolean {
  return trouble === null && (state === 'up' || state === 'connecting' || state === 'down');
}

function balancePanel(state: PanelState | null): readonly BalancePanel[] {
  if (state === null) return [];
  const reachable = state.reach === 'up';
  // In the panel's own order, which decides between equals: its nodes are numbered in it.
  const nodes = [...state.nodes].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  return [
    {
      id: state.id,
      priority: state.priority,
      counted: state.active && state.problem === null && reachable,
      reachable,
      activeUsers: state.users?.active ?? null,
      excludedNodeNames: state.excludedNodeNames,
      nodes: nodes.map((node) => ({
        panel: state.id,
        id: node.id,
        name: node.name,
        coefficient: node.coefficient,
        monthBytes: node.monthBytes,
        dayBytes: node.today === null ? null : node.today.up + node.today.down,
        usersOnline: node.usersOnline,
        up: carries(node),
      })),
    },
  ];
}

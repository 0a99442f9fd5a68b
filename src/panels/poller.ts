import type { Answer, PanelErrorKind, PanelNode, PanelOverview } from '../core/panel.ts';
import { newPanel, observePanel, type PanelRecord, type PanelSight, type Question } from '../core/panel-health.ts';
import type { NodeRecord } from '../core/panel-node.ts';
import { type PanelPolicy, panelPolicy } from '../core/panel-policy.ts';
import type { PanelTransition } from '../core/panel-transition.ts';
import type { PanelState } from '../core/panel-view.ts';
import type { Calendar } from './calendar.ts';
import { certificateUntil } from './certificate.ts';
import { createCoreLogs } from './core-logs.ts';
import { createJobs, type Job } from './jobs.ts';
import type { PanelAdapter, PanelSource, Probe } from './panel.ts';
import { type Reach, reachPort } from './reach.ts';
import { createReconnects, type ReconnectNews } from './reconnects.ts';
import { panelState } from './state.ts';
import { createMeter, type TotalsByNode, totalsOf, unknownRate } from './traffic.ts';

export interface PollerOptions {
  readonly source: PanelSource;
  readonly adapter: PanelAdapter;
  /** Epoch ms. */
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly calendar: Calendar;
  /** What an earlier manager remembered of this panel. */
  readonly record?: PanelRecord | null;
  readonly policy?: PanelPolicy;
  readonly reach?: Reach;
  /** Whether this host has no network, so that a panel's silence proves nothing; asked when one does not answer. */
  readonly isOffline?: () => Promise<boolean>;
  /** Whether it reconnects nodes by itself now; never by default. */
  readonly autoReconnect?: () => boolean;
  /** After each thing learned; `transitions` are mostly none. */
  readonly onState: (state: PanelState, transitions: readonly PanelTransition[]) => void;
  /** An automatic reconnect, and how it went. */
  readonly onReconnect?: (node: NodeRecord, news: ReconnectNews) => void;
  /** A bug, not a panel's fault. */
  readonly onError: (error: unknown, job: string) => void;
}

export type Look = 'nodes' | 'core' | 'overview' | 'traffic' | 'month' | 'probe' | 'reach' | 'certificates';

export interface PanelPoller {
  /** Asks what is due; call it each second. */
  tick(now: number): void;
  /** Asks this now and resolves when the answer is in the state. */
  look(what: Look): Promise<void>;
  state(): PanelState;
  record(): PanelRecord;
  /** Somebody restarts xray on a node (null: of the whole panel): its start is no surprise. */
  expect(node: string | null): void;
  /** Resolves when nothing is under way; logs that are followed do not count. */
  idle(): Promise<void>;
  /** Ends what is under way; the adapter is closed too. */
  stop(): Promise<void>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/**
 * Where a node's port never answered us, nothing but the panel tells of its death: asked so often (ms, a tenth more or
 * less), the panel's own 10 s, this and the second look after 15 s make less than 35 s.
 */
const UNAIDED_POLL = 8 * SECOND;
/** While a node that we cannot reach any more is still "connected" to the panel, ms. */
const SUSPICIOUS_POLL = 5 * SECOND;
/** For so long after a port has fallen silent, ms. */
const SUSPICION = 45 * SECOND;
/** A port that never answered is likely open to the panel alone: it is tried this seldom, ms. */
const NEVER_REACHED = 10 * MINUTE;
const REACH_AT_ONCE = 8;
/** Failures of the node list alone: the rest may be told all the same. */
const speaks: readonly PanelErrorKind[] = ['forbidden', 'not_found', 'refused', 'server_error', 'bad_response'];

/** Looks after one panel: asks it in its rhythm, folds the answers, tells what changed. */
export function createPanelPoller(options: PollerOptions): PanelPoller {
  const { source, adapter, clock, random, calendar, onState, onError } = options;
  const {
    policy = panelPolicy,
    reach = reachPort,
    autoReconnect = () => false,
    isOffline = async () => false,
  } = options;
  let record = options.record ?? newPanel(clock());
  let nodes: readonly PanelNode[] = [];
  let overview: PanelOverview | null = null;
  let probe: Probe | null = null;
  let today: TotalsByNode | null = null;
  let month: TotalsByNode | null = null;
  const meter = createMeter();
  const nodeMeters = new Map<string, ReturnType<typeof createMeter>>();
  const tried = new Map<string, number>();
  const silentSince = new Map<string, number>();

  const reconnects = createReconnects({
    ...{ enabled: autoReconnect, clock, before: record },
    reconnect: (node, signal) => {
      logs.expect(node);
      return adapter.act({ action: 'reconnect-node', node }, signal);
    },
    tell: (node, news) => options.onReconnect?.(node, news),
  });

  function see(sight: PanelSight): void {
    const now = clock();
    const step = observePanel(record, sight, now, calendar.day(now), policy);
    record = step.record;
    onState(state(), step.transitions);
  }

  /** What to make of an answer, and how a failure is told. */
  async function take<T>(asked: Question, got: Answer<T>, use: (value: T) => PanelSight): Promise<void> {
    if (!got.ok && !speaks.includes(got.error.kind) && (await isOffline())) return;
    see(got.ok ? use(got.value) : { saw: 'failure', asked, error: got.error });
    if (!got.ok && got.error.kind === 'rate_limited') jobs.at(asked, clock() + MINUTE);
  }

  /** Whether asking more than the nodes makes sense: a panel that hangs is asked one thing at a time. */
  function answers(): boolean {
    const held = record.failing.nodes?.error.kind;
    return held === undefined ? record.answeredAt !== null : speaks.includes(held);
  }

  const list: readonly Job[] = [
    { name: 'nodes', every: 15 * SECOND, run: lookAtNodes },
    {
      name: 'core',
      every: 15 * SECOND,
      when: () => adapter.caps.coreStatus && answers(),
      run: async (signal) => take('core', await adapter.core(signal), (core) => ({ saw: 'core', core })),
    },
    { name: 'overview', every: 30 * SECOND, when: answers, run: lookAtOverview },
    { name: 'traffic', every: MINUTE, when: answers, run: lookAtTraffic },
    { name: 'month', every: 10 * MINUTE, when: () => answers() && nodes.length > 0, run: lookAtMonth },
    { name: 'probe', every: HOUR, run: lookFromOutside },
    { name: 'reach', every: 15 * SECOND, run: reachNodes },
    { name: 'certificates', every: 6 * HOUR, run: lookAtCertificates },
  ];
  const jobs = createJobs(list, clock, random, onError);
  const logs = createCoreLogs({
    ...{ mode: source.coreLogs, adapter, clock, random },
    record: () => record,
    onStart: (node) => see({ saw: 'start', node }),
    onError: (error) => onError(error, 'logs'),
  });

  async function lookAtNodes(signal: AbortSignal): Promise<void> {
    const got = await adapter.nodes(signal);
    await take('nodes', got, (value) => {
      nodes = value;
      return { saw: 'nodes', nodes: value };
    });
    const soon = nextNodesPoll();
    if (soon !== null) jobs.at('nodes', soon);
    if (got.ok) await reconnects.look(record, signal);
  }

  /** Sooner than usual: to confirm a fault as early as the rule allows, and while a node is suspected. */
  function nextNodesPoll(): number | null {
    const now = clock();
    const failing = record.failing.nodes;
    if (failing !== undefined && failing.error.kind === 'rate_limited') return null;
    // The second look that the rule asks for; when that met the panel's own retry ("connecting"), soon again.
    const signs = [
      ...(failing !== undefined && record.reach !== 'down' ? [failing.since] : []),
      ...record.nodes.flatMap((node) => (node.errorAt !== null && node.trouble === null ? [node.errorAt] : [])),
    ];
    if (signs.length > 0) return Math.max(Math.min(...signs) + policy.confirm, now + SUSPICIOUS_POLL);
    const suspected = record.nodes.some((node) => node.state === 'up' && suspicious(node, now));
    if (suspected) return now + SUSPICIOUS_POLL;
    const unaided = record.nodes.some((node) => node.state !== 'disabled' && !node.wasReachable && tried.has(node.id));
    return unaided ? now + UNAIDED_POLL * (0.9 + 0.2 * random()) : null;
  }

  function suspicious(node: NodeRecord, now: number): boolean {
    const since = silentSince.get(node.id);
    return since !== undefined && now - since < SUSPICION;
  }

  async function lookAtOverview(signal: AbortSignal): Promise<void> {
    await take('overview', await adapter.overview(signal), (value) => {
      overview = value;
      const { upBytes, downBytes } = value.traffic;
      if (upBytes !== null && downBytes !== null) meter.add(clock(), upBytes, downBytes);
      return { saw: 'overview', overview: value };
    });
  }

  async function lookAtTraffic(signal: AbortSignal): Promise<void> {
    const got = await adapter.nodeTraffic(calendar.dayStart(clock()), signal);
    await take('traffic', got, (traffic) => {
      today = totalsOf(traffic);
      for (const [id, { up, down }] of today) meterOf(id).add(clock(), up, down);
      return { saw: 'traffic', traffic };
    });
  }

  async function lookAtMonth(signal: AbortSignal): Promise<void> {
    const got = await adapter.nodeTraffic(clock() - 30 * DAY, signal);
    await take('traffic', got, (traffic) => {
      month = totalsOf(traffic);
      return { saw: 'traffic', traffic };
    });
  }

  /** Needs no login, so its failure proves nothing that the others do not. */
  async function lookFromOutside(signal: AbortSignal): Promise<void> {
    const got = await adapter.probe(signal);
    if (got.ok) probe = got.value;
    else jobs.at('probe', clock() + 5 * MINUTE);
    onState(state(), []);
  }

  async function lookAtCertificates(signal: AbortSignal): Promise<void> {
    const own = source.baseUrl.startsWith('https:') ? [new URL(source.baseUrl).host] : [];
    for (const host of new Set([...own, ...source.certificateHosts])) {
      const until = await certificateUntil(host, signal);
      if (until.ok) see({ saw: 'certificate', host, notAfter: until.value });
    }
  }

  async function reachNodes(signal: AbortSignal): Promise<void> {
    const now = clock();
    const due = record.nodes.filter((node) => node.state !== 'disabled' && node.port !== null && dueToReach(node, now));
    const waiting = [...due];
    const worker = async () => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await reachNode(node, signal);
    };
    await Promise.all(Array.from({ length: Math.min(REACH_AT_ONCE, due.length) }, worker));
  }

  function dueToReach(node: NodeRecord, now: number): boolean {
    const last = tried.get(node.id);
    return node.wasReachable || last === undefined || now - last >= NEVER_REACHED;
  }

  async function reachNode(node: NodeRecord, signal: AbortSignal): Promise<void> {
    if (node.port === null) return;
    const reachable = await reach(node.address, node.port, signal);
    if (signal.aborted || (!reachable && (await isOffline()))) return;
    tried.set(node.id, clock());
    if (reachable) silentSince.delete(node.id);
    else if (node.wasReachable && !silentSince.has(node.id)) {
      silentSince.set(node.id, clock());
      // The panel may not know yet: look soon.
      jobs.at('nodes', clock());
    }
    if (reachable !== node.reachable) see({ saw: 'reach', node: node.id, reachable });
  }

  function meterOf(id: string) {
    const known = nodeMeters.get(id);
    if (known !== undefined) return known;
    const fresh = createMeter();
    nodeMeters.set(id, fresh);
    return fresh;
  }

  function state(): PanelState {
    const now = clock();
    const nodeRates = new Map([...nodeMeters].map(([id, each]) => [id, each.rate()]));
    const rate = overview === null ? unknownRate : meter.rate();
    const gathered = { record, nodes, overview, probe, rate, today, nodeRates, month, coreLog: logs.view() };
    return panelState(source, adapter.caps, gathered, policy, now, calendar.day(now));
  }

  return {
    state,
    record: () => record,
    tick: (now) => {
      jobs.tick(now);
      logs.tick(now);
    },
    expect: logs.expect,
    look: jobs.now,
    idle: jobs.idle,
    stop: async () => {
      adapter.close();
      await Promise.all([jobs.stop(), logs.stop()]);
    },
  };
}

import type { NodeTraffic, PanelCore, PanelError, PanelErrorKind, PanelNode, PanelOverview } from './panel.ts';
import { addSpan } from './panel-availability.ts';
import { type Certificate, foldCertificate } from './panel-certificate.ts';
import { conditionsOf } from './panel-condition.ts';
import { foldNode, type NodeRecord } from './panel-node.ts';
import type { PanelPolicy } from './panel-policy.ts';
import { foldRestarts, noRestarts, type RestartRecord } from './panel-restarts.ts';
import { changesBetween, type PanelTransition, type TransitionName } from './panel-transition.ts';

/** What was asked of a panel; each has its own rhythm. */
export type Question = 'nodes' | 'core' | 'overview' | 'traffic';

/** One thing learned of a panel. */
export type PanelSight =
  | { readonly saw: 'nodes'; readonly nodes: readonly PanelNode[] }
  | { readonly saw: 'core'; readonly core: PanelCore }
  | { readonly saw: 'overview'; readonly overview: PanelOverview }
  | { readonly saw: 'traffic'; readonly traffic: readonly NodeTraffic[] }
  | { readonly saw: 'failure'; readonly asked: Question; readonly error: PanelError }
  /** Our own connection to a node's port. */
  | { readonly saw: 'reach'; readonly node: string; readonly reachable: boolean }
  /** `notAfter` epoch ms. */
  /** Its log says that xray has started; `node` null: the panel's own. */
  | { readonly saw: 'start'; readonly node: string | null }
  | { readonly saw: 'certificate'; readonly host: string; readonly notAfter: number };

export interface Failing {
  /** First failure since the last answer. */
  readonly since: number;
  readonly at: number;
  readonly error: PanelError;
}

export interface CoreRecord {
  readonly running: boolean | null;
  readonly version: string | null;
  readonly downAt: number | null;
  /** Confirmed by a second poll. */
  readonly down: boolean;
  readonly upAt: number | null;
  /** Times it was seen not running after it ran; kept for an hour. */
  readonly stops: readonly number[];
  readonly restarts: RestartRecord;
}

/** The traffic counter that has to move while users are online. */
export interface RecorderRecord {
  readonly total: number | null;
  /** When it last moved (or was first seen). */
  readonly movedAt: number;
  /** It moved once while we looked: a panel that never does may have nothing to count. */
  readonly moved: boolean;
  readonly stuck: boolean;
  readonly online: number | null;
}

/** All that is remembered of one panel between two polls. Plain data: it may be stored and taken up again. */
export interface PanelRecord {
  readonly reach: 'unknown' | 'up' | 'down';
  readonly reachSince: number;
  readonly answeredAt: number | null;
  /** First of the answers in a row since the last failure. */
  readonly answeringSince: number | null;
  /** The last failure to answer at all; kept until long after the next answer. */
  readonly lastError: PanelError | null;
  /** Per question: what fails now. */
  readonly failing: Readonly<Partial<Record<Question, Failing>>>;
  readonly login: 'unknown' | 'ok' | 'rejected' | 'unauthorized' | 'forbidden';
  readonly loginSince: number;
  readonly core: CoreRecord;
  readonly recorder: RecorderRecord | null;
  /** In the panel's order. */
  readonly nodes: readonly NodeRecord[];
  readonly certificates: readonly Certificate[];
}

/** Before anything was asked. */
export function newPanel(now: number): PanelRecord {
  return {
    reach: 'unknown',
    reachSince: now,
    answeredAt: null,
    answeringSince: null,
    lastError: null,
    failing: {},
    login: 'unknown',
    loginSince: now,
    core: { running: null, version: null, downAt: null, down: false, upAt: null, stops: [], restarts: noRestarts },
    recorder: null,
    nodes: [],
    certificates: [],
  };
}

export interface PanelStep {
  readonly record: PanelRecord;
  readonly transitions: readonly PanelTransition[];
}

/**
 * What one sight makes of a panel: the next record, and what has changed for an operator. `day` is the calendar day of
 * `now` where he lives. Nothing is concluded from the absence of a sight; nothing from a single failure.
 */
export function observePanel(
  before: PanelRecord,
  sight: PanelSight,
  now: number,
  day: string,
  policy: PanelPolicy,
): PanelStep {
  const record = fold(before, sight, now, day, policy);
  const transitions = changesBetween(conditionsOf(before, policy), conditionsOf(record, policy), record, now);
  const stopped = before.core.running === true && record.core.running === false;
  const restarted = sight.saw === 'start' && record !== before;
  const note = (name: TransitionName): PanelTransition => ({ name, change: 'noted', condition: null, at: now });
  const notes = [...(stopped ? [note('core-seen-stopped')] : []), ...(restarted ? [note('core-seen-started')] : [])];
  return { record, transitions: [...transitions, ...notes] };
}

/** A start so soon after something came up is part of that, ms. */
const SETTLING = 60_000;

/** Only what restarts while panel and core were up is a surprise. */
function foldOwnStart(before: PanelRecord, now: number): PanelRecord {
  const { core } = before;
  const settled = before.reach === 'up' && now - before.reachSince >= SETTLING && core.upAt !== null;
  if (!settled || now - (core.upAt ?? now) < SETTLING) return before;
  return { ...before, core: { ...core, restarts: foldRestarts(core.restarts, true, now) } };
}

function foldNodeStart(before: PanelRecord, id: string, now: number): PanelRecord {
  const settled = before.nodes.some((node) => node.id === id && node.state === 'up' && now - node.since >= SETTLING);
  if (!settled) return before;
  const nodes = before.nodes.map((node) =>
    node.id === id ? { ...node, restarts: foldRestarts(node.restarts, true, now) } : node,
  );
  return { ...before, nodes };
}

function fold(before: PanelRecord, sight: PanelSight, now: number, day: string, policy: PanelPolicy): PanelRecord {
  switch (sight.saw) {
    case 'failure':
      return foldFailure(before, sight.asked, sight.error, now, day, policy);
    case 'reach':
      return {
        ...before,
        nodes: before.nodes.map((node) => (node.id === sight.node ? reached(node, sight.reachable) : node)),
      };
    case 'start':
      return sight.node === null ? foldOwnStart(before, now) : foldNodeStart(before, sight.node, now);
    case 'certificate':
      return { ...before, certificates: foldCertificate(before.certificates, sight.host, sight.notAfter, now) };
    case 'nodes': {
      const known = new Map(before.nodes.map((node) => [node.id, node]));
      const nodes = sight.nodes.map((node) => foldNode(known.get(node.id) ?? null, node, policy, now, day));
      return {
        ...answered(before, 'nodes', now, policy),
        login: 'ok',
        loginSince: loginSince(before, 'ok', now),
        nodes,
      };
    }
    case 'core':
      return { ...answered(before, 'core', now, policy), core: foldCore(before.core, sight.core, policy, now) };
    case 'overview': {
      const next = answered(before, 'overview', now, policy);
      return { ...next, recorder: foldRecorder(next, sight.overview, now, policy) };
    }
    case 'traffic':
      return answered(before, 'traffic', now, policy);
  }
}

function reached(node: NodeRecord, reachable: boolean): NodeRecord {
  return { ...node, reachable, wasReachable: node.wasReachable || reachable };
}

function loginSince(before: PanelRecord, login: PanelRecord['login'], now: number): number {
  return before.login === login ? before.loginSince : now;
}

/** Failures that say nothing about the panel itself. */
const ours: readonly PanelErrorKind[] = ['busy', 'cancelled'];
/** Failures of the panel to answer at all, or sensibly. */
const absent: readonly PanelErrorKind[] = [
  'unreachable',
  'tls',
  'timeout',
  'bad_response',
  'server_error',
  'rate_limited',
];

const logins: Readonly<Partial<Record<PanelErrorKind, PanelRecord['login']>>> = {
  auth_rejected: 'rejected',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
};

function foldFailure(
  before: PanelRecord,
  asked: Question,
  error: PanelError,
  now: number,
  day: string,
  policy: PanelPolicy,
): PanelRecord {
  if (ours.includes(error.kind)) return before;
  const last = before.failing[asked];
  const failing = { ...before.failing, [asked]: { since: last?.since ?? now, at: now, error } };
  if (!absent.includes(error.kind)) {
    // It did answer: with a refusal.
    const login = logins[error.kind] ?? before.login;
    return { ...back(before, now, policy), failing, login, loginSince: loginSince(before, login, now) };
  }
  const record: PanelRecord = { ...before, failing, lastError: error, answeringSince: null };
  if (before.reach === 'down') return { ...record, nodes: unseen(before, now, day) };
  // Every question that was asked since the last answer counts, so that one that always fails alone proves nothing.
  const silentSince = Math.min(
    ...Object.values(failing).flatMap((each) => (each.since > (before.answeredAt ?? 0) ? [each.since] : [])),
    now,
  );
  const needed = error.kind === 'rate_limited' ? policy.limited : policy.confirm;
  const down = now - silentSince >= needed;
  return down ? { ...record, reach: 'down', reachSince: silentSince } : record;
}

/** While the panel is down its nodes carry nobody: that is unavailable time of theirs too. */
function unseen(before: PanelRecord, now: number, day: string): readonly NodeRecord[] {
  const last = Math.max(...Object.values(before.failing).map((each) => each.at), before.reachSince);
  return before.nodes.map((node) =>
    node.state === 'disabled' ? node : { ...node, days: addSpan(node.days, day, now - last, false) },
  );
}

function answered(before: PanelRecord, asked: Question, now: number, policy: PanelPolicy): PanelRecord {
  const { [asked]: _over, ...failing } = before.failing;
  return { ...back(before, now, policy), failing, answeredAt: now };
}

/** An answer of any kind. A panel that was down is back when it has answered for as long as it takes to be called down. */
function back(before: PanelRecord, now: number, policy: PanelPolicy): PanelRecord {
  const answeringSince = before.answeringSince ?? now;
  const up = before.reach === 'unknown' || (before.reach === 'down' && now - answeringSince >= policy.confirm);
  return up ? { ...before, answeringSince, reach: 'up', reachSince: now } : { ...before, answeringSince };
}

/** Stops are counted for so long, ms. */
const STOPS_KEPT = 3_600_000;

function foldCore(before: CoreRecord, core: PanelCore, policy: PanelPolicy, now: number): CoreRecord {
  const stopped = before.running === true && core.running === false;
  const stops = before.stops.filter((at) => now - at < STOPS_KEPT);
  const downAt = core.running === false ? (before.downAt ?? now) : null;
  const upAt = core.running === true ? (before.upAt ?? now) : null;
  const confirmed = downAt !== null && now - downAt >= policy.confirm;
  const recovered = upAt !== null && now - upAt >= policy.confirm;
  return {
    running: core.running,
    version: core.version ?? before.version,
    downAt,
    upAt,
    down: before.down ? !recovered : confirmed,
    stops: stopped ? [...stops, now] : stops,
    restarts: foldRestarts(before.restarts, false, now),
  };
}

function foldRecorder(
  record: PanelRecord,
  overview: PanelOverview,
  now: number,
  policy: PanelPolicy,
): RecorderRecord | null {
  const before = record.recorder;
  const { upBytes, downBytes } = overview.traffic;
  const { online } = overview.users;
  const total = upBytes === null || downBytes === null ? null : upBytes + downBytes;
  if (total === null) return before === null ? null : { ...before, online };
  if (before === null || before.total === null) return { total, movedAt: now, moved: false, stuck: false, online };
  if (total !== before.total)
    return { total, movedAt: now, moved: before.moved || total > before.total, stuck: false, online };
  // With nothing that could carry traffic a frozen counter is right.
  const carries =
    record.core.running !== false && (record.nodes.length === 0 || record.nodes.some((node) => node.state === 'up'));
  if (!carries || record.reach !== 'up') return { ...before, movedAt: now, online };
  const needed = (online ?? 0) >= policy.recorderUsers * 10 ? policy.recorderBusy : policy.recorder;
  const stuck = before.moved && (online ?? 0) >= policy.recorderUsers && now - before.movedAt >= needed;
  return { ...before, online, stuck: before.stuck || stuck };
}

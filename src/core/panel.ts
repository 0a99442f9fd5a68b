import type { Reason } from './reason.ts';

/**
 * What panels say, in our own words. `null` always means "the panel does not say", never zero. Ids are strings, since
 * some panels number their nodes and others use uuids. Bytes are numbers: 2^53 of them are nine petabytes.
 */

/** `unknown`: a status word that this version does not know; the raw word is kept beside it and shown. */
export type NodeState = 'up' | 'connecting' | 'down' | 'disabled' | 'limited' | 'unknown';

/** Why a node is not connected, as far as the panel's free text tells. */
export const failureClasses = [
  'refused',
  'timeout',
  'tls',
  'xray-start-failed',
  'session-stolen',
  'grpc-api',
  'unknown',
] as const;
export type FailureClass = (typeof failureClasses)[number];

export interface NodeResources {
  readonly cpuPct: number | null;
  readonly memUsed: number | null;
  readonly memTotal: number | null;
}

export interface PanelNode {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number | null;
  readonly state: NodeState;
  readonly rawStatus: string;
  /** What the panel says about it, cleaned of Python's wrapping and cut to a line. */
  readonly message: string | null;
  readonly failure: FailureClass | null;
  readonly coreVersion: string | null;
  readonly nodeVersion: string | null;
  /** How many times its traffic counts; the shop bot's balancer multiplies by it. */
  readonly coefficient: number;
  readonly usersOnline: number | null;
  /** Epoch ms of the last change of status, where the panel keeps it. */
  readonly changedAt: number | null;
  readonly resources: NodeResources | null;
}

export interface UserCounts {
  readonly total: number | null;
  readonly active: number | null;
  readonly onHold: number | null;
  readonly disabled: number | null;
  readonly expired: number | null;
  readonly limited: number | null;
  /** Over the panel's own window: see `PanelCapabilities.onlineWindowS`. */
  readonly online: number | null;
}

export interface HostNumbers {
  readonly cpuPct: number | null;
  readonly cores: number | null;
  readonly memUsed: number | null;
  readonly memTotal: number | null;
  readonly diskUsed: number | null;
  readonly diskTotal: number | null;
  /** Bytes a second over all network cards of the panel's host: not VPN traffic. */
  readonly rxBps: number | null;
  readonly txBps: number | null;
}

export interface PanelOverview {
  readonly version: string | null;
  readonly users: UserCounts;
  /** Since the panel's database was made. Frozen while users are online: its usage recorder is stuck. */
  readonly traffic: { readonly upBytes: number | null; readonly downBytes: number | null };
  readonly host: HostNumbers;
}

/** The panel's own xray. */
export interface PanelCore {
  readonly version: string | null;
  readonly running: boolean | null;
}

/** Bytes of one node in a span of time; `nodeId` null is the panel's own core. */
export interface NodeTraffic {
  readonly nodeId: string | null;
  readonly up: number;
  readonly down: number;
}

/** A user of the VPN as an operator may see him: no keys, no links. */
export interface PanelUser {
  readonly name: string;
  readonly rawStatus: string;
  /** Epoch ms; null: never. */
  readonly expiresAt: number | null;
  readonly usedBytes: number;
  /** Null: without limit. */
  readonly limitBytes: number | null;
  /** Epoch ms. */
  readonly onlineAt: number | null;
  readonly createdAt: number | null;
}

/** All that can go wrong between us and a panel. */
export const panelErrorKinds = [
  'unreachable',
  'tls',
  'timeout',
  /** The panel refused the password. Not tried again until another one is configured. */
  'auth_rejected',
  /** The panel does not accept the token it has just given. */
  'unauthorized',
  'forbidden',
  'not_found',
  /** The panel understood and said no: its own words are in the reason. */
  'refused',
  'bad_response',
  'server_error',
  'rate_limited',
  /** Too much is waiting for this panel already. */
  'busy',
  'cancelled',
] as const;
export type PanelErrorKind = (typeof panelErrorKinds)[number];

export interface PanelError {
  readonly kind: PanelErrorKind;
  readonly reason: Reason;
}

/** An expected failure is a value: whoever asks has to look. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PanelError };

/** A good {@link Answer}. */
export function answer<T>(value: T): Answer<T> {
  return { ok: true, value };
}

/** A bad {@link Answer}. */
export function failure(kind: PanelErrorKind, reason: Reason): { readonly ok: false; readonly error: PanelError } {
  return { ok: false, error: { kind, reason } };
}

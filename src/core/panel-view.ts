import type { Health } from './health.ts';
import type { FailureClass, HostNumbers, NodeResources, NodeState, PanelError, UserCounts } from './panel.ts';
import type { DayShare } from './panel-availability.ts';
import type { Certificate } from './panel-certificate.ts';
import type { Condition } from './panel-condition.ts';
import type { PanelActionName } from './panel-control.ts';
import type { PanelRecord } from './panel-health.ts';
import type { Reason } from './reason.ts';

/** The panels there is an adapter for. */
export const panelKinds = ['marzban', 'pasarguard'] as const;
export type PanelKind = (typeof panelKinds)[number];

/** Whose log is read for restarts of xray that the panel does not tell of. */
export const coreLogs = ['off', 'panel', 'nodes'] as const;
export type CoreLogs = (typeof coreLogs)[number];

/** How it stands with the logs that are to be followed. */
export interface CoreLogView {
  readonly followed: number;
  readonly wanted: number;
  /** Why one that is wanted is not followed. */
  readonly why: Reason | null;
}

/** Where the description of a panel was found. */
export type PanelOrigin = 'database' | 'environment' | 'config';

/** What a kind of panel can tell and do, so that a screen offers nothing that is not there. */
export interface PanelCapabilities {
  readonly auth: readonly ('password' | 'apiKey')[];
  readonly nodeMessage: boolean;
  readonly nodeUsersOnline: boolean;
  readonly nodeResources: boolean;
  readonly nodeLastChange: boolean;
  readonly nodeTraffic: 'range' | 'cumulative' | 'none';
  readonly hostResources: boolean;
  readonly coreStatus: boolean;
  /** Over how many seconds "online" is counted: 86400 for Marzban, 120 for PasarGuard; 0: at this moment. */
  readonly onlineWindowS: number | null;
  /** The same for a node's own count of users; null: it has none. */
  readonly nodeOnlineWindowS: number | null;
  readonly actions: readonly PanelActionName[];
  /** How the log of xray can be followed. */
  readonly logs: 'ws' | 'none';
  /** Reconnecting a healthy node drops everybody on it. */
  readonly reconnectDropsUsers: boolean;
}

/** Bytes per second; null: not known (yet). */
export interface Rate {
  readonly upBps: number | null;
  readonly downBps: number | null;
}

export interface NodeView {
  readonly id: string;
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly state: NodeState;
  /** The panel's own word, for states that this version does not know. */
  readonly rawStatus: string;
  /** Since when it is seen in that state, epoch ms. */
  readonly since: number;
  /** Confirmed trouble; null: none. Its `since` is the first sign. */
  readonly trouble: Condition | null;
  readonly message: string | null;
  readonly failure: FailureClass | null;
  readonly coreVersion: string | null;
  readonly nodeVersion: string | null;
  readonly coefficient: number;
  readonly excluded: boolean;
  readonly usersOnline: number | null;
  readonly resources: NodeResources | null;
  /** Bytes since midnight. */
  readonly today: { readonly up: number; readonly down: number } | null;
  readonly rate: Rate;
  /** Bytes of the last 30 days, which the shop's balancer goes by. */
  readonly monthBytes: number | null;
  /** From here; null: not tried, or it never answered us and proves nothing. */
  readonly reachable: boolean | null;
  /** Restarts of xray in the last hour that the panel did not tell of; 0 also where its log is not read. */
  readonly restartsLastHour: number;
  /** Of the time watched today, 0 to 1. */
  readonly availableToday: number | null;
  /** Day by day, newest last. */
  readonly days: readonly DayShare[];
}

/** Everything that a screen, the command line, HTTP and alerts need of one panel. Holds no secret. */
export interface PanelState {
  readonly id: string;
  readonly name: string;
  readonly kind: PanelKind;
  readonly origin: PanelOrigin;
  readonly baseUrl: string;
  readonly active: boolean;
  readonly priority: number;
  readonly excludedNodeNames: readonly string[];
  /** Why it is not asked at all; null: it is. */
  readonly problem: Reason | null;
  /** When this was put together, epoch ms. */
  readonly at: number;
  /** unhealthy: not reachable or no login; degraded: anything else is wrong; unknown: nothing known yet. */
  readonly health: Health;
  /** Worst first. While the panel is unreachable its nodes' are left out: that is one problem, not thirty. */
  readonly conditions: readonly Condition[];
  readonly reach: PanelRecord['reach'];
  readonly login: PanelRecord['login'];
  readonly answeredAt: number | null;
  /** What fails now, also if it is not confirmed yet. */
  readonly error: PanelError | null;
  readonly version: string | null;
  /** What it calls itself, when that is not the kind it is configured as. */
  readonly seemsToBe: string | null;
  readonly latencyMs: number | null;
  readonly certificates: readonly Certificate[];
  readonly core: {
    readonly running: boolean | null;
    readonly version: string | null;
    readonly stopsLastHour: number;
    /** By its log; 0 also where that is not read. */
    readonly restartsLastHour: number;
  };
  /** Null: its log is not to be read. */
  readonly coreLog: CoreLogView | null;
  readonly users: UserCounts | null;
  /** Over how many seconds `users.online` is counted; null: not said. */
  readonly onlineWindowS: number | null;
  readonly traffic: { readonly up: number | null; readonly down: number | null; readonly rate: Rate };
  readonly recorderStuck: boolean;
  readonly host: HostNumbers | null;
  /** Worst first. */
  readonly nodes: readonly NodeView[];
  readonly nodeCounts: {
    readonly total: number;
    readonly up: number;
    readonly down: number;
    readonly disabled: number;
  };
  /** Traffic of the panel's own core today, bytes. */
  readonly masterToday: { readonly up: number; readonly down: number } | null;
  readonly caps: PanelCapabilities | null;
}

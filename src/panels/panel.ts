import type { Answer, NodeTraffic, PanelCore, PanelNode, PanelOverview, PanelUser } from '../core/panel.ts';
import type { Reason } from '../core/reason.ts';

/** The panels there is an adapter for. */
export const panelKinds = ['marzban', 'pasarguard'] as const;
export type PanelKind = (typeof panelKinds)[number];

export type PanelActionName = 'reconnect-node' | 'enable-node' | 'disable-node' | 'restart-core';

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
  /** Reconnecting a healthy node drops everybody on it. */
  readonly reconnectDropsUsers: boolean;
}

export type PanelAction =
  | { readonly action: 'reconnect-node'; readonly node: string }
  | { readonly action: 'enable-node'; readonly node: string }
  | { readonly action: 'disable-node'; readonly node: string }
  | { readonly action: 'restart-core' };

/** A change to one user. `days` may be any whole number above 0. */
export type UserChange =
  | { readonly change: 'enable' }
  | { readonly change: 'disable' }
  | { readonly change: 'reset-traffic' }
  | { readonly change: 'extend'; readonly days: number };

/** What can be seen of a panel without logging in. */
export interface Probe {
  readonly latencyMs: number;
  /** The panel's own name of its API: `MarzbanAPI`. Null: it does not say. */
  readonly title: string | null;
  readonly kind: PanelKind | null;
  readonly version: string | null;
  /** When its certificate ends, epoch ms; null: plain http. */
  readonly certificateUntil: number | null;
}

/**
 * One panel, whatever its kind. Every call has a deadline of its own, waits for its turn (one request at a time per
 * panel) and gives expected failures as values. No password, token or key is in any answer.
 */
export interface PanelAdapter {
  readonly kind: PanelKind;
  readonly caps: PanelCapabilities;
  /** Asks without logging in. */
  probe(signal: AbortSignal): Promise<Answer<Probe>>;
  overview(signal: AbortSignal): Promise<Answer<PanelOverview>>;
  core(signal: AbortSignal): Promise<Answer<PanelCore>>;
  nodes(signal: AbortSignal): Promise<Answer<readonly PanelNode[]>>;
  /** Bytes per node from `since` (epoch ms; the panel counts by whole hours) until now. */
  nodeTraffic(since: number, signal: AbortSignal): Promise<Answer<readonly NodeTraffic[]>>;
  /** Names that contain `text`, at most `limit` (1 to 20). */
  searchUsers(text: string, limit: number, signal: AbortSignal): Promise<Answer<readonly PanelUser[]>>;
  user(name: string, signal: AbortSignal): Promise<Answer<PanelUser>>;
  /** The user as the panel shows him afterwards. */
  changeUser(name: string, change: UserChange, signal: AbortSignal): Promise<Answer<PanelUser>>;
  /** `ok` means accepted, which is not done: whoever asks verifies by polling. */
  act(action: PanelAction, signal: AbortSignal): Promise<Answer<'accepted'>>;
  /** Lets go of connections; what is under way is cancelled. */
  close(): void;
}

/** Where the description of a panel was found. */
export type PanelOrigin = 'database' | 'environment' | 'config';

/** How to reach one panel. Holds secrets: never log, never send. */
export interface PanelSource {
  readonly id: string;
  readonly name: string;
  readonly kind: PanelKind;
  readonly origin: PanelOrigin;
  /** Without a slash at the end, without user and password. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  /** PasarGuard only: used instead of logging in. */
  readonly apiKey: string | null;
  /** Switched off in the shop's table: shown as such, not asked. */
  readonly active: boolean;
  /** Lower is preferred by the shop's balancer. */
  readonly priority: number;
  readonly excludedNodeNames: readonly string[];
  /** Accepts any certificate of this panel. */
  readonly insecureTls: boolean;
  /** Further `host` or `host:port` whose certificates to watch, such as the subscription host. */
  readonly certificateHosts: readonly string[];
  /** Why it cannot be asked at all. */
  readonly problem: Reason | null;
}

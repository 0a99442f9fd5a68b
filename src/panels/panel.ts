import type { Answer, NodeTraffic, PanelCore, PanelNode, PanelOverview, PanelUser } from '../core/panel.ts';
import type { OwnAction, UserChange } from '../core/panel-control.ts';
import type { CoreLogs, PanelCapabilities, PanelKind, PanelOrigin } from '../core/panel-view.ts';
import type { Reason } from '../core/reason.ts';
import type { LogSink } from './log-stream.ts';

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
  act(action: OwnAction, signal: AbortSignal): Promise<Answer<'accepted'>>;
  /**
   * Follows the log of xray, the panel's own (`node` null) or a node's; resolves when that ends. Null: this kind of panel
   * has none that can be followed.
   */
  readonly coreLog: ((node: string | null, sink: LogSink, signal: AbortSignal) => Promise<Answer<'ended'>>) | null;
  /** Lets go of connections; what is under way is cancelled. */
  close(): void;
}

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
  /** As the configuration has it; an owner may have chosen otherwise in the chat. */
  readonly autoReconnect: boolean;
  readonly coreLogs: CoreLogs;
  /** The service that it is said to run as on this host. */
  readonly service: string | null;
}

/** What only our own configuration can say of a panel, where it says nothing. */
export const unsaid = { autoReconnect: false, coreLogs: 'off', service: null } as const;

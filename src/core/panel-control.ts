import type { Balance } from './load-balance.ts';
import type { Answer, PanelUser } from './panel.ts';
import type { PanelState } from './panel-view.ts';
import type { Reason } from './reason.ts';
import type { ActionResult, Actor } from './snapshot.ts';

export type PanelActionName = 'reconnect-node' | 'enable-node' | 'disable-node' | 'restart-core' | 'restart-panel';

export type PanelAction =
  | { readonly action: 'reconnect-node'; readonly node: string }
  | { readonly action: 'enable-node'; readonly node: string }
  | { readonly action: 'disable-node'; readonly node: string }
  | { readonly action: 'restart-core' }
  /** Restarts the service that the panel runs as, in somebody's name. */
  | { readonly action: 'restart-panel'; readonly by: Actor };

/** What a panel can be asked for itself; the rest is done around it. */
export type OwnAction = Exclude<PanelAction, { readonly action: 'restart-panel' }>;

/** The service on this host that a panel runs as. */
export interface PanelHost {
  readonly service: string;
  readonly title: string;
  restart(by: Actor): Promise<ActionResult>;
}

/** A change to one user. `days` may be any whole number above 0. */
export type UserChange =
  | { readonly change: 'enable' }
  | { readonly change: 'disable' }
  | { readonly change: 'reset-traffic' }
  | { readonly change: 'extend'; readonly days: number };

export interface PanelActions {
  /** What an action will do to people, to be shown before it is confirmed. */
  consequence(action: PanelAction): Reason;
  /**
   * Does it and watches until it is done or its deadline is over. `accepted` is called when the panel has taken the
   * order, which for panels proves nothing yet.
   */
  act(action: PanelAction, accepted?: () => void): Promise<ActionResult>;
  /** The user of that very name; else those whose names hold the text (at most `limit`). */
  findUsers(text: string, limit?: number): Promise<Answer<readonly PanelUser[]>>;
  /** What a change will do, to be shown before it is confirmed. */
  userConsequence(user: PanelUser, change: UserChange): Reason;
  changeUser(name: string, change: UserChange): Promise<ActionResult>;
}

/** The one door to the panels for chat, CLI and HTTP. */
export interface Panels {
  /** All panels, those that are switched off included; worst first. */
  states(): readonly PanelState[];
  state(id: string): PanelState | null;
  balance(): Balance;
  /** Why the shop's table could not be read last time; the panels known before are kept. */
  databaseProblem(): Reason | null;
  /** Null: there is no such panel, or it is not asked. */
  actions(id: string): PanelActions | null;
  /** Asks everything of one panel now; null: there is no such panel. */
  check(id: string): Promise<PanelState | null>;
  /** Title of the service that it runs as and that can be restarted; null: none is known. */
  runsAs(id: string): string | null;
  /** Whether the manager reconnects this panel's nodes by itself. */
  autoReconnect(id: string): boolean;
  /** An owner's choice, which stands above the configuration and outlives the manager. */
  setAutoReconnect(id: string, on: boolean): void;
}

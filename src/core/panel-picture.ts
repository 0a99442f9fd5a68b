import type { Balance } from './load-balance.ts';
import type { NodeView, PanelState } from './panel-view.ts';
import type { Picture, Range } from './picture.ts';

/** What can be drawn of a panel. */
export const panelPlots = ['users', 'traffic', 'by-node', 'nodes', 'host', 'balance', 'days'] as const;
export type PanelPlot = (typeof panelPlots)[number];

/** What can be drawn of a node. */
export const nodePlots = ['traffic', 'users', 'host', 'uptime'] as const;
export type NodePlot = (typeof nodePlots)[number];

export interface PanelLook {
  readonly language: 'en' | 'ru';
  readonly range: Range;
  /** IANA name; not set: the manager's. */
  readonly timezone?: string;
}

/** Pictures of panels and their nodes; as for all pictures, what can be expected is an answer. */
export interface PanelPictures {
  panel(look: PanelLook, panel: PanelState, balance: Balance, plot: PanelPlot): Promise<Picture>;
  node(look: PanelLook, panel: PanelState, node: NodeView, plot: NodePlot): Promise<Picture>;
}

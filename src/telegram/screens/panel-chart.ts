import { InlineKeyboard } from 'grammy';
import { type NodePlot, nodePlots, type PanelPlot, panelPlots } from '../../core/panel-picture.ts';
import type { NodeView, PanelState } from '../../core/panel-view.ts';
import { type Range, rangeNames } from '../../core/picture.ts';
import { escapeHtml, html, type Language, t } from '../../i18n.ts';
import { type CallbackData, encode } from '../callback-data.ts';
import { handleOf } from '../panel-handle.ts';

/** What a picture of a panel, or of one of its nodes, shows. */
export type PanelChartView =
  | { readonly of: 'panel'; readonly plot: PanelPlot; readonly range: Range }
  | { readonly of: 'node'; readonly node: NodeView; readonly plot: NodePlot; readonly range: Range };

/** What is drawn of this moment, not of a stretch of time. */
const ofNow: readonly string[] = ['balance', 'days'];

/** Pictures in a row of buttons. */
const PER_ROW = 3;

/** Under a picture: other stretches of time, other numbers, and the way back. */
export function panelChartButtons(language: Language, state: PanelState, view: PanelChartView): InlineKeyboard {
  const panel = handleOf(state.id);
  const keyboard = new InlineKeyboard();
  const data = (plot: string, range: Range): CallbackData => {
    if (view.of === 'panel')
      return { kind: 'panel-plot', range, plot: panelPlots.find((each) => each === plot) ?? 'users', panel };
    const chosen = nodePlots.find((each) => each === plot) ?? 'traffic';
    return { kind: 'node-plot', range, plot: chosen, panel, node: view.node.id };
  };
  if (!ofNow.includes(view.plot))
    for (const range of rangeNames) {
      const label = t(language, `range-${range}`);
      keyboard.text(range === view.range ? `• ${label}` : label, encode(data(view.plot, range)));
    }
  keyboard.row();
  plotsOf(state, view).forEach((plot, index) => {
    if (index > 0 && index % PER_ROW === 0) keyboard.row();
    const name = t(language, `panel-plot-${plot}`);
    keyboard.text(plot === view.plot ? `• ${name}` : name, encode(data(plot, view.range)));
  });
  return keyboard.row().text(t(language, 'button-panel'), encode({ kind: 'show-panel', panel }));
}

/** Only what this panel can tell. */
function plotsOf({ caps }: PanelState, view: PanelChartView): readonly string[] {
  if (view.of === 'panel') return panelPlots;
  return nodePlots.filter(
    (plot) => (plot !== 'users' || caps?.nodeUsersOnline === true) && (plot !== 'host' || caps?.nodeResources === true),
  );
}

/** The line under a picture; HTML. */
export function panelChartCaption(language: Language, state: PanelState, view: PanelChartView): string {
  const plot = t(language, `panel-plot-${view.plot}`);
  const name = view.of === 'panel' ? state.name : `${view.node.name} · ${state.name}`;
  const title = `${name}: ${plot}`;
  if (ofNow.includes(view.plot)) return `<b>${escapeHtml(title)}</b>`;
  return html(language, 'chat-chart-caption', { title, range: t(language, `range-${view.range}`) });
}

import type { History } from '../core/history.ts';
import { panelService } from '../core/incident.ts';
import type { NodePlot, PanelLook, PanelPictures, PanelPlot } from '../core/panel-picture.ts';
import type { NodeView, PanelState } from '../core/panel-view.ts';
import { type Picture, ranges, type Theme } from '../core/picture.ts';
import { reason } from '../core/reason.ts';
import { type Language, t } from '../i18n.ts';
import { sayDuration, sayMetricName, sayMetricShort } from '../measures.ts';
import { availabilityBars, balanceBars } from './panel-bars.ts';
import { readInParts } from './reading.ts';
import type { Renderer } from './renderer.ts';
import { chartSpec, type Measured, MOST_LINES, type Voice } from './spec.ts';

export interface PanelPictureOptions {
  readonly history: History;
  readonly renderer: Pick<Renderer, 'render'>;
  readonly theme: Theme;
  /** IANA name. */
  readonly timezone: string;
  /** Epoch ms. */
  readonly clock: () => number;
}

interface Line {
  readonly check: string;
  readonly metric: string;
  readonly label: string;
}

/** Which numbers of a panel, or of a node, belong in one picture. */
const metricsOf: Readonly<Record<Exclude<PanelPlot, 'balance' | 'days' | 'by-node'> | NodePlot, readonly string[]>> = {
  users: ['users_online', 'users_active', 'users_on_hold', 'users_limited', 'users_expired', 'users_disabled'],
  traffic: ['rate_down', 'rate_up'],
  nodes: ['nodes_up', 'nodes_down'],
  host: ['cpu', 'memory', 'latency'],
  uptime: ['up', 'available_today'],
};

/** Pictures of panels out of the history and of how their nodes stand now, in somebody's language. */
export function createPanelPictures(options: PanelPictureOptions): PanelPictures {
  const { history, renderer, theme, clock } = options;

  async function lines(look: PanelLook, panel: PanelState, title: string, wanted: readonly Line[]): Promise<Picture> {
    const { language, range, timezone = options.timezone } = look;
    const service = panelService(panel.id);
    const to = clock();
    const from = to - ranges[range];
    const measured: Measured[] = [];
    for (const { check, metric, label } of wanted) {
      const answer = await readInParts(history, { service, check, metric }, from, to);
      if (answer === null || answer.points.length === 0) continue;
      measured.push({ label, brief: label, unit: answer.series.unit, step: answer.step, points: answer.points });
    }
    if (measured.length === 0) return { ok: false, reason: reason('chart-no-data') };
    const frame = { theme, title, from, to, timezone };
    const shown = busiest(measured);
    const marks = history.marks(service, from, to);
    return renderer.render(chartSpec(frame, shown, marks, voiceOf(language), measured.length - shown.length));
  }

  return {
    async panel(look, panel, balance, plot) {
      const { language } = look;
      if (plot === 'balance') {
        if (panel.nodes.length === 0) return { ok: false, reason: reason('panel-plot-no-nodes') };
        return renderer.render(balanceBars(theme, panel, balance, voiceOf(language)));
      }
      if (plot === 'days') {
        if (panel.nodes.every(({ days }) => days.length === 0)) return { ok: false, reason: reason('chart-no-data') };
        const sayLong = (ms: number) => sayDuration(language, ms);
        return renderer.render(availabilityBars(theme, panel, sayLong, voiceOf(language)));
      }
      const title = `${panel.name}: ${t(language, `panel-plot-${plot}`)}`;
      if (plot === 'by-node') {
        const each = panel.nodes.map(({ id, name }) => ({ check: `node-${id}`, metric: 'rate_down', label: name }));
        return lines(look, panel, title, each);
      }
      const own = metricsOf[plot].map((metric) => ({
        check: 'panel',
        metric,
        label: labelOf(language, metric, panel),
      }));
      return lines(look, panel, title, own);
    },
    async node(look, panel, node, plot) {
      const { language } = look;
      const title = `${node.name} · ${panel.name}: ${t(language, `panel-plot-${plot}`)}`;
      const check = `node-${node.id}`;
      const wanted = metricsOf[plot].map((metric) => ({
        check,
        metric,
        label: labelOf(language, metric, panel, node),
      }));
      return lines(look, panel, title, wanted);
    },
  };
}

/** Nobody tells more lines apart; the rest are the quietest. */
function busiest(measured: readonly Measured[]): readonly Measured[] {
  if (measured.length <= MOST_LINES) return measured;
  const total = ({ points }: Measured) => points.reduce((sum, { avg }) => sum + avg, 0);
  return measured.toSorted((a, b) => total(b) - total(a)).slice(0, MOST_LINES);
}

/** What "online" means is each panel's own. */
function labelOf(language: Language, metric: string, panel: PanelState, node: NodeView | null = null): string {
  if (metric !== 'users_online') return sayMetricName(language, metric);
  const seconds = node === null ? panel.onlineWindowS : (panel.caps?.nodeOnlineWindowS ?? null);
  if (seconds === null || seconds === 0) return sayMetricName(language, metric);
  return t(language, 'panel-plot-online', { minutes: Math.round(seconds / 60), hours: Math.round(seconds / 3600) });
}

function voiceOf(language: Language): Voice {
  return {
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    say: (metric) => sayMetricShort(language, metric),
    word: (key, args) => t(language, key, args),
  };
}

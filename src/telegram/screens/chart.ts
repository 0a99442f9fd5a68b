import { createHash } from 'node:crypto';
import { InlineKeyboard } from 'grammy';
import { type History, type Series, usualSeries } from '../../core/history.ts';
import { type Range, rangeNames, type Wanted } from '../../core/picture.ts';
import type { ServiceView } from '../../core/snapshot.ts';
import { html, type Language, t } from '../../i18n.ts';
import { sayMetricName } from '../../measures.ts';
import { encode } from '../callback-data.ts';
import { shorten } from '../say.ts';

/** What a picture in the chat shows. */
export interface ChartView {
  /** null: all services. */
  readonly service: string | null;
  /** {@link usual}, or the code of a series (of all services: of a metric). */
  readonly which: string;
  readonly range: Range;
}

/** The numbers that are shown where none was chosen: CPU and memory; of all services: the dashboard. */
export const usual = 'usual';
/** What led to something is mostly within this. */
export const firstRange: Range = '6h';
export const firstDashboardRange: Range = '24h';

/** What all services are compared by. */
const comparable = ['cpu', 'memory'] as const;
const perPage = 8;
const longestLabel = 28;

/** A name may be longer than a button can carry; this is not, and stays the same for good. */
export function codeOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 8);
}

const codeOfSeries = ({ check, metric }: Series) => codeOf(`${check}/${metric}`);

/** The lines of a picture. A number that is not measured any more gives way to the usual ones. */
export function linesOf(view: ChartView, history: Pick<History, 'series'>, services: readonly ServiceView[]) {
  if (view.service === null) {
    const metric = comparable.find((each) => codeOf(each) === view.which);
    return metric === undefined ? [] : services.map(({ name }): Wanted => ({ service: name, metric }));
  }
  const all = history.series(view.service);
  const chosen = all.find((each) => codeOfSeries(each) === view.which);
  return chosen === undefined ? usualSeries(all) : [chosen];
}

/** Under a picture: other stretches of time, other numbers, other services. */
export function chartButtons(
  language: Language,
  view: ChartView,
  services: readonly ServiceView[],
  history: Pick<History, 'series'>,
): InlineKeyboard {
  const { service, which, range } = view;
  const keyboard = new InlineKeyboard();
  const target = service ?? '*';
  for (const each of rangeNames) {
    const label = t(language, `range-${each}`);
    keyboard.text(each === range ? `• ${label}` : label, encode({ kind: 'plot', range: each, which, target }));
  }
  keyboard.row();
  const plot = (text: string, to: Partial<ChartView>) => {
    const { service: name, ...rest } = { ...view, ...to };
    keyboard.text(text, encode({ kind: 'plot', range: rest.range, which: rest.which, target: name ?? '*' }));
  };
  if (service !== null) {
    if (history.series(service).length > 2)
      keyboard.text(t(language, 'button-numbers'), encode({ kind: 'numbers', range, page: 0, target }));
    if (which !== usual) plot(t(language, 'button-usual-numbers'), { which: usual });
    keyboard.row();
    plot(t(language, 'button-all-services'), { service: null, which: usual });
    return keyboard.text(t(language, 'button-service'), encode({ kind: 'open', service }));
  }
  if (which !== usual) plot(t(language, 'button-all-services'), { which: usual });
  for (const metric of comparable)
    if (codeOf(metric) !== which)
      plot(t(language, 'button-compare', { what: sayMetricName(language, metric) }), { which: codeOf(metric) });
  services.slice(0, perPage).forEach(({ name, title }, index) => {
    if (index % 2 === 0) keyboard.row();
    plot(shorten(title, longestLabel), { service: name, which: usual });
  });
  return keyboard;
}

/** The numbers of a service to choose from, a page at a time. */
export function numberButtons(
  language: Language,
  service: string,
  range: Range,
  page: number,
  history: Pick<History, 'series'>,
): InlineKeyboard {
  const all = history.series(service);
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const real = Math.min(page, pages - 1);
  const keyboard = new InlineKeyboard();
  all.slice(real * perPage, (real + 1) * perPage).forEach((series, index) => {
    if (index % 2 === 0) keyboard.row();
    const twin = all.some((other) => other !== series && other.metric === series.metric);
    const name = sayMetricName(language, series.metric);
    const label = shorten(twin ? `${name} (${series.check})` : name, longestLabel);
    keyboard.text(label, encode({ kind: 'plot', range, which: codeOfSeries(series), target: service }));
  });
  keyboard.row();
  const turn = (key: string, to: number) =>
    keyboard.text(t(language, key), encode({ kind: 'numbers', range, page: to, target: service }));
  if (real > 0) turn('button-previous', real - 1);
  if (real < pages - 1) turn('button-next', real + 1);
  return keyboard.text(t(language, 'button-back'), encode({ kind: 'plot', range, which: usual, target: service }));
}

/** The line under a picture; HTML. */
export function captionOf(language: Language, view: ChartView, services: readonly ServiceView[]): string {
  const title = services.find(({ name }) => name === view.service)?.title ?? t(language, 'chart-dashboard');
  return html(language, 'chat-chart-caption', { title, range: t(language, `range-${view.range}`) });
}

import { createHash } from 'node:crypto';
import { InlineKeyboard } from 'grammy';
import { type History, type Series, usualSeries } from '../../core/history.ts';
import { MOST_CELLS, type Range, rangeNames, type Wanted } from '../../core/picture.ts';
import type { ServiceView } from '../../core/snapshot.ts';
import { html, type Language, t } from '../../i18n.ts';
import { sayMetricName } from '../../measures.ts';
import { encode } from '../callback-data.ts';
import { shorten } from '../say.ts';

/** What a picture in the chat shows. */
export interface ChartView {
  /** null: all services. */
  readonly service: string | null;
  /** {@link usual}, or the code of a series (of all services: of a metric, or a page of the dashboard). */
  readonly which: string;
  readonly range: Range;
}

/** The numbers that are shown where none was chosen: CPU and memory; of all services: the dashboard. */
export const usual = 'usual';
/** What led to something is mostly within this. */
export const firstRange: Range = '6h';
export const firstDashboardRange: Range = '24h';

/** What all services can be compared by from the dashboard; by what else, from the picture of one of them. */
const comparable = ['cpu', 'memory'] as const;
const perPage = 8;
const longestLabel = 28;

/** A name may be longer than a button can carry; this is not, and stays the same for good. */
export function codeOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 8);
}

const codeOfSeries = ({ check, metric }: Series) => codeOf(`${check}/${metric}`);

/** The page of the dashboard, counted from 0; null: it is a comparison. */
export function pageOf(which: string): number | null {
  if (which === usual) return 0;
  const page = /^page-(\d{1,3})$/.exec(which)?.[1];
  return page === undefined ? null : Number(page);
}

const codeOfPage = (page: number) => (page === 0 ? usual : `page-${page}`);

/** The lines of a picture. A number that is not measured any more gives way to the usual ones. */
export function linesOf(view: ChartView, history: Pick<History, 'series'>, services: readonly ServiceView[]) {
  if (view.service === null) {
    const metric = comparedBy(view, history);
    if (metric === null) return [];
    const measuring = measuringServices(metric, history);
    return services.filter(({ name }) => measuring.has(name)).map(({ name }): Wanted => ({ service: name, metric }));
  }
  const all = history.series(view.service);
  const chosen = all.find((each) => codeOfSeries(each) === view.which);
  return chosen === undefined ? usualSeries(all) : [chosen];
}

function comparedBy({ which }: ChartView, history: Pick<History, 'series'>): string | null {
  return history.series().find(({ metric }) => codeOf(metric) === which)?.metric ?? null;
}

function measuringServices(metric: string, history: Pick<History, 'series'>): ReadonlySet<string> {
  return new Set(history.series().flatMap((each) => (each.metric === metric ? [each.service] : [])));
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
  const compare = (metric: string) =>
    plot(t(language, 'button-compare', { what: sayMetricName(language, metric) }), {
      service: null,
      which: codeOf(metric),
    });
  if (service !== null) {
    if (history.series(service).length > 2)
      keyboard.text(t(language, 'button-numbers'), encode({ kind: 'numbers', range, page: 0, target }));
    if (which !== usual) plot(t(language, 'button-usual-numbers'), { which: usual });
    keyboard.row();
    for (const { metric } of linesOf(view, history, services))
      if (measuringServices(metric, history).size > 1) compare(metric);
    keyboard.row();
    plot(t(language, 'button-all-services'), { service: null, which: usual });
    return keyboard.text(t(language, 'button-service'), encode({ kind: 'open', service }));
  }
  const page = pageOf(which);
  if (page === null) plot(t(language, 'button-all-services'), { which: usual });
  for (const metric of comparable) if (codeOf(metric) !== which) compare(metric);
  const begin = (page ?? 0) * MOST_CELLS;
  services.slice(begin, begin + MOST_CELLS).forEach(({ name, title }, index) => {
    if (index % 2 === 0) keyboard.row();
    plot(shorten(title, longestLabel), { service: name, which: usual });
  });
  if (page === null) return keyboard;
  keyboard.row();
  if (page > 0) plot(t(language, 'button-previous'), { which: codeOfPage(page - 1) });
  if (begin + MOST_CELLS < services.length) plot(t(language, 'button-next'), { which: codeOfPage(page + 1) });
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
export function captionOf(
  language: Language,
  view: ChartView,
  services: readonly ServiceView[],
  history: Pick<History, 'series'>,
): string {
  const metric = view.service === null ? comparedBy(view, history) : null;
  const title =
    metric === null
      ? (services.find(({ name }) => name === view.service)?.title ?? t(language, 'chart-dashboard'))
      : t(language, 'chart-compared', { what: sayMetricName(language, metric) });
  return html(language, 'chat-chart-caption', { title, range: t(language, `range-${view.range}`) });
}

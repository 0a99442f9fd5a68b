import type { Metric } from '../core/health.ts';
import { type History, type Marks, summarize, usualSeries } from '../core/history.ts';
import { MOST_CELLS, type Picture, type Pictures, ranges, type Theme, type Wanted } from '../core/picture.ts';
import { reason } from '../core/reason.ts';
import type { ServiceView } from '../core/snapshot.ts';
import { type Language, t } from '../i18n.ts';
import { sayMetricBriefly, sayMetricName, sayMetricShort } from '../measures.ts';
import { readInParts } from './reading.ts';
import type { Renderer } from './renderer.ts';
import { chartSpec, type Frame, gridSpec, type Measured, MOST_LINES, type Row, type Voice } from './spec.ts';

export interface PictureOptions {
  readonly history: History;
  readonly renderer: Renderer;
  readonly services: () => readonly ServiceView[];
  readonly theme: Theme;
  /** IANA name. */
  readonly timezone: string;
  /** Epoch ms. */
  readonly clock: () => number;
}

const conditions = { healthy: 'good', degraded: 'fair', unhealthy: 'bad', unknown: 'unknown' } as const;

/** Services that are compared to find the largest; each has to be read. */
const MOST_COMPARED = 60;

/** Pictures out of the history, in somebody's language. */
export function createPictures(options: PictureOptions): Pictures {
  const { history, renderer, services, theme, clock } = options;

  async function measure(wanted: Wanted, language: Language, label: string, frame: Frame): Promise<Measured | null> {
    const answer = await readInParts(history, wanted, frame.from, frame.to);
    if (answer === null || answer.points.length === 0) return null;
    const brief = sayMetricBriefly(language, wanted.metric);
    return { label, brief, unit: answer.series.unit, step: answer.step, points: answer.points };
  }

  function frameOf(title: string, span: number, timezone = options.timezone): Frame {
    const to = clock();
    return { theme, title, from: to - span, to, timezone };
  }

  return {
    async chart({ language, range, timezone, lines }): Promise<Picture> {
      const views = services();
      const titleOf = (name: string) => views.find((view) => view.name === name)?.title ?? name;
      const names = [...new Set(lines.map(({ service }) => service))];
      const metrics = [...new Set(lines.map(({ metric }) => metric))].map((each) => sayMetricName(language, each));
      const several = names.length > 1;
      // What all lines have in common stands in the title, and only what tells them apart beside them.
      const title = !several
        ? titleOf(names[0] ?? '')
        : metrics.length === 1
          ? t(language, 'chart-compared', { what: metrics[0] ?? '' })
          : t(language, 'chart-several');
      const frame = frameOf(title, ranges[range], timezone);
      const measured: (Measured & { readonly service: string })[] = [];
      for (const wanted of lines.slice(0, several ? MOST_COMPARED : MOST_LINES)) {
        const name = sayMetricName(language, wanted.metric);
        const own = titleOf(wanted.service);
        const label = !several ? name : metrics.length === 1 ? own : `${own}: ${name}`;
        const one = await measure(wanted, language, label, frame);
        if (one !== null) measured.push({ ...one, service: wanted.service });
      }
      if (measured.length === 0) return { ok: false, reason: reason('chart-no-data') };
      const shown = several ? largest(measured) : measured;
      const seen = [...new Set(shown.map(({ service }) => service))];
      const marks = join(seen.map((name) => history.marks(name, frame.from, frame.to)));
      return renderer.render(chartSpec(frame, shown, marks, voiceOf(language), measured.length - shown.length));
    },

    async dashboard({ language, range, timezone, page }): Promise<Picture> {
      const frame = frameOf(t(language, 'chart-dashboard'), ranges[range], timezone);
      const views = services();
      const rows: Row[] = [];
      for (const view of views.slice(page * MOST_CELLS, (page + 1) * MOST_CELLS)) {
        const measured: Measured[] = [];
        for (const wanted of usualSeries(history.series(view.name))) {
          const one = await measure(wanted, language, sayMetricName(language, wanted.metric), frame);
          if (one !== null) measured.push(one);
        }
        const health = view.state === 'running' ? conditions[view.health] : view.state === 'failed' ? 'bad' : 'unknown';
        rows.push({ title: view.title, health, measured });
      }
      if (rows.every(({ measured }) => measured.length === 0)) return { ok: false, reason: reason('chart-no-data') };
      return renderer.render(gridSpec(frame, rows, voiceOf(language), views.length - rows.length));
    },

    close: renderer.close,
  };
}

/** As many as can be told apart: of each unit the ones with the highest averages, highest first. */
function largest<Line extends Measured>(all: readonly Line[]): readonly Line[] {
  const average = ({ points }: Line) => summarize(points)?.avg ?? 0;
  const units = [...new Set(all.map(({ unit }) => unit))];
  const sorted = units.map((unit) =>
    all.filter((line) => line.unit === unit).toSorted((a, b) => average(b) - average(a)),
  );
  const ranked = sorted.flatMap((lines) => lines.map((line, rank) => ({ line, rank })));
  const shown = new Set(ranked.toSorted((a, b) => a.rank - b.rank).slice(0, MOST_LINES));
  return ranked.filter((each) => shown.has(each)).map(({ line }) => line);
}

function join(all: readonly Marks[]): Marks {
  return { starts: all.flatMap(({ starts }) => starts), incidents: all.flatMap(({ incidents }) => incidents) };
}

function voiceOf(language: Language): Voice {
  return {
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    say: (metric: Metric) => sayMetricShort(language, metric),
    word: (key, args) => t(language, key, args),
  };
}

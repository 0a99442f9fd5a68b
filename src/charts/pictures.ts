import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Metric } from '../core/health.ts';
import { type History, type Marks, usualSeries } from '../core/history.ts';
import { type Picture, type Pictures, ranges, type Theme, type Wanted } from '../core/picture.ts';
import { reason } from '../core/reason.ts';
import type { ServiceView } from '../core/snapshot.ts';
import { type Language, t } from '../i18n.ts';
import { sayMetric, sayMetricName } from '../measures.ts';
import type { Renderer } from './renderer.ts';
import {
  chartSpec,
  type Frame,
  gridSpec,
  type Measured,
  MOST_CELLS,
  MOST_LINES,
  type Row,
  type Voice,
} from './spec.ts';

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

/** Pictures out of the history, in somebody's language. */
export function createPictures(options: PictureOptions): Pictures {
  const { history, renderer, services, theme, timezone, clock } = options;

  /** Reading one series takes some milliseconds; between two of them the manager gets its turn. */
  async function measure(wanted: Wanted, label: string, from: number, to: number): Promise<Measured | null> {
    await nextTurn();
    const answer = history.query({ ...wanted, from, to });
    if (answer === null || answer.points.length === 0) return null;
    return { label, unit: answer.series.unit, step: answer.step, points: answer.points };
  }

  function frameOf(title: string, span: number): Frame {
    const to = clock();
    return { theme, title, from: to - span, to, timezone };
  }

  return {
    async chart({ language, range, lines }): Promise<Picture> {
      const views = services();
      const titleOf = (name: string) => views.find((view) => view.name === name)?.title ?? name;
      const names = [...new Set(lines.map(({ service }) => service))];
      const several = names.length > 1;
      const frame = frameOf(several ? t(language, 'chart-several') : titleOf(names[0] ?? ''), ranges[range]);
      const measured: Measured[] = [];
      for (const wanted of lines.slice(0, MOST_LINES)) {
        const metric = sayMetricName(language, wanted.metric);
        const label = several ? `${titleOf(wanted.service)}: ${metric}` : metric;
        const one = await measure(wanted, label, frame.from, frame.to);
        if (one !== null) measured.push(one);
      }
      if (measured.length === 0) return { ok: false, reason: reason('chart-no-data') };
      const marks = join(names.map((name) => history.marks(name, frame.from, frame.to)));
      return renderer.render(chartSpec(frame, measured, marks, voiceOf(language)));
    },

    async dashboard({ language, range }): Promise<Picture> {
      const frame = frameOf(t(language, 'chart-dashboard'), ranges[range]);
      const views = services();
      const rows: Row[] = [];
      for (const view of views) {
        const measured: Measured[] = [];
        for (const wanted of rows.length < MOST_CELLS ? usualSeries(history.series(view.name)) : []) {
          const one = await measure(wanted, sayMetricName(language, wanted.metric), frame.from, frame.to);
          if (one !== null) measured.push(one);
        }
        const health = view.state === 'running' ? conditions[view.health] : view.state === 'failed' ? 'bad' : 'unknown';
        rows.push({ title: view.title, health, measured });
      }
      if (rows.every(({ measured }) => measured.length === 0)) return { ok: false, reason: reason('chart-no-data') };
      return renderer.render(gridSpec(frame, rows, voiceOf(language)));
    },

    close: renderer.close,
  };
}

function join(all: readonly Marks[]): Marks {
  return { starts: all.flatMap(({ starts }) => starts), incidents: all.flatMap(({ incidents }) => incidents) };
}

function voiceOf(language: Language): Voice {
  return {
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    say: (metric: Metric) => sayMetric(language, metric),
    word: (key, args) => t(language, key, args),
  };
}

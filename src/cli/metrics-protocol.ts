import * as z from 'zod';
import { metricUnits } from '../core/health.ts';
import { type History, rollUp, runsOf, type Series, summarize, usualSeries } from '../core/history.ts';

/*
 * What `orbit metrics` gets over the control socket.
 */

const value = z.number();

const lineSchema = z.object({
  service: z.string(),
  check: z.string(),
  metric: z.string(),
  unit: z.enum(metricUnits),
  figures: z.object({ last: value, min: value, avg: value, max: value }),
  /** The average of each step, oldest first; null where nothing was measured. */
  values: z.array(value.nullable()),
});
export type MetricLine = z.infer<typeof lineSchema>;

export const metricsSchema = z.object({
  from: z.number(),
  to: z.number(),
  /** What the data file takes. */
  bytes: z.number(),
  lines: z.array(lineSchema),
});
export type Metrics = z.infer<typeof metricsSchema>;

/** Blocks in a line of text. */
const WIDTH = 40;

/** All numbers of a service, or (`service` null) the usual ones of each of `services`, over the last `span` ms. */
export function readMetrics(
  history: History,
  services: readonly string[],
  service: string | null,
  span: number,
  now: number,
): Metrics {
  const from = now - span;
  const wanted =
    service === null ? services.flatMap((name) => usualSeries(history.series(name))) : history.series(service);
  const lines = wanted.flatMap((series) => lineOf(history, series, from, now) ?? []);
  return { from, to: now, bytes: history.bytes(), lines };
}

function lineOf(history: History, series: Series, from: number, to: number): MetricLine | null {
  const { service, check, metric, unit } = series;
  const answer = history.query({ service, check, metric, from, to });
  const all = summarize(answer?.points ?? []);
  if (answer === null || all === null) return null;
  const slotOf = (at: number) => Math.min(WIDTH - 1, Math.max(0, Math.floor(((at - from) * WIDTH) / (to - from))));
  const values = Array.from({ length: WIDTH }, (): number | null => null);
  for (const run of runsOf(answer.points, answer.step)) {
    const bySlot = rollUp(
      run.map((point) => ({ ...point, at: slotOf(point.at) })),
      1,
    );
    // What is measured less often than a block is wide goes on until the next: only a hole is blank.
    bySlot.forEach(({ at, avg }, index) => {
      values.fill(avg, at, bySlot[index + 1]?.at ?? at + 1);
    });
  }
  const { last, min, avg, max } = all;
  return {
    ...{ service, check, metric, unit, figures: { last, min, avg, max } },
    values,
  };
}

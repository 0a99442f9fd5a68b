import type { SKRSContext2D } from 'canvas';
import type { ChartConfiguration } from 'chart.js';
import { PIXEL_RATIO } from './theme.ts';

/** A chart without axes or lines of its own: all of it is painted by `paint`. */
export function paintedConfiguration(
  id: string,
  paint: (ctx: SKRSContext2D) => void,
): ChartConfiguration<'line', { x: number; y: number }[]> {
  return {
    type: 'line',
    data: { datasets: [] },
    options: {
      devicePixelRatio: PIXEL_RATIO,
      plugins: { legend: { display: false } },
      scales: { x: { display: false }, y: { display: false } },
    },
    plugins: [{ id, beforeDraw: ({ ctx }) => paint(ctx) }],
  };
}

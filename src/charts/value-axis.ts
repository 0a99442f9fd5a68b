import type { Metric, MetricUnit } from '../core/health.ts';
import type { Panel } from './drawing.ts';

/** In which round numbers a unit counts: bytes in KB, MB, …; time in what clocks show; all else in tens. */
function scalesOf(unit: MetricUnit): readonly number[] {
  if (unit === 'bytes' || unit === 'bytes_per_s') return [1024 ** 4, 1024 ** 3, 1024 ** 2, 1024, 1];
  if (unit === 's') return [86_400, 3600, 60, 1];
  return [1];
}

const round = [1, 2, 2.5, 5, 10];
const roundClock = [1, 2, 3, 6, 10, 12, 15, 20, 30, 60];

/** What an axis has to share the height with: fewer ticks, and room above the highest for the label of the one above. */
const crowding = [
  { wanted: 4, headroom: 1.06 },
  { wanted: 3, headroom: 1.2 },
  { wanted: 2, headroom: 1.4 },
] as const;

/** An axis from zero (or below, where numbers are) to above the highest. `panels`: how many stand above each other. */
export function valueAxis(
  lowest: number,
  highest: number,
  unit: MetricUnit,
  panels: number,
  say: (metric: Metric) => string,
): Panel {
  const { wanted, headroom } = crowding[panels - 1] ?? crowding[2];
  const bottom = Math.min(0, lowest);
  const top = Math.max(highest, bottom + smallest(unit));
  const step = stepOf((top - bottom) / wanted, unit);
  const first = Math.floor(bottom / step) * step;
  const last = Math.ceil((top / step) * 0.999) * step;
  const ticks = [];
  for (let n = 0; first + n * step <= last * 1.0001; n += 1) {
    const at = first + n * step;
    ticks.push({ at, label: at === 0 ? '0' : say({ name: '', value: at, unit }) });
  }
  return { min: first, max: first + (last - first) * headroom, ticks };
}

/** An axis on which nothing happens still needs a height. */
function smallest(unit: MetricUnit): number {
  return unit === 'bytes' || unit === 'bytes_per_s' ? 1024 : 1;
}

function stepOf(rough: number, unit: MetricUnit): number {
  // Of bytes, half a GB is rounder than 500 MB; of time, half an hour is 30 min.
  const scale = scalesOf(unit).find((each) => rough >= (unit === 's' ? each : each / 5)) ?? 1;
  const within = rough / scale;
  if (unit === 's' && scale < 86_400 && scale > 0) {
    const fit = roundClock.find((each) => each >= within);
    if (fit !== undefined) return fit * scale;
  }
  const power = 10 ** Math.floor(Math.log10(within));
  const fit = round.find((each) => each * power >= within * 0.999) ?? 10;
  return fit * power * scale;
}

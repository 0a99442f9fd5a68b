import type { Metric, MetricUnit } from '../core/health.ts';
import type { Panel } from './drawing.ts';

/** Steps that stay round when they are said: half a GB is said as 512 MB, so that 500 MB would not meet it. */
const binarySteps = [1, 2, 5, 10, 20, 50, 100, 200, 256, 512];
const KILO = 1024;
/** Seconds, minutes, hours, as clocks have them. */
const clockSteps = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
];
const DAY = 86_400;
/** Numbers are said with one digit after the point: below one there is no quarter. */
const tenths = [0.1, 0.2, 0.5];
const round = [1, 2, 2.5, 5, 10];

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
  if (unit === 'bytes' || unit === 'bytes_per_s') {
    const scale = KILO ** Math.max(0, Math.floor(Math.log(rough) / Math.log(KILO)));
    const fit = binarySteps.find((each) => each * scale >= rough * 0.999);
    return fit === undefined ? KILO * scale : fit * scale;
  }
  if (unit === 's' && rough <= DAY) return clockSteps.find((each) => each >= rough) ?? DAY;
  if (unit === 's') return decimal(rough / DAY) * DAY;
  return tenths.find((each) => each >= rough) ?? decimal(rough);
}

/** Two and a half of what is counted there are not; 25 are. */
function decimal(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const fit = round.find((each) => each * power >= rough * 0.999 && (each !== 2.5 || power >= 10)) ?? 10;
  return fit * power;
}

/**
 * Charts: how long one takes, whether the main loop feels it, whether a thousand leave something behind. Charts and
 * rest take turns, so that what the machine's other work does to the loop is seen beside what the charts do.
 * `timeout 300 node --expose-gc --import tsx bench/charts.ts [short]`: 1,000 charts, about 4 minutes; short: 150.
 */
import { readFileSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { createPictures } from '../src/charts/pictures.ts';
import { createRenderer } from '../src/charts/renderer.ts';
import { openStore } from '../src/store/database.ts';
import { createSamples } from '../src/store/samples.ts';
import { head, quantile, row } from './figures.ts';

const charts = process.argv[2] === 'short' ? 150 : 1000;
/** Charts in a row before a rest of about the same length. */
const BLOCK = 25;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const end = Math.floor(Date.now() / DAY) * DAY;
let now = end - 8 * DAY;

const log = pino({ level: 'error' });
const store = openStore(':memory:');
const samples = createSamples({ store, retentionDays: 30, freeBytes: () => null, clock: () => now, log });
const names = ['shop', 'redis', 'panel'];
for (; now < end; now += MINUTE) {
  for (const name of names)
    samples.add(name, 'process', [{ name: 'memory', value: (100 + Math.random() * 50) * 2 ** 20, unit: 'bytes' }], now);
  samples.tick();
}
const renderer = createRenderer({ log });
const drawn: number[] = [];
const timed: typeof renderer = {
  ...renderer,
  async render(drawing) {
    const began = performance.now();
    const picture = await renderer.render(drawing);
    drawn.push(performance.now() - began);
    return picture;
  },
};
const pictures = createPictures({
  ...{ history: samples.history, renderer: timed, services: () => [], theme: 'dark', timezone: 'Europe/Moscow' },
  clock: () => now,
});
const draw = async () => {
  const began = performance.now();
  const lines = names.map((service) => ({ service, metric: 'memory' }));
  const picture = await pictures.chart({ language: 'ru', range: '7d', lines });
  if (!picture.ok) throw new Error(picture.reason.code);
  return performance.now() - began;
};
/** Resident, of this process and of the one that draws. */
const megabytes = () => {
  globalThis.gc?.();
  const worker = renderer.worker();
  const pages = worker === null ? 0 : Number(readFileSync(`/proc/${worker}/statm`, 'utf8').split(' ')[1]);
  return (process.memoryUsage.rss() + pages * 4096) / 2 ** 20;
};

/** Watches the main loop while `work` goes on; what it saw goes into `all`. */
async function watched(all: ReturnType<typeof createHistogram>, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  // Its percentiles cannot be joined with those of the other blocks, its counts can.
  for (const [value, count] of countsOf(delay)) for (let n = 0; n < count; n += 1) all.record(value);
}

function countsOf(delay: ReturnType<typeof monitorEventLoopDelay>): readonly (readonly [number, number])[] {
  const all: [number, number][] = [];
  let before = 0;
  for (const [percentile, value] of delay.percentiles) {
    const upTo = Math.round((percentile / 100) * delay.count);
    if (upTo > before && value > 0) all.push([Math.round(value), upTo - before]);
    before = Math.max(before, upTo);
  }
  return all;
}

const bare = megabytes();
console.log('7 days, three series');
console.log(`the first, with the worker's start: ${(await draw()).toFixed(0)} ms`);
const [busy, idle] = [createHistogram(), createHistogram()];
const took: number[] = [];
const resident: number[] = [];
for (let n = 0; n < 9; n += 1) await draw();
for (let n = 10; n < charts; n += BLOCK) {
  const began = performance.now();
  await watched(busy, async () => {
    for (let one = 0; one < BLOCK; one += 1) took.push(await draw());
  });
  const pause = Math.min(2000, performance.now() - began);
  await watched(idle, () => sleep(pause));
  if (n >= 50) resident.push(megabytes());
}
console.log(head);
console.log(row('a chart, as the one who asks waits for it', took));
console.log(row('of it in the worker, the way there and back', drawn.slice(10)));
console.log(`slowest ${quantile(took, 1).toFixed(0)} ms`);
/** Beyond the 1 ms after which the timer that looks is due. */
const ms = (value: number) =>
  Math.max(0, value / 1e6 - 1)
    .toFixed(1)
    .padStart(6);
for (const [name, seen] of [
  ['at rest', idle],
  ['drawing', busy],
] as const)
  console.log(
    `main loop late (${name}): p50 ${ms(seen.percentile(50))}, p99 ${ms(seen.percentile(99))}, longest ${ms(seen.max)} ms`,
  );
// A single look finds the worker's heap anywhere between two of its collections.
const quarter = Math.ceil(resident.length / 4);
const [early, late] = [resident.slice(0, quarter), resident.slice(-quarter)].map((some) =>
  quantile(some, 0.5).toFixed(1),
);
console.log(
  `memory: ${bare.toFixed(0)} MB before; medians from 50 on: first quarter ${early} MB, last quarter ${late} MB`,
);
await renderer.close();
await sleep(500);
console.log(`after the worker's end ${megabytes().toFixed(0)} MB`);
store.close();

/**
 * Charts: how long one takes, whether the main loop feels it, whether a thousand leave something behind.
 * `timeout 300 node --expose-gc --import tsx bench/charts.ts [charts]`
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { createPictures } from '../src/charts/pictures.ts';
import { createRenderer } from '../src/charts/renderer.ts';
import { openStore } from '../src/store/database.ts';
import { createSamples } from '../src/store/samples.ts';
import { head, quantile, row } from './figures.ts';

const charts = Number(process.argv[2] ?? 1000);
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
const pictures = createPictures({
  ...{ history: samples.history, renderer, services: () => [], theme: 'dark', timezone: 'Europe/Moscow' },
  clock: () => now,
});
const draw = async () => {
  const began = performance.now();
  const lines = names.map((service) => ({ service, metric: 'memory' }));
  const drawn = await pictures.chart({ language: 'ru', range: '7d', lines });
  if (!drawn.ok) throw new Error(drawn.reason.code);
  return performance.now() - began;
};
const megabytes = () => {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
};

const bare = megabytes();
console.log('7 days, three series');
console.log(`the first, with the worker's start: ${(await draw()).toFixed(0)} ms`);
const delay = monitorEventLoopDelay({ resolution: 1 });
const took: number[] = [];
let warm = 0;
for (let n = 1; n < charts; n += 1) {
  if (n === 10) delay.enable();
  took.push(await draw());
  if (n === 50) warm = megabytes();
}
delay.disable();
console.log(head);
console.log(row('a chart, as the one who asks waits for it', took.slice(10)));
console.log(`slowest ${quantile(took.slice(10), 1).toFixed(0)} ms`);
const ms = (value: number) => (value / 1e6).toFixed(1);
console.log(`main loop late meanwhile: p50 ${ms(delay.percentile(50))} ms, p99 ${ms(delay.percentile(99))} ms`);
const full = megabytes();
console.log(`memory: ${bare.toFixed(0)} MB before, ${warm.toFixed(1)} after 50, ${full.toFixed(1)} after ${charts}`);
await renderer.close();
await new Promise((resolve) => setTimeout(resolve, 500));
console.log(`after the worker's end ${megabytes().toFixed(0)} MB`);
store.close();

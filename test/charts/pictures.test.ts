import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { ChartDrawing, Drawing } from '../../src/charts/drawing.ts';
import { createPictures } from '../../src/charts/pictures.ts';
import type { MetricUnit } from '../../src/core/health.ts';
import { rangeNames, ranges } from '../../src/core/picture.ts';
import { openStore } from '../../src/store/database.ts';
import { createSamples } from '../../src/store/samples.ts';
import { FakeControl } from '../telegram/fake-control.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const noon = Date.UTC(2026, 10, 23, 12, 3, 7);

/** Real samples of some days, and a renderer that keeps what it was to draw. */
function setUp(services: readonly string[], days: number, value: (service: string, at: number) => number | null) {
  let now = noon - days * DAY;
  const clock = () => now;
  const store = openStore(':memory:');
  const log = pino({ level: 'silent' });
  const samples = createSamples({ store, retentionDays: 30, freeBytes: () => null, clock, log });
  const unit: MetricUnit = '%';
  for (; now < noon; now += 5 * MINUTE) {
    for (const service of services) {
      const read = value(service, now);
      if (read !== null) samples.add(service, 'process', [{ name: 'cpu', value: read, unit }], now);
    }
    samples.tick();
  }
  const control = new FakeControl(clock);
  for (const name of services) control.add(name, { title: name.toUpperCase() });
  const views = () => control.snapshot().services;
  const drawn: Drawing[] = [];
  const renderer = {
    render: async (drawing: Drawing) => {
      drawn.push(drawing);
      return { ok: true, png: new Uint8Array(1) } as const;
    },
    worker: () => null,
    close: async () => {},
  };
  const pictures = createPictures({
    ...{ history: samples.history, renderer, services: views, theme: 'dark', timezone: 'UTC', clock },
  });
  const chart = () => {
    const last = drawn.at(-1);
    assert.equal(last?.kind, 'chart');
    return last as ChartDrawing;
  };
  return { pictures, drawn, chart, history: samples.history };
}

describe('pictures', () => {
  it('read a long stretch in parts and lose nothing where the parts meet', async () => {
    const { pictures, chart, history } = setUp(['shop'], 31, (_, at) => (at / MINUTE) % 977);
    for (const range of rangeNames) {
      const picture = await pictures.chart({ language: 'en', range, lines: [{ service: 'shop', metric: 'cpu' }] });
      assert.ok(picture.ok);
      const whole = history.query({ service: 'shop', metric: 'cpu', from: noon - ranges[range], to: noon });
      const { x, avg, max } = chart().lines[0] ?? assert.fail('no line');
      assert.deepEqual(
        [...x],
        whole?.points.map(({ at }) => at),
        range,
      );
      assert.deepEqual(
        [...avg],
        whole?.points.map((point) => point.avg),
        range,
      );
      assert.deepEqual(
        [...max],
        whole?.points.map((point) => point.max),
        range,
      );
    }
  });

  it('let the manager have its turn while they read', async () => {
    const { pictures } = setUp(['shop'], 1, () => 1);
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await pictures.chart({ language: 'en', range: '24h', lines: [{ service: 'shop', metric: 'cpu' }] });
    clearImmediate(next);
    assert.ok(turns >= 10, `${turns} turns`);
  });

  it('of many services draw the largest, largest first, and say how many are left out', async () => {
    const names = Array.from({ length: 9 }, (_, n) => `s${n}`);
    const { pictures, chart } = setUp(names, 1, (service) => Number(service.slice(1)));
    const lines = names.map((service) => ({ service, metric: 'cpu' }));
    assert.ok((await pictures.chart({ language: 'en', range: '24h', lines })).ok);
    assert.deepEqual(
      chart().lines.map(({ label }) => label),
      ['S8', 'S7', 'S6', 'S5', 'S4', 'S3'],
    );
    assert.equal(chart().title, 'CPU by service');
    assert.match(chart().footer, /^3 more, /);
  });

  it('have the time zone of the one who asks', async () => {
    const { pictures, chart } = setUp(['shop'], 1, () => 1);
    const asked = { language: 'en', range: '1h', lines: [{ service: 'shop', metric: 'cpu' }] } as const;
    await pictures.chart({ ...asked, timezone: 'Asia/Kathmandu' });
    assert.match(chart().footer, /16:48–17:48, Asia\/Kathmandu$/);
    await pictures.chart(asked);
    assert.match(chart().footer, /11:03–12:03, UTC$/);
  });

  it('show every service on some page of the dashboard', async () => {
    const names = Array.from({ length: 14 }, (_, n) => `s${n}`);
    const { pictures, drawn } = setUp(names, 1, () => 1);
    for (const page of [0, 1]) assert.ok((await pictures.dashboard({ language: 'en', range: '24h', page })).ok);
    const titles = drawn.flatMap((grid) => (grid.kind === 'grid' ? [grid.cells.map(({ title }) => title)] : []));
    assert.deepEqual(
      titles.map((each) => each.length),
      [12, 2],
    );
    assert.equal(new Set(titles.flat()).size, 14);
  });
});

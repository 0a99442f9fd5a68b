import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createCanvas, loadImage } from 'canvas';
import { pino } from 'pino';
import { createRenderer, type RendererOptions } from '../../src/charts/renderer.ts';
import { chartSpec, gridSpec } from '../../src/charts/spec.ts';
import { themes } from '../../src/charts/theme.ts';
import type { Theme } from '../../src/core/picture.ts';
import { until } from '../world/until.ts';

const noon = Date.UTC(2026, 10, 23, 12);
const voice = { locale: 'ru-RU', say: ({ value }: { value: number }) => `${value} МБ`, word: (key: string) => key };

function drawing(theme: Theme = 'dark', title = 'Бот магазина') {
  const points = Array.from({ length: 60 }, (_, n) => {
    const value = n % 7;
    return { at: noon - (60 - n) * 60_000, min: value, avg: value, max: value + 1, last: value, count: 6 };
  });
  const measured = { label: 'Память', brief: 'ОЗУ', unit: 'bytes', step: 60_000, points } as const;
  const frame = { theme, title, from: noon - 3600_000, to: noon, timezone: 'Europe/Moscow' };
  const marks = { starts: [noon - 60_000], incidents: [{ from: noon - 9e5, to: null, level: 'error' }] } as const;
  return {
    chart: chartSpec(frame, [measured], marks, voice),
    grid: gridSpec(frame, [{ title, health: 'bad', measured: [measured] }], voice),
  };
}

function setUp(test: TestContext, options: Partial<RendererOptions> = {}) {
  const log: string[] = [];
  const sink = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
  const renderer = createRenderer({ log: sink, ...options });
  test.after(() => renderer.close());
  return { renderer, log };
}

/** A worker of the test's own making. */
async function worker(test: TestContext, body: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'orbit-worker-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'worker.mjs'), body);
  return pathToFileURL(join(folder, 'worker.mjs'));
}

async function pixels(png: Uint8Array) {
  const image = await loadImage(png);
  const canvas = createCanvas(image.width, image.height);
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const colours = new Map<string, number>();
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  for (let at = 0; at < data.length; at += 4) {
    const hex = `#${[data[at], data[at + 1], data[at + 2]].map((part) => (part ?? 0).toString(16).padStart(2, '0')).join('')}`;
    colours.set(hex, (colours.get(hex) ?? 0) + 1);
  }
  return { width: image.width, height: image.height, colours };
}

describe('the renderer', () => {
  for (const theme of ['dark', 'light'] as const)
    it(`draws a ${theme} chart and a dashboard of 1600 x 1000`, async (test) => {
      const { renderer } = setUp(test);
      for (const what of Object.values(drawing(theme))) {
        const drawn = await renderer.render(what);
        assert.ok(drawn.ok);
        const { width, height, colours } = await pixels(drawn.png);
        assert.deepEqual([width, height], [1600, 1000]);
        const { ground, text, lines } = themes[theme];
        for (const colour of [ground, text, lines[0]]) assert.ok((colours.get(colour) ?? 0) > 100, `${colour}`);
        assert.ok((colours.get(ground) ?? 0) > 200_000);
      }
    });

  it('draws bars: names, what they are worth, and in red what is wrong', async (test) => {
    const { renderer } = setUp(test);
    const columns = [{ head: 'Трафик', width: 1, colour: 0 }];
    const row = (label: string, wrong: boolean) =>
      ({ label, health: wrong ? 'bad' : 'good', bars: [{ length: 0.5, value: '9 ГБ', wrong }], note: '' }) as const;
    const coloursOf = async (wrong: boolean) => {
      const rows = [row('DE-1', wrong), { ...row('FI-1', wrong), bars: [null], note: 'лучше' }];
      const drawn = await renderer.render({ kind: 'bars', theme: 'dark', title: 'Main', footer: '', columns, rows });
      assert.ok(drawn.ok);
      return (await pixels(drawn.png)).colours;
    };
    const { good, bad } = themes.dark.health;
    const [fine, ill] = [await coloursOf(false), await coloursOf(true)];
    assert.ok((fine.get(good) ?? 0) > 100 && !fine.has(bad));
    assert.ok((ill.get(bad) ?? 0) > 100 && !ill.has(good));
    assert.ok((fine.get(themes.dark.text) ?? 0) > 100);
  });

  it('has letters for Cyrillic: two words are two pictures, and no boxes', async (test) => {
    const { renderer } = setUp(test);
    const [one, two] = await Promise.all(
      ['Жлщю', 'Фыва'].map((title) => renderer.render(drawing('dark', title).chart)),
    );
    assert.ok(one?.ok && two?.ok);
    assert.notDeepEqual(Buffer.from(one.png), Buffer.from(two.png));
  });

  it('keeps its worker for the next picture, draws in turn, and ends it when idle', async (test) => {
    const { renderer } = setUp(test, { idle: 50 });
    assert.equal(renderer.worker(), null);
    const all = await Promise.all(Array.from({ length: 4 }, () => renderer.render(drawing().chart)));
    assert.ok(all.every(({ ok }) => ok));
    const id = renderer.worker();
    assert.notEqual(id, null);
    await until(() => renderer.worker() === null, 'the end of the worker');
    assert.ok((await renderer.render(drawing().grid)).ok);
    assert.notEqual(renderer.worker(), id);
  });

  it('gives up a picture that takes too long, and starts anew for the next', async (test) => {
    const file = await worker(
      test,
      `process.on('message', ({ title }) => {
         if (title === 'hang') for (;;);
         process.send({ ok: true, png: new Uint8Array(1) });
       });`,
    );
    // Long enough for a worker to start on a busy machine: the next picture has the same deadline.
    const { renderer } = setUp(test, { file, deadline: 3000 });
    const [late, next] = await Promise.all([
      renderer.render(drawing('dark', 'hang').chart),
      renderer.render(drawing().chart),
    ]);
    assert.ok(!late.ok && late.reason.code === 'chart-late');
    assert.ok(next.ok);
  });

  it('turns whatever happens to the worker into an answer', async (test) => {
    const file = await worker(
      test,
      `process.on('message', ({ title }) => {
         if (title === 'throw') throw new Error('a bug');
         if (title === 'exit') process.exit(3);
         if (title === 'memory') { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)); }
         process.send(title === 'refuse' ? { ok: false, why: 'no' } : { ok: true, png: new Uint8Array(1) });
       });`,
    );
    const { renderer, log } = setUp(test, { file });
    for (const title of ['throw', 'exit', 'memory', 'refuse']) {
      const drawn = await renderer.render(drawing('dark', title).chart);
      assert.ok(!drawn.ok && drawn.reason.code === 'chart-failed', title);
      assert.ok((await renderer.render(drawing().chart)).ok, `after ${title}`);
    }
    assert.equal(log.filter((line) => line.includes('was not drawn')).length, 4);
  });

  it('a worker that cannot even start is an answer too', async (test) => {
    const { renderer } = setUp(test, { file: await worker(test, "import 'no-such-package';") });
    const drawn = await renderer.render(drawing().chart);
    assert.ok(!drawn.ok && drawn.reason.code === 'chart-failed');
  });

  it('takes no more than it can draw soon, and nothing once closed', async (test) => {
    const file = await worker(test, "process.on('message', () => {});");
    const { renderer } = setUp(test, { file });
    const all = Array.from({ length: 17 }, () => renderer.render(drawing().chart));
    const last = await all[16];
    assert.ok(last !== undefined && !last.ok && last.reason.code === 'chart-busy');
    await renderer.close();
    const rest = await Promise.all(all);
    assert.ok(rest.every(({ ok }) => !ok));
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChartDrawing, Drawing } from '../../src/charts/drawing.ts';
import { createPanelPictures } from '../../src/charts/panel-pictures.ts';
import type { History, HistoryQuestion } from '../../src/core/history.ts';
import { panelState } from '../cli/fake-panels.ts';
import { nodeView } from '../panels/views.ts';

const noon = Date.UTC(2026, 10, 23, 12);

function makePictures(known: readonly string[]) {
  const asked: string[] = [];
  const drawn: Drawing[] = [];
  const history: Pick<History, 'query' | 'marks' | 'series' | 'bytes'> = {
    series: () => [],
    bytes: () => 0,
    marks: () => ({ starts: [], incidents: [] }),
    query({ service, check = '', metric, from, to }: HistoryQuestion) {
      asked.push(`${service} ${check} ${metric}`);
      if (!known.includes(`${check} ${metric}`)) return null;
      const points = [{ at: (from + to) / 2, avg: 5, min: 5, max: 5, last: 5, count: 1 }];
      return { series: { service, check, metric, unit: 'count' }, step: 60_000, points };
    },
  };
  const pictures = createPanelPictures({
    ...{ history, theme: 'dark', timezone: 'UTC', clock: () => noon },
    renderer: {
      render: async (drawing) => {
        drawn.push(drawing);
        return { ok: true, png: new Uint8Array() };
      },
    },
  });
  const chart = (): ChartDrawing => {
    const last = drawn.at(-1);
    assert.ok(last?.kind === 'chart');
    return last;
  };
  return { pictures, asked, drawn, chart };
}

const node = nodeView('3', { name: 'DE-1' });
const panel = panelState('s001', { name: 'Main', nodes: [node], onlineWindowS: 86_400 });
const none = { rows: [], botPick: null, pick: null, conditions: [] };

test("users by status; online is called what it is in the panel's own sense", async () => {
  const { pictures, chart } = makePictures(['panel users_online', 'panel users_active', 'panel users_expired']);
  const picture = await pictures.panel({ language: 'en', range: '24h' }, panel, none, 'users');
  assert.ok(picture.ok);
  assert.deepEqual(
    chart().lines.map(({ label }) => label),
    ['Online within 24 h', 'Active', 'Expired'],
  );
  assert.equal(chart().title, 'Main: Users');
});

test('traffic by node: a line for each node, under its name', async () => {
  const { pictures, asked, chart } = makePictures(['node-3 rate_down']);
  await pictures.panel({ language: 'ru', range: '1h' }, panel, none, 'by-node');
  // Read in parts, each of which is a question.
  assert.deepEqual(new Set(asked), new Set(['panel:s001 node-3 rate_down']));
  assert.deepEqual(
    chart().lines.map(({ label }) => label),
    ['DE-1'],
  );
});

test('a node has pictures of its own', async () => {
  const { pictures, chart } = makePictures(['node-3 up', 'node-3 available_today']);
  await pictures.node({ language: 'en', range: '7d' }, panel, node, 'uptime');
  assert.equal(chart().title, 'DE-1 · Main: Uptime');
  assert.equal(chart().lines.length, 2);
});

test('what was never measured is said, not drawn', async () => {
  const { pictures, drawn } = makePictures([]);
  const picture = await pictures.panel({ language: 'en', range: '24h' }, panel, none, 'host');
  assert.deepEqual([picture.ok, !picture.ok && picture.reason.code], [false, 'chart-no-data']);
  const days = await pictures.panel({ language: 'en', range: '24h' }, panel, none, 'days');
  assert.equal(!days.ok && days.reason.code, 'chart-no-data');
  const empty = await pictures.panel({ language: 'en', range: '24h' }, { ...panel, nodes: [] }, none, 'balance');
  assert.equal(!empty.ok && empty.reason.code, 'panel-plot-no-nodes');
  assert.equal(drawn.length, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Asked, ControlClient } from '../../src/cli/client.ts';
import { showHealth } from '../../src/cli/health.ts';
import { showMetrics, sparkline } from '../../src/cli/metrics.ts';
import { type Metrics, metricsSchema, readMetrics } from '../../src/cli/metrics-protocol.ts';
import { exitCodes } from '../../src/cli/outcome.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { type Language, t } from '../../src/i18n.ts';
import { fakeHistory, now, service, snapshot } from './fake-control.ts';

const HOUR = 3600_000;

function terminal(language: Language = 'en') {
  const out: string[] = [];
  const line = (text: string) => void out.push(text);
  const say: Terminal['say'] = (key, args) => t(language, key, args);
  return {
    language,
    out,
    said: { language, out: line, err: line, hint: line, say, paint: (_: string, text: string) => text },
  };
}

/** The other end of the socket, in short. */
function client(metrics: Metrics, told = snapshot()): ControlClient {
  const answer = <T>(value: T): Promise<Asked<T>> => Promise.resolve({ ok: true, value });
  const never = () => Promise.reject(new Error('not asked for here'));
  return {
    ...{ act: never, actAll: never, logs: never, alerts: never, acknowledge: never, mute: never, unmute: never },
    ...{ panels: never, checkPanel: never, audit: never, lookAtConfig: never, applyConfig: never },
    ...{ caches: never, countKeys: never, clearKeys: never, stopClearing: never, shop: never, top: never },
    snapshot: () => answer(told),
    metrics: () => answer(metrics),
  };
}

test('the numbers of a service come with their course, holes included', () => {
  const read = metricsSchema.parse(readMetrics(fakeHistory, ['redis', 'shop'], 'redis', HOUR, now));
  assert.equal(read.lines.length, 1);
  const [line] = read.lines;
  assert.deepEqual(line?.figures, { last: 59, min: 0, avg: 30.5, max: 59 });
  assert.equal(line?.values.length, 40);
  assert.equal(line?.values.filter((value) => value === null).length, 7);
  assert.deepEqual(readMetrics(fakeHistory, ['redis', 'shop'], 'shop', HOUR, now).lines, []);
  assert.equal(readMetrics(fakeHistory, ['redis', 'shop'], null, HOUR, now).lines.length, 1);
});

test('blocks begin at zero, and a hole is a blank', () => {
  assert.equal(sparkline([0, 7, null, 3.5]), '▁█ ▅');
  assert.equal(sparkline([5, 5]), '██');
  assert.equal(sparkline([0, 0]), '▁▁');
  assert.equal(sparkline([-7, 0]), '▁█');
  assert.equal(sparkline([]), '');
});

test('orbit metrics shows a row for each number, in both languages and as JSON', async () => {
  const metrics = readMetrics(fakeHistory, ['redis'], null, 24 * HOUR, now);
  const english = terminal();
  assert.equal(await showMetrics(client(metrics), english.said, null, '24h', false), exitCodes.ok);
  assert.match(english.out[0] ?? '', /^SERVICE +NUMBER +24H +LAST +MIN +AVG +MAX$/);
  assert.match(english.out[1] ?? '', /^redis +Latency +[▁▂▃▄▅▆▇█ ]+ +59 ms +0 ms +31 ms +59 ms$/);
  assert.match(english.out.at(-1) ?? '', /3 MB/);
  const russian = terminal('ru');
  await showMetrics(client(metrics), russian.said, null, '24h', false);
  assert.match(russian.out[1] ?? '', /Задержка/);
  const json = terminal();
  await showMetrics(client(metrics), json.said, null, '24h', true);
  assert.deepEqual(JSON.parse(json.out.join('')), metrics);
  const none = terminal();
  await showMetrics(client({ ...metrics, lines: [] }), none.said, null, '1h', false);
  assert.match(none.out[0] ?? '', /nothing was measured in the last 1h/);
});

test('orbit health names what ails, and its exit code says whether all is well', async () => {
  const metrics = readMetrics(fakeHistory, [], null, HOUR, now);
  const ill = terminal();
  const sick = snapshot({ overall: 'unhealthy', services: [service('shop', { health: 'unhealthy' })] });
  assert.equal(await showHealth(client(metrics, sick), ill.said, false), exitCodes.failed);
  assert.match(ill.out.join('\n'), /shop/);
  assert.match(ill.out.join('\n'), / {2}http +healthy/);
  const well = terminal();
  assert.equal(await showHealth(client(metrics), well.said, true), exitCodes.ok);
  assert.equal(JSON.parse(well.out.join('')).overall, 'healthy');
});

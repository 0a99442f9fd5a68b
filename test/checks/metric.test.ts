import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { Counter, Gauge, Registry } from 'prom-client';
import { createMetricCheck } from '../../src/checks/metric.ts';
import { partsOf } from '../../src/checks/metric-json.ts';
import { samplesOf } from '../../src/checks/metric-prometheus.ts';
import { createSharedPostgres } from '../../src/checks/shared-postgres.ts';
import type { MetricConfig } from '../../src/config/schema.ts';
import type { CheckResult } from '../../src/core/health.ts';
import { freePort } from '../world/free-port.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { until } from '../world/until.ts';
import { ask, found, say } from './asking.ts';

const common = { name: 'number', unit: 'count', rate: false } as const;
const shared = createSharedPostgres();

/** What a number is read as, or why it is not. */
function said(result: CheckResult): string | number | undefined {
  if (result.verdict !== 'healthy') return `${result.verdict} ${result.reason?.code}`;
  return result.metrics[0]?.value;
}

async function read(config: MetricConfig, within = 5000) {
  const check = await createMetricCheck(config, shared);
  const result = await ask(check, { within });
  await check.close();
  return said(result);
}

describe('a number from an address', () => {
  let server: Server;
  let url = '';
  let answer: { status?: number; body: string } = { body: '' };
  let asked: IncomingMessage | null = null;

  before(async () => {
    server = createServer((request, response) => {
      asked = request;
      response.writeHead(answer.status ?? 200).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const place = server.address();
    assert.ok(place !== null && typeof place === 'object');
    url = `http://127.0.0.1:${place.port}/stats`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const json = (path: string, more: Partial<MetricConfig> = {}) =>
    read({ from: 'http-json', ...common, url, path, headers: {}, ...more } as MetricConfig);

  it('is found in JSON by a path or a pointer', async () => {
    answer = {
      body: JSON.stringify({
        queue: { waiting: 7, 'a/b': 1.5 },
        nodes: [{ up: true }, { up: false }],
        text: '42',
        odd: 'many',
      }),
    };
    assert.equal(await json('queue.waiting'), 7);
    assert.equal(await json('/queue/waiting'), 7);
    assert.equal(await json('/queue/a~1b'), 1.5);
    assert.equal(await json('nodes.length'), 2);
    assert.equal(await json('nodes.0.up'), 1);
    assert.equal(await json('text'), 42);
    assert.equal(await json('odd'), 'unknown metric-no-number');
    assert.equal(await json('queue'), 'unknown metric-no-number');
    assert.equal(await json('queue.sent'), 'unknown metric-nothing-there');
    assert.equal(await json('__proto__.length'), 'unknown metric-nothing-there');
    assert.deepEqual(partsOf('/a~0b/c'), ['a~b', 'c']);
  });

  it('is unknown, never unhealthy, when it cannot be had', async () => {
    answer = { body: 'OK' };
    assert.equal(await json('a'), 'unknown metric-no-json');
    answer = { status: 503, body: '{}' };
    assert.equal(await json('a'), 'unknown http-status');
    assert.equal(await json('a', { url: `http://127.0.0.1:${await freePort()}/` }), 'unknown net-refused');
    answer = { body: 'x'.repeat(5 * 1024 * 1024) };
    assert.equal(await json('a'), 'unknown metric-too-long');
  });

  it('sends the headers that it was given, and no secret of them is told', async () => {
    answer = { body: '{"a": "nothing"}' };
    const check = await createMetricCheck(
      { from: 'http-json', ...common, url, path: 'a', headers: { Authorization: 'Bearer hunter2' } },
      shared,
    );
    const result = await ask(check);
    assert.equal(asked?.headers.authorization, 'Bearer hunter2');
    assert.doesNotMatch(JSON.stringify(result), /hunter2/);
  });

  it('is found among what is shown to Prometheus', async () => {
    const registry = new Registry();
    const counter = new Counter({
      ...{ name: 'http_requests_total', help: 'requests', labelNames: ['status', 'path'], registers: [registry] },
    });
    counter.inc({ status: '200', path: '/' }, 10);
    counter.inc({ status: '500', path: '/' }, 2);
    counter.inc({ status: '500', path: 'a "b"\\c\n}' }, 3);
    new Gauge({ name: 'http_requests_total_open', help: 'x', registers: [registry] }).set(1e21);
    answer = { body: await registry.metrics() };
    const series = (metric: string, labels: Record<string, string> = {}) =>
      read({ from: 'prometheus', ...common, url, metric, labels, headers: {} });
    assert.equal(await series('http_requests_total'), 15);
    assert.equal(await series('http_requests_total', { status: '500' }), 5);
    assert.equal(await series('http_requests_total', { status: '500', path: 'a "b"\\c\n}' }), 3);
    assert.equal(await series('http_requests_total', { status: '404' }), 'unknown metric-no-series');
    assert.equal(await series('http_requests_total_open'), 1e21);
    assert.equal(await series('nothing'), 'unknown metric-no-series');
  });

  it('is a rate where it counts: nothing at first, and nothing over a reset', async () => {
    const check = await createMetricCheck(
      { from: 'http-json', ...common, unit: 'per_s', rate: true, url, path: 'n', headers: {} },
      shared,
    );
    const rates: (number | undefined)[] = [];
    for (const n of [1000, 1000, 5000, 10, 10]) {
      answer = { body: JSON.stringify({ n }) };
      const result = await ask(check);
      assert.equal(found(result), 'healthy');
      rates.push(result.metrics[0]?.value);
    }
    const [first, still, grown, reset, again] = rates;
    assert.deepEqual([first, still, reset, again], [undefined, 0, undefined, 0]);
    assert.ok(grown !== undefined && grown > 100);
  });
});

describe("Prometheus's format", () => {
  const text = [
    '# HELP a a help{text="x"} 1',
    '# TYPE a gauge',
    'a 1',
    'a{} 2 1700000000000',
    'a { x = "1" , y="" , } 3e2',
    'a{x="2"} +Inf',
    'ab 5',
    'b{x="1"',
    'c{x="1"} many',
    'd NaN # {trace="1"} 1',
  ].join('\n');

  it('is read as it is written', () => {
    assert.deepEqual(samplesOf(text, 'a', {}), [1, 2, 300, Number.POSITIVE_INFINITY]);
    assert.deepEqual(samplesOf(text, 'a', { x: '1', y: '' }), [300]);
    assert.deepEqual(samplesOf(text, 'a', { x: '' }), [1, 2], 'a label that is not there is an empty one');
    assert.deepEqual(samplesOf(text, 'd', {}), [Number.NaN]);
    assert.deepEqual(samplesOf(text, 'e', {}), []);
  });

  it('is refused where it is not', () => {
    assert.equal(samplesOf(text, 'b', {}), null);
    assert.equal(samplesOf(text, 'c', {}), null);
  });
});

describe('a number from a program', () => {
  const run = (script: string, match: string | null = null, within = 5000) =>
    read({ from: 'command', ...common, command: ['sh', '-c', script], cwd: '/tmp', env: { N: '7' }, match }, within);

  it('is its whole standard output, or what a pattern finds in it', async () => {
    assert.equal(await run('echo "$N"'), 7);
    assert.equal(await run('echo -1.5e3; echo noise >&2'), -1500);
    assert.equal(await run('echo "Mails: 12 waiting"; echo "13 sent"', '^(\\d+) sent'), 13);
  });

  it('is unknown when there is none', async () => {
    assert.equal(await run('echo many'), 'unknown metric-no-number');
    assert.equal(await run('echo 1 2'), 'unknown metric-no-number');
    assert.equal(await run('echo 1', '(\\d+) sent'), 'unknown metric-no-number');
    assert.equal(await run('echo 1; exit 3'), 'unknown command-exit');
    assert.equal(await run('echo 1; kill -9 $$'), 'unknown command-signal');
    assert.equal(await run('echo 1; sleep 60', null, 300), 'unknown command-late');
    const nothing = { ...common, command: ['/nowhere'], cwd: '/tmp', env: {}, match: null };
    assert.equal(await read({ from: 'command', ...nothing }), 'unknown command-not-run');
  });
});

describe('a number from a PostgreSQL', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  before(async () => {
    server = await startPostgres();
    const admin = await server.connect();
    await addMonitor(admin);
    await admin.query('CREATE TABLE payments (id int, status text, amount numeric)');
    await admin.query(
      "INSERT INTO payments SELECT n, CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'paid' END, n FROM generate_series(1, 30) n",
    );
    await admin.query('GRANT SELECT, INSERT, DELETE ON payments TO orbit_monitor');
  });
  after(() => server.stop());
  const checks: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const check of checks.splice(0)) await check.close();
  });

  const count = (query: string, url: string | null = server.urlFor('orbit_monitor')) =>
    read({ from: 'sql-count', ...common, url, query });

  it('is the one number of the one row', async () => {
    assert.equal(await count("SELECT count(*) FROM payments WHERE status = 'pending'"), 10);
    assert.equal(await count('select sum(amount) from payments; '), 465);
    assert.equal(
      await count("WITH p AS (SELECT * FROM payments) SELECT 'x', 1 FROM p LIMIT 1 -- that is all"),
      'unknown postgres-error',
    );
    assert.equal(await count('WITH p AS (SELECT 5 AS n) SELECT n FROM p -- that is all'), 5);
  });

  it('is unknown when there is no row, more than one, nothing in it, or the question is wrong', async () => {
    assert.equal(await count('SELECT id FROM payments WHERE id = 0'), 'unknown metric-rows');
    assert.equal(await count('SELECT id FROM payments'), 'unknown metric-rows');
    assert.equal(await count('SELECT sum(amount) FROM payments WHERE id = 0'), 'unknown metric-no-number');
    assert.equal(await count('SELECT count(*) FROM orders'), 'unknown postgres-error');
    assert.equal(await count('SELECT pg_sleep(60)::text'), 'unknown postgres-too-slow');
    assert.equal(await count('SELECT 1', server.urlFor('orbit_monitor', 'wrong')), 'unknown postgres-wrong-password');
    assert.equal(await count('SELECT 1', null), 'unknown metric-no-database');
  });

  it('changes nothing, whatever the question', async () => {
    for (const query of [
      'WITH gone AS (DELETE FROM payments RETURNING 1) SELECT count(*) FROM gone',
      'SELECT 1) AS a (value); DELETE FROM payments; SELECT 1 FROM (SELECT 1',
    ])
      assert.match(String(await count(query)), /^unknown postgres/, query);
    assert.equal(await count('SELECT count(*) FROM payments'), 30);
  });

  it('takes one connection for all that are asked there', async () => {
    const url = server.urlFor('orbit_monitor');
    const all = await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        createMetricCheck({ from: 'sql-count', ...common, name: `n${n}`, url, query: `SELECT ${n}` }, shared),
      ),
    );
    checks.push(...all);
    const results = await Promise.all(all.map((check) => ask(check)));
    assert.deepEqual(results.map(said), [1, 2, 3, 4, 5]);
    const admin = await server.connect();
    const open = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'orbit_monitor'";
    // Those of the tests before may still be on their way out.
    await until(async () => (await admin.query(open)).rows[0].n === 1, 'one connection is open');
  });
});

it('every failure has its words', () => {
  for (const rows of ['none', 'several']) assert.notEqual(say({ code: 'metric-rows', args: { rows } }), '');
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { reason } from '../../src/core/reason.ts';
import type { ShopStats } from '../../src/core/shop-stats.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import type { Stores } from '../../src/core/stores.ts';
import { createApi } from '../../src/http/api.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createLogger } from '../../src/logger.ts';
import { openStore } from '../../src/store/database.ts';
import { createSamples } from '../../src/store/samples.ts';
import { incident, now, service, snapshot } from '../cli/fake-control.ts';
import { fakePanels } from '../cli/fake-panels.ts';
import { makeAlerting } from '../world/alerting.ts';
import { noStores } from '../world/stores.ts';

const token = 'a-token-of-the-test-1234567890';

interface Options {
  readonly token?: null;
  readonly snapshot?: Snapshot;
  readonly shop?: Stores['shop'];
}

async function serve(test: TestContext, options: Options = {}) {
  const lines: string[] = [];
  const store = openStore(':memory:');
  const quiet = pino({ level: 'silent' });
  const samples = createSamples({ store, retentionDays: 30, freeBytes: () => null, clock: () => now, log: quiet });
  for (let n = 0; n < 60; n += 1)
    samples.add('redis', 'redis', [{ name: 'latency', value: n, unit: 'ms' }], now - (60 - n) * 60_000);
  const incidents = makeAlerting({ clock: () => now });
  const control = { snapshot: () => options.snapshot ?? snapshot() };
  const panelNumbers = () => [
    { panel: 's001', nodeName: null, metrics: [{ name: 'users_online', value: 412, unit: 'count' } as const] },
    { panel: 's001', nodeName: 'DE-1', metrics: [{ name: 'rate_down', value: 9000, unit: 'bytes_per_s' } as const] },
  ];
  const api =
    options.token === null
      ? null
      : createApi({
          ...{ token, control, panels: fakePanels, panelNumbers, history: samples.history, clock: () => now },
          alerting: incidents.alerting,
          stores: { shop: options.shop ?? noStores.shop },
          timezone: 'Europe/Moscow',
        });
  incidents.problem('redis', { level: 'warning', lines: ['password=hunter2'] });
  incidents.problem('shop_bot', { level: 'critical' });
  incidents.over('redis');
  const server = createHttpServer({
    ...{ host: '127.0.0.1', port: 0, api, clock: () => now },
    liveness: () => ({ ok: true, version: '1', startedAt: now, stalled: [], telegram: 'polling' }),
    readiness: () => ({ ready: true, reasons: [], oldestWaiting: null, dropped: 0, dead: 0 }),
    log: createLogger({ level: 'trace', format: 'json', to: { write: (line) => void lines.push(line) } }),
  });
  const { port } = await server.listen();
  test.after(async () => {
    await server.close();
    store.close();
  });
  const get = async (
    path: string,
    authorization: string | null = `Bearer ${token}`,
    method = 'GET',
    more: Readonly<Record<string, string>> = {},
  ) => {
    const headers = authorization === null ? more : { authorization, ...more };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, method });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
  };
  return { get, lines };
}

const paths = [
  '/',
  '/metrics',
  '/api/status',
  '/api/services',
  '/api/services/redis',
  '/api/marzban/instances',
  '/api/marzban/instances/s001',
  '/api/metrics/history',
  '/api/alerts',
  '/api/users/stats',
];

test('without HTTP_TOKEN nothing but the probes is served', async (t) => {
  const { get } = await serve(t, { token: null });
  for (const path of paths) assert.equal((await get(path)).status, 404, path);
  assert.equal((await get('/healthz', null)).status, 200);
});

test('without the token, or with another, nothing is told', async (t) => {
  const { get, lines } = await serve(t);
  for (const path of [...paths, '/api/services/nope'])
    for (const wrong of [null, 'Bearer ', 'Bearer x', `Bearer ${token}x`, `Basic ${token}`, token]) {
      const answer = await get(path, wrong);
      assert.equal(answer.status, 401, `${path} ${wrong}`);
      if (path === '/') continue;
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
      assert.deepEqual(answer.json(), { error: 'a token is needed' });
    }
  assert.equal((await get('/healthz', null)).status, 200);
  assert.equal((await get('/api/nope')).status, 404);
  assert.equal((await get('/api/status', `Bearer ${token}`, 'POST')).status, 405);
  assert.ok(!lines.join('').includes(token));
});

test('status and services tell what is, why, and no secret', async (t) => {
  const secret = reason('control-path-too-long', { path: 'redis://u:hunter2@h', max: 1 });
  const told = snapshot({
    incidents: [{ ...incident, reason: secret, lines: ['password=hunter2'] }],
    services: [service('redis', { reason: secret, healthReason: secret })],
  });
  const { get } = await serve(t, { snapshot: told });
  const status = await get('/api/status');
  assert.equal(status.status, 200);
  assert.equal(status.json().services[0].name, 'redis');
  assert.equal(status.json().incidents[0].why.code, 'control-path-too-long');
  const all = await get('/api/services');
  assert.deepEqual(all.json()[0].checks[0].metrics, [{ name: 'latency', value: 12.5, unit: 'ms' }]);
  const one = await get('/api/services/redis');
  assert.deepEqual(one.json(), all.json()[0]);
  assert.equal((await get('/api/services/nope')).status, 404);
  for (const { text } of [status, all, one]) assert.ok(!text.includes('hunter2'), text);
});

test('the history of a number: points, range, step; and what there is', async (t) => {
  const { get } = await serve(t);
  const list = (await get('/api/metrics/history')).json();
  assert.deepEqual(list.series, [{ service: 'redis', check: 'redis', metric: 'latency', unit: 'ms' }]);
  assert.ok(list.bytes > 0);
  const query = '/api/metrics/history?service=redis&metric=latency';
  const usual = (await get(query)).json();
  assert.equal(usual.points.length, 60);
  assert.deepEqual([usual.unit, usual.from, usual.to, usual.step], ['ms', now - 6 * 3600_000, now, 30_000]);
  const rolled = (await get(`${query}&from=30m&step=10m`)).json();
  assert.deepEqual(
    rolled.points.map(({ at, min, avg, max, last, count }: Record<string, number>) => [at, min, avg, max, last, count]),
    [0, 1, 2].map((n) => [now - (30 - 10 * n) * 60_000, 30 + 10 * n, 34.5 + 10 * n, 39 + 10 * n, 39 + 10 * n, 10]),
  );
  const iso = new Date(now - 600_000).toISOString();
  assert.equal((await get(`${query}&from=${iso}&to=${now}`)).json().points.length, 10);
});

test('what it cannot answer it refuses with a reason', async (t) => {
  const { get } = await serve(t);
  const query = '/api/metrics/history?service=redis&metric=latency';
  assert.equal((await get('/api/metrics/history?service=redis&metric=nope')).status, 404);
  for (const wrong of ['&from=tomorrowish', '&step=0', '&step=-5m', '&from=1h&to=2h', '&form=1h', '&from=9e9']) {
    const answer = await get(`${query}${wrong}`);
    assert.equal(answer.status, 400, wrong);
    assert.ok(answer.json().error.length > 5, answer.text);
  }
  assert.equal((await get('/api/metrics/history?metric=latency')).status, 400);
  assert.equal((await get('/api/services/%zz')).status, 404);
});

test('Prometheus gets its text, anew each time', async (t) => {
  const services = [service('redis')];
  const { get } = await serve(t, { snapshot: snapshot({ services }) });
  const answer = await get('/metrics');
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'orbit_service_up{service="redis"} 1',
    'orbit_service_health{service="redis",health="healthy"} 1',
    'orbit_service_health{service="redis",health="unknown"} 0',
    'orbit_check_metric{service="redis",check="http",metric="latency",unit="ms"} 12.5',
    'orbit_incidents_open{level="error"} 1',
    'orbit_telegram_polling 1',
  ])
    assert.ok(answer.text.includes(`${line}\n`), `${line} in\n${answer.text}`);
  assert.match(answer.text, /^orbit_manager_process_resident_memory_bytes \d+/m);
  services.splice(0, 1, service('shop', { state: 'failed' }));
  const again = (await get('/metrics')).text;
  assert.ok(again.includes('orbit_service_up{service="shop"} 0\n'));
  assert.ok(!again.includes('"redis"'), 'what is gone is not told any more');
});

test('panels are told without their passwords, one that is not there is not found', async (t) => {
  const { get } = await serve(t);
  const all = await get('/api/marzban/instances');
  assert.deepEqual(
    all.json().map((panel: { id: string }) => panel.id),
    ['s002', 's001'],
  );
  assert.ok(!all.text.includes('secret-password'));
  const one = (await get('/api/marzban/instances/s002')).json();
  assert.equal(one.id, 's002');
  assert.match(one.conditions[0].why.text, /\S+ \S+/, 'in words, beside the code');
  assert.equal(typeof one.conditions[0].why.code, 'string');
  const metrics = await get('/metrics');
  assert.match(metrics.text, /orbit_panel_metric\{panel="s001",node="",metric="users_online",unit="count"\} 412/);
  assert.match(
    metrics.text,
    /orbit_panel_metric\{panel="s001",node="DE-1",metric="rate_down",unit="bytes_per_s"\} 9000/,
  );
  assert.equal((await get('/api/marzban/instances/nope')).status, 404);
});

test('alerts: those that are open, and as many of the past as are asked for', async (t) => {
  const { get } = await serve(t);
  const { open, past, mutes, at } = (await get('/api/alerts')).json();
  assert.deepEqual(
    [open.map(({ service }: { service: string }) => service), past, mutes, at],
    [['shop_bot'], undefined, [], now],
  );
  const all = await get('/api/alerts?past=10');
  assert.deepEqual(
    all.json().past.map(({ service, resolution }: Record<string, string>) => [service, resolution]),
    [['redis', 'recovered']],
  );
  assert.ok(!all.text.includes('hunter2'), 'log lines stay inside');
  for (const wrong of ['past=-1', 'past=x', 'past=501', 'all=1'])
    assert.equal((await get(`/api/alerts?${wrong}`)).status, 400);
});

test('the figures of the shop: what is missing is null and says why; without a database 503', async (t) => {
  const ages: number[] = [];
  const missing = { ok: false, reason: reason('shop-no-table', { table: 'payments' }) } as const;
  const none = { ok: true, value: [] } as const;
  const { get } = await serve(t, {
    shop: async (maxAge) => {
      ages.push(maxAge);
      const stats: ShopStats = {
        users: { ok: true, value: 7 },
        newToday: { ok: true, value: 1 },
        configs: { ok: true, value: 3 },
        subscriptions: { ok: true, value: { active: 4, ended: 2, never: 1 } },
        configsByServer: none,
        payments: missing,
        stuck: missing,
        lastPayment: missing,
        revenueToday: missing,
        revenueThisMonth: { ok: true, value: [{ currency: 'RUB', amount: 1.5, payments: 1 }] },
      };
      return { ok: true, value: { at: now, timezone: 'UTC', stats } };
    },
  });
  const body = (await get('/api/users/stats')).json();
  assert.deepEqual([body.users, body.subscriptions.active, body.revenueToday, body.timezone], [7, 4, null, 'UTC']);
  assert.equal(body.missing.revenueToday.text, 'there is no table payments');
  assert.equal(body.missing.users, undefined);
  assert.deepEqual(ages, [60_000], 'not asked anew for everybody');
  const without = await serve(t);
  const refused = await without.get('/api/users/stats');
  assert.equal(refused.status, 503);
  assert.match(refused.json().error, /no database of the shop/);
});

const basic = (password: string, name = 'anybody') => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

test('the page wants the token, from a browser as a password; nothing else takes it so', async (t) => {
  const { get } = await serve(t);
  for (const given of [null, basic(''), basic('wrong'), basic(`${token}x`), 'Basic !!!', `Basic ${token}`]) {
    const refused = await get('/', given);
    assert.equal(refused.status, 401, String(given));
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Basic realm=/);
    assert.doesNotMatch(refused.text, /shop_bot|redis|vps1/);
  }
  for (const given of [basic(token), basic(token, ''), `Bearer ${token}`])
    assert.equal((await get('/', given)).status, 200);
  assert.equal((await get('/api/status', basic(token))).status, 401);
  const head = await get('/', basic(token), 'HEAD');
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('the page shows services and alerts, escaped and without secrets, runs nothing and loads nothing', async (t) => {
  const { get } = await serve(t, {
    snapshot: snapshot({
      services: [
        service('web', { title: '<script>alert(1)</script>', health: 'unhealthy', healthReason: reason('x "><img>') }),
        service('panel', { healthReason: reason('unknown-service', { name: 'https://u:hunter2@panel.example' }) }),
      ],
    }),
  });
  const page = await get('/');
  assert.match(page.text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.doesNotMatch(page.text, /<script|<img|hunter2|Traceback/);
  assert.doesNotMatch(page.text.replace('href="data:,"', ''), / (src|href|style|on\w+)=/);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  const style = /<style>([\s\S]*)<\/style>/.exec(page.text)?.[1] ?? '';
  assert.ok(
    policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`),
    'its own style applies',
  );
  assert.match(page.text, /running, unhealthy/);
  assert.match(page.text, /06:00:00, Europe\/Moscow/);
  assert.match(page.text, /<meta http-equiv="refresh"/);
});

test('the page speaks the language that the browser wants most', async (t) => {
  const { get } = await serve(t);
  const spoken = async (wish: string) =>
    (await get('/', `Bearer ${token}`, 'GET', { 'accept-language': wish })).headers.get('content-language');
  assert.equal(await spoken('ru-RU,ru;q=0.9,en;q=0.8'), 'ru');
  assert.equal(await spoken('de,en;q=0.5,ru;q=0.7'), 'ru');
  assert.equal(await spoken('en-GB,ru'), 'en');
  assert.equal(await spoken('de'), 'en');
  assert.match((await get('/', null, 'GET', { 'accept-language': 'ru' })).text, /Нужен пароль/);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../world/free-port.ts';
import { until } from '../world/manager.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { fill, startRedis } from '../world/redis.ts';
import { makeStage } from './stage.ts';

const HTTP_TOKEN = 'the-token-of-this-test-0123456789';

describe('Redis and PostgreSQL through the whole manager', () => {
  const stage = makeStage();

  it('are seen by taps, cleared from the chat and the terminal, told over HTTP, and audited', async () => {
    const redis = await stage.beside(startRedis());
    await fill(redis.admin, 3000, (n) => `user:${n}:balance`);
    await fill(redis.admin, 900, (n) => `user:${n}:lang`);
    await fill(redis.admin, 100, (n) => `notif:1d:${n}`);
    const postgres = await stage.beside(startPostgres());
    const admin = await postgres.connect();
    await addMonitor(admin);
    await admin.query('CREATE TABLE users (tg_id BIGINT PRIMARY KEY); INSERT INTO users VALUES (1), (2), (3)');
    await admin.query('GRANT SELECT ON users TO orbit_monitor');
    const port = await freePort();
    const file = {
      services: {
        cache: {
          driver: 'external',
          title: 'Cache',
          checks: [{ type: 'redis', url: await redis.addWatcher(), clear_url: redis.url }],
        },
        database: {
          driver: 'external',
          title: 'Database',
          checks: [{ type: 'postgres', url: postgres.urlFor('orbit_monitor') }],
        },
      },
      http: { host: '127.0.0.1', port },
    };
    const env = { HTTP_TOKEN, DATABASE_URL: postgres.urlFor('orbit_monitor') };
    const { telegram, vera } = await stage.set(file, { env, started: false });
    const manager = await stage.run();

    // What she wrote before the bot was there would be dropped.
    await telegram.waitFor(() => telegram.pollsInFlight > 0, { timeoutMs: 60_000 });
    vera.start();
    await vera.taps(await telegram.waitForMessage(vera.id, /Cache/, { timeoutMs: 20_000 }), 'Redis');
    const screen = await telegram.waitForMessage(vera.id, /Keys: 4,000/, { timeoutMs: 20_000 });
    await vera.taps(screen, 'Clear…');
    await vera.taps(await telegram.waitForMessage(vera.id, /What shall be cleared/), 'user:*:lang · 900');
    await vera.taps(await telegram.waitForMessage(vera.id, /Remove 900 keys/), 'Yes, remove 900');
    await telegram.waitForMessage(vera.id, /900 keys of user:\*:lang removed/, { timeoutMs: 20_000 });
    assert.equal(await redis.admin.dbsize(), 3100);
    await vera.sends('/users');
    await telegram.waitForMessage(vera.id, /Users: 3/, { timeoutMs: 20_000 });
    await vera.sends('/db');
    await telegram.waitForMessage(vera.id, /PostgreSQL 15/, { timeoutMs: 20_000 });

    const cleared = await stage.type('cache', 'clear', 'notif:*', '--yes');
    assert.deepEqual([cleared.code, await redis.admin.dbsize()], [0, 3000], cleared.text);
    const refused = await stage.type('cache', 'clear', 'user:*', '--yes');
    assert.deepEqual([refused.code, await redis.admin.dbsize()], [1, 3000], refused.text);
    const audit = (await stage.type('audit')).text;
    assert.match(audit, /Vera \(telegram\) +clear the cache +cache +900 keys of user:\*:lang removed/);
    assert.match(audit, /clear the cache +cache +user:\* covers 3,000 keys, 100 % of all/);

    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { authorization: `Bearer ${HTTP_TOKEN}` },
      });
      return { status: answer.status, body: Object(await answer.json()) };
    };
    const stats = await get('/api/users/stats');
    assert.deepEqual([stats.status, stats.body.users, stats.body.configs], [200, 3, null]);
    assert.equal(stats.body.missing.configs.text, 'there is no table configs');
    const checks = await until(
      async () => (await get('/api/services/cache')).body.checks?.[0]?.metrics?.length > 5 && 1,
    );
    assert.ok(checks);
    const points = '/api/metrics/history?service=cache&metric=memory&from=1h';
    await until(async () => (await get(points)).body.points?.length >= 2 && 1, 'two points of a line');
    await vera.taps(screen, 'Chart');
    const chart = await telegram.waitForMessage(vera.id, /^Cache, the last 6 h/, { timeoutMs: 20_000 });
    assert.equal(chart.photo?.width, 1600);
    assert.ok(!manager.output().includes('sec:ret/1'), 'no password in the log');
  });
});

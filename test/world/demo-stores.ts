/** Redis and PostgreSQL for the demo, where their servers are installed: a cache to clear, and a shop with customers. */
import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { addMonitor, startPostgres } from './postgres.ts';
import { fill } from './redis.ts';

type Service = Readonly<Record<string, unknown>>;

export interface DemoStores {
  readonly services: Readonly<Record<string, Service>>;
  /** Puts keys like the shop's into Redis, as soon as it runs; null: there is none. */
  readonly fillCache: (() => Promise<void>) | null;
  stop(): Promise<void>;
}

const common = { health_check_interval: '3s', health_check_timeout: '2s', start_grace: '1s', stop_timeout: '5s' };

const shop = `
  CREATE TABLE users (tg_id BIGINT PRIMARY KEY, subscription_end TIMESTAMP, created_at TIMESTAMP);
  CREATE TABLE configs (id SERIAL PRIMARY KEY, tg_id BIGINT, server_id VARCHAR, deleted BOOL, created_at TIMESTAMP);
  CREATE TABLE payments (id SERIAL PRIMARY KEY, tg_id BIGINT, method VARCHAR, amount NUMERIC, currency VARCHAR,
    status VARCHAR, created_at TIMESTAMP, confirmed_at TIMESTAMP);
  INSERT INTO users SELECT n, (now() + (n - 900) * interval '1 hour') AT TIME ZONE 'utc',
    (now() - n * interval '40 minutes') AT TIME ZONE 'utc' FROM generate_series(1, 3000) n;
  INSERT INTO configs (tg_id, server_id) SELECT n, CASE WHEN n % 3 = 0 THEN 's001' ELSE 'eu001' END
    FROM generate_series(1, 2500) n;
  INSERT INTO payments (tg_id, method, amount, currency, status, created_at, confirmed_at)
    SELECT n, CASE WHEN n % 4 = 0 THEN 'stars' ELSE 'yookassa' END, CASE WHEN n % 4 = 0 THEN 150 ELSE 199 END,
      CASE WHEN n % 4 = 0 THEN 'XTR' ELSE 'RUB' END, CASE WHEN n % 50 = 0 THEN 'pending' ELSE 'confirmed' END,
      (now() - n * interval '3 hours') AT TIME ZONE 'utc',
      CASE WHEN n % 50 = 0 THEN NULL ELSE (now() - n * interval '3 hours') AT TIME ZONE 'utc' END
    FROM generate_series(1, 400) n;
  GRANT SELECT ON users, configs, payments TO orbit_monitor;`;

export async function startDemoStores(): Promise<DemoStores> {
  const redis = spawnSync('redis-server', ['--version']).status === 0 ? await makeRedis() : null;
  const postgres = await makePostgres();
  return {
    services: { ...redis?.services, ...postgres?.services },
    fillCache: redis?.fillCache ?? null,
    stop: async () => postgres?.stop(),
  };
}

/** The manager itself starts and stops it. */
async function makeRedis() {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const limits = ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'];
  const command = ['redis-server', ...place, ...limits];
  return {
    services: { redis: { ...common, title: 'Redis', command, checks: [{ type: 'redis', url }] } },
    async fillCache() {
      const admin = new Redis(url, { maxRetriesPerRequest: 1 });
      admin.on('error', () => {});
      try {
        await admin.ping();
        await fill(admin, 20_000, (n) => `user:${n}:balance`, '149.00');
        await fill(admin, 6000, (n) => `user:${n}:configs`, JSON.stringify([{ id: 1, server: 's001' }]));
        await fill(admin, 4000, (n) => `user:${n}:lang`, 'ru');
        await fill(admin, 300, (n) => `notif:1d:${n}:2026-11-26`, '1');
      } finally {
        admin.disconnect();
      }
    },
  };
}

/** Runs beside the demo and is only watched; null where it is not installed, or cannot be started. */
async function makePostgres() {
  try {
    const server = await startPostgres();
    const admin = await server.connect();
    await addMonitor(admin);
    await admin.query(shop);
    await admin.end();
    const checks = [{ type: 'postgres', url: server.urlFor('orbit_monitor') }];
    return {
      services: { postgres: { ...common, title: 'PostgreSQL', driver: 'external', checks } },
      stop: server.stop,
    };
  } catch {
    return null;
  }
}

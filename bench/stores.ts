/**
 * What watching a Redis with 100,000 keys and a PostgreSQL costs them, by their own count, and how long a round takes.
 * `node --import tsx bench/stores.ts [rounds]` (default 200; half a minute)
 */

import { createPostgresCheck } from '../src/checks/postgres.ts';
import { createRedisCheck } from '../src/checks/redis.ts';
import { addMonitor, startPostgres } from '../test/world/postgres.ts';
import { fill, startRedis } from '../test/world/redis.ts';
import { head, row } from './figures.ts';

const rounds = Number(process.argv[2] ?? 200);
const intervalMs = 30_000;

interface Watched {
  run(context: { pid: null; now: number; signal: AbortSignal }): Promise<{ verdict: string }> | { verdict: string };
}

/** Rounds one after the other, as far apart as a manager's by the clock that they are told. */
async function watch(check: Watched): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < rounds; n++) {
    const started = performance.now();
    const { verdict } = await check.run({ pid: null, now: n * intervalMs, signal: AbortSignal.timeout(10_000) });
    times.push(performance.now() - started);
    if (verdict !== 'healthy') throw new Error(`a round was ${verdict}`);
  }
  return times;
}

async function timed(look: () => Promise<{ ok: boolean }>): Promise<number> {
  const started = performance.now();
  if (!(await look()).ok) throw new Error('nothing to see');
  return performance.now() - started;
}

const soon = () => AbortSignal.timeout(30_000);
const perMinute = (ms: number) => ((ms / rounds) * 60_000) / intervalMs;

async function benchRedis(): Promise<void> {
  const redis = await startRedis();
  await fill(redis.admin, 100_000, (n) => `user:${n}:${n % 5 < 3 ? 'balance' : 'configs'}`);
  const check = createRedisCheck({ id: 'redis', url: await redis.addWatcher(), max_latency_ms: 1000 });
  /** ms that the server spent on commands since its last reset. */
  const spent = async () =>
    [...(await redis.admin.info('commandstats')).matchAll(/^cmdstat_(ping|info|scan|memory\|usage|ttl).*?usec=(\d+)/gm)]
      .map(([, , usec]) => Number(usec) / 1000)
      .reduce((sum, ms) => sum + ms, 0);

  await redis.admin.config('RESETSTAT');
  await redis.admin.call('SLOWLOG', 'RESET');
  console.log(row('redis: a round (3 PING, INFO)', await watch(check)));
  console.log(`  the server's own count: ${perMinute(await spent()).toFixed(2)} ms a minute at one round each 30 s`);
  await redis.admin.config('RESETSTAT');
  const look = await timed(() => check.details(soon(), 0));
  console.log(row('redis: a look, with a sample of 20,000 keys', [look]));
  console.log(`  the server's own count: ${(await spent()).toFixed(1)} ms`);
  console.log(`  slow log after all of it: ${await redis.admin.call('SLOWLOG', 'LEN')} entries (over 10 ms)`);
  await check.close();
  await redis.stop();
}

async function benchPostgres(): Promise<void> {
  const server = await startPostgres('shared_preload_libraries=pg_stat_statements');
  const admin = await server.connect();
  await admin.query('CREATE EXTENSION pg_stat_statements');
  await addMonitor(admin);
  await admin.query('CREATE TABLE users AS SELECT n AS tg_id, now() AS created_at FROM generate_series(1, 20000) n');
  const url = server.urlFor('orbit_monitor');
  const check = createPostgresCheck({ id: 'postgres', url, slow_query_threshold: 1000, max_latency_ms: 1000 });
  const spent = async () => {
    const { rows } = await admin.query(
      "SELECT sum(total_exec_time)::float8 AS ms FROM pg_stat_statements WHERE userid = 'orbit_monitor'::regrole",
    );
    return Number(rows[0]?.ms);
  };

  console.log(row('postgres: a round', await watch(check)));
  console.log(`  the server's own count: ${perMinute(await spent()).toFixed(2)} ms a minute at one round each 30 s`);
  await admin.query('SELECT pg_stat_statements_reset()');
  console.log(row('postgres: a look', [await timed(() => check.details(soon(), 0))]));
  console.log(`  the server's own count: ${(await spent()).toFixed(1)} ms`);
  await check.close();
  await server.stop();
}

console.log(head);
await benchRedis();
await benchPostgres();

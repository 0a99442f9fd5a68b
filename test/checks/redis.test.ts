import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { createRedisCheck, type RedisCheck } from '../../src/checks/redis.ts';
import { fill, startRedis } from '../world/redis.ts';
import { until } from '../world/until.ts';
import { ask, found, metric, say } from './asking.ts';

const checks: RedisCheck[] = [];
afterEach(() => Promise.all(checks.splice(0).map((each) => each.close())));

function check(url: string, limit = 1000): RedisCheck {
  const made = createRedisCheck({ id: 'redis', url, max_latency_ms: limit });
  checks.push(made);
  return made;
}

const soon = () => AbortSignal.timeout(10_000);

async function look(watched: RedisCheck, now = Date.now()) {
  const answer = await watched.details(soon(), now);
  assert.ok(answer.ok, answer.ok ? '' : say(answer.failure.reason));
  return answer.value;
}

describe('redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  before(async () => {
    redis = await startRedis();
    await fill(redis.admin, 3000, (n) => `user:${n}:balance`);
    await fill(redis.admin, 1000, (n) => `notif:1d:${n}:2026-11-${10 + (n % 10)}`);
  });
  after(() => redis.stop());

  it('is healthy, with the numbers that the server itself says', async () => {
    const watched = check(redis.url);
    const result = await ask(watched);
    assert.equal(found(result), 'healthy');
    assert.equal(metric(result, 'keys').value, 4000);
    assert.equal(metric(result, 'latency').unit, 'ms');
    const info = await redis.admin.info();
    const own = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]);
    assert.ok(Math.abs(metric(result, 'memory').value - own('used_memory')) < 200_000);
    assert.equal(metric(result, 'clients').value, own('connected_clients'));
    const share = (100 * metric(result, 'memory').value) / own('total_system_memory');
    assert.ok(Math.abs(metric(result, 'memory_share').value - share) < 0.01, 'no limit set: of the machine');
  });

  it('keeps one connection, under its own name', async () => {
    const ours = async () => String(await redis.admin.call('CLIENT', 'LIST')).split('name=orbit-manager').length - 1;
    await until(async () => (await ours()) === 0, 'nobody else is there');
    const watched = check(redis.url);
    await Promise.all([ask(watched), ask(watched), look(watched)]);
    await ask(watched);
    assert.equal(await ours(), 1);
    await watched.close();
    await until(async () => (await ours()) === 0, 'it let go');
  });

  it('counters are steps between two rounds; the first round is a baseline', async () => {
    const watched = check(redis.url);
    const first = await ask(watched, { now: 0 });
    assert.ok(!first.metrics.some(({ name }) => ['evicted', 'rejected', 'cpu', 'received'].includes(name)));
    await redis.admin.call('NOSUCHCOMMAND').catch(() => {});
    const second = await ask(watched, { now: 30_000 });
    assert.equal(metric(second, 'evicted').value, 0);
    assert.equal(metric(second, 'errors').value, 1);
    assert.ok(metric(second, 'received').value > 0);
    assert.deepEqual((await look(watched)).deltas?.errors, [{ code: 'ERR', count: 1 }]);
  });

  it('the hit rate is of the look-ups since the last one, and waits for a hundred', async () => {
    const watched = check(redis.url);
    await ask(watched, { now: 0 });
    const looked = async (hits: number, misses: number) => {
      const pipeline = redis.admin.pipeline();
      for (let n = 0; n < hits; n++) pipeline.get('user:1:balance');
      for (let n = 0; n < misses; n++) pipeline.get('nobody');
      await pipeline.exec();
    };
    await looked(60, 20);
    const few = await ask(watched, { now: 30_000 });
    assert.ok(!few.metrics.some(({ name }) => name === 'hit_rate'));
    await looked(15, 5);
    assert.equal(metric(await ask(watched, { now: 60_000 }), 'hit_rate').value, 75);
    await looked(0, 100);
    assert.equal(metric(await ask(watched, { now: 90_000 }), 'hit_rate').value, 0, 'not of its whole life');
    assert.deepEqual((await look(watched)).hitRate, { percent: 0, lookups: 100, over: 30_000 });
    await ask(watched, { now: 120_000 });
    await looked(0, 100);
    const after = await ask(watched, { now: 150_000 });
    assert.equal(metric(after, 'hit_rate').value, 0, 'what looking at it cost is not counted');
  });

  it('a statistics reset is a new baseline', async () => {
    const watched = check(redis.url);
    await ask(watched, { now: 0 });
    await redis.admin.config('RESETSTAT');
    const result = await ask(watched, { now: 30_000 });
    assert.equal(found(result), 'healthy');
    assert.ok(!result.metrics.some(({ name }) => name === 'received'));
  });

  it('details: what fills it, what was slow, how it is set up', async () => {
    const watched = check(redis.url);
    await redis.admin.config('SET', 'slowlog-log-slower-than', '0');
    await redis.admin.set('user:7:balance', 'secret value of a customer', 'EX', 60);
    await redis.admin.config('SET', 'slowlog-log-slower-than', '10000');
    const details = await look(watched);
    await redis.admin.call('SLOWLOG', 'RESET');
    const slow = details.slowLog?.newest.map(({ command }) => command) ?? [];
    assert.ok(slow.includes('SET user:*:balance … +3'), slow.join('\n'));
    assert.ok(!JSON.stringify(details.slowLog).includes('secret value'));
    assert.equal(details.slowLog?.threshold, 10);
    assert.deepEqual(details.missing, []);
    assert.deepEqual(
      details.sample?.patterns.map(({ pattern, keys }) => [pattern, keys]),
      [
        ['user:*:balance', 3000],
        ['notif:1d:*:*', 1000],
      ],
    );
    const [balance] = details.sample?.patterns ?? [];
    assert.ok((balance?.bytes ?? 0) > 10 && (balance?.ttl ?? 0) > 3000);
    assert.equal(details.settings['maxmemory-policy'], 'noeviction');
    assert.equal(details.keys, 4000);
  });

  it('is degraded by the median of its rounds', async () => {
    const watched = check(redis.url, 0);
    assert.equal(found(await ask(watched)), 'healthy');
    await ask(watched);
    assert.equal(found(await ask(watched)), 'degraded net-slow');
  });

  it('keys that vanish are noticed', async () => {
    const emptied = await startRedis();
    await fill(emptied.admin, 500, (n) => `k:${n}`);
    const watched = check(emptied.url);
    await ask(watched);
    await emptied.admin.call('FLUSHALL');
    const result = await ask(watched);
    assert.equal(found(result), 'degraded redis-keys-dropped');
    assert.equal(
      result.reason && say(result.reason),
      'of 500 keys only 0 are left since the last look: it was emptied',
    );
    assert.equal(found(await ask(watched)), 'healthy');
    await emptied.stop();
  });

  it('a restart is noticed, and is neither an outage nor a burst of numbers', async () => {
    const own = await startRedis();
    const watched = check(own.url);
    await ask(watched, { now: 0 });
    await own.restart();
    const result = await ask(watched, { now: 30_000 });
    assert.equal(found(result), 'healthy', 'the connection that broke is opened anew at once');
    assert.ok(!result.metrics.some(({ name }) => name === 'received'));
    assert.deepEqual((await look(watched, 40_000)).restarts, { count: 1, lastAt: 30_000 });
    await own.kill();
    assert.equal(found(await ask(watched)), 'unhealthy net-refused');
    await own.stop();
  });
});

describe('redis with the least rights', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let url = '';
  before(async () => {
    redis = await startRedis();
    url = await redis.addWatcher();
    await fill(redis.admin, 100_000, (n) => (n % 5 < 3 ? `user:${n}:balance` : `user:${n}:configs`));
  });
  after(() => redis.stop());

  it('everything can be read', async () => {
    const watched = check(url);
    assert.equal(found(await ask(watched)), 'healthy');
    const details = await look(watched);
    assert.deepEqual(details.missing, []);
    assert.ok((details.sample?.patterns[0]?.bytes ?? 0) > 0);
  });

  it('a hundred thousand keys are estimated from a sample, and the server feels nothing', async () => {
    await redis.admin.call('SLOWLOG', 'RESET');
    const watched = check(url);
    await ask(watched);
    const now = Date.now();
    const details = await look(watched, now);
    const { sample } = details;
    assert.equal(sample?.total, 100_000);
    assert.ok(sample !== null && sample.sampled >= 20_000 && sample.sampled < 21_000, 'bounded');
    const [balance, configs] = sample?.patterns ?? [];
    assert.deepEqual([balance?.pattern, configs?.pattern], ['user:*:balance', 'user:*:configs']);
    assert.ok(Math.abs((balance?.keys ?? 0) - 60_000) < 3000, `about 60,000: ${balance?.keys}`);
    assert.equal(details.slowLog?.length, 0);
    assert.equal((await look(watched, now + 4000)).sample, sample, 'not sampled again within seconds');
  });

  it('a right that is missing is named', async () => {
    const less = await redis.addWatcher('resetkeys %R~* -@all +ping +info +client|setname');
    const watched = check(less);
    assert.equal(found(await ask(watched)), 'healthy');
    const details = await look(watched);
    assert.deepEqual(details.missing, [
      '+config|get',
      '+slowlog|get',
      '+slowlog|len',
      '+latency|latest',
      '+scan +dbsize',
    ]);
    assert.deepEqual([details.slowLog, details.events, details.sample], [null, null, null]);
  });

  it('without the right to INFO nothing can be told', async () => {
    const result = await ask(check(await redis.addWatcher('-@all +ping')));
    assert.equal(found(result), 'unknown redis-no-right');
    assert.match(result.reason ? say(result.reason) : '', /may not INFO/);
  });
});

describe('redis that is in trouble', () => {
  const stoppable: { stop(): Promise<void> }[] = [];
  const servers: Server[] = [];
  after(async () => {
    for (const server of servers) server.close();
    await Promise.all(stoppable.map((redis) => redis.stop()));
  });

  async function start(...options: readonly string[]) {
    const redis = await startRedis(...options);
    stoppable.push(redis);
    return redis;
  }

  /** Something that takes connections and says one thing to everything, or nothing. */
  async function impostor(answer: string | null): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => answer !== null && socket.write(answer));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const address = server.address();
    return `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  it('a password that is wrong, or missing, is said so and never shown', async () => {
    const redis = await start('--requirepass', 'right');
    const wrong = await ask(check(`redis://:hunter2@127.0.0.1:${redis.port}`));
    assert.equal(found(wrong), 'unhealthy redis-wrong-password');
    assert.doesNotMatch(JSON.stringify(wrong), /hunter2/);
    assert.equal(found(await ask(check(redis.url))), 'unhealthy redis-no-password');
    const right = check(`redis://:right@127.0.0.1:${redis.port}/3`);
    assert.equal(found(await ask(right)), 'healthy');
  });

  it('a password for one that asks for none is no problem', async () => {
    const redis = await start();
    const watched = check(`redis://:useless@127.0.0.1:${redis.port}`);
    assert.equal(found(await ask(watched)), 'healthy');
  });

  it('a socket instead of a port', async () => {
    const redis = await start('--unixsocket', `/tmp/orbit-redis-${process.pid}.sock`);
    const watched = check(`unix:///tmp/orbit-redis-${process.pid}.sock`);
    assert.equal(found(await ask(watched)), 'healthy');
    await redis.kill();
    rmSync(`/tmp/orbit-redis-${process.pid}.sock`, { force: true });
    assert.equal(found(await ask(check(`unix:///tmp/orbit-redis-${process.pid}.sock`))), 'unhealthy net-no-socket');
  });

  it('as many clients as it takes', async () => {
    const redis = await start('--maxclients', '1');
    await redis.admin.ping();
    assert.equal(found(await ask(check(redis.url))), 'unhealthy redis-too-many-clients');
  });

  it('turned-away connections are seen afterwards', async () => {
    const redis = await start('--maxclients', '2');
    await redis.admin.ping();
    const watched = check(redis.url);
    await ask(watched);
    await ask(check(redis.url));
    assert.equal(found(await ask(watched)), 'unhealthy redis-rejected');
  });

  it('memory that runs out: said before, and said when writes are refused', async () => {
    const redis = await start('--maxmemory', '4mb');
    const watched = check(redis.url);
    await ask(watched);
    const used = async () => Number(/^used_memory:(\d+)/m.exec(await redis.admin.info('memory'))?.[1]);
    for (let n = 0; (await used()) < 0.88 * 4 * 1024 ** 2; n++) await redis.admin.set(`k:${n}`, 'x'.repeat(10_000));
    const degraded = await ask(watched);
    assert.equal(found(degraded), 'degraded redis-memory');
    assert.match(degraded.reason ? say(degraded.reason) : '', /^8\d % of its memory limit is used$|^9\d %/);
    const refused = fill(redis.admin, 1000, (n) => `more:${n}`, 'x'.repeat(10_000));
    await refused;
    const full = await ask(watched);
    assert.equal(found(full), 'unhealthy redis-refused-writes');
    assert.match(
      full.reason ? say(full.reason) : '',
      /refused \d+ writes since the last look \(OOM, policy noeviction\)/,
    );
  });

  it('evictions', async () => {
    const redis = await start('--maxmemory', '4mb', '--maxmemory-policy', 'allkeys-lru');
    const watched = check(redis.url);
    await ask(watched);
    await fill(redis.admin, 1000, (n) => `k:${n}`, 'x'.repeat(10_000));
    const result = await ask(watched);
    assert.ok(metric(result, 'evicted').value > 0);
    const codes = (await look(watched)).findings.map(({ reason }) => reason.code);
    assert.ok(codes.includes('redis-evicted'), codes.join());
  });

  it('a snapshot that cannot be written', async () => {
    const redis = await start('--save', '3600 1', '--stop-writes-on-bgsave-error', 'no');
    const watched = check(redis.url);
    await redis.admin.set('a', 'b');
    rmSync(redis.folder, { recursive: true });
    await redis.admin.call('BGSAVE');
    await until(async () => /rdb_last_bgsave_status:err/.test(await redis.admin.info()), 'the snapshot failed');
    assert.equal(found(await ask(watched)), 'unhealthy redis-rdb-failed');
    await redis.admin.config('SET', 'stop-writes-on-bgsave-error', 'yes');
    assert.equal(found(await ask(watched)), 'unhealthy redis-cannot-save', 'now it refuses even PING');
  });

  it('a replica, and a replica that never found its master', async () => {
    const master = await start();
    const replica = await start('--replicaof', '127.0.0.1', String(master.port));
    const watched = check(replica.url);
    const end = performance.now() + 10_000;
    let verdict = found(await ask(watched));
    while (verdict !== 'healthy' && performance.now() < end) verdict = found(await ask(watched));
    assert.equal(verdict, 'healthy');
    const above = check(master.url);
    const result = await ask(above);
    assert.equal(metric(result, 'replicas').value, 1);

    const lost = await start('--replicaof', '127.0.0.1', '1');
    const alone = check(lost.url);
    assert.equal(found(await ask(alone)), 'unhealthy redis-link-down');
  });

  const answers: readonly (readonly [string, string])[] = [
    ['-LOADING Redis is loading the dataset in memory\r\n', 'unhealthy redis-loading'],
    ['-MASTERDOWN Link with MASTER is down\r\n', 'unhealthy redis-master-down'],
    ['-BUSY Redis is busy running a script\r\n', 'unhealthy redis-busy'],
    ['-DENIED Redis is running in protected mode\r\n', 'unhealthy redis-protected'],
    ['-ERR something new\r\n', 'unhealthy redis-error'],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'unhealthy redis-not-redis'],
    ['+PONG\r\n', 'unhealthy redis-not-redis'],
  ];
  for (const [answer, expected] of answers) {
    it(`answers ${answer.trim()}`, async () => assert.equal(found(await ask(check(await impostor(answer)))), expected));
  }

  it('a port that takes connections and stays silent is given up at the deadline', async () => {
    const watched = check(await impostor(null));
    assert.equal(found(await ask(watched, { within: 200 })), 'unhealthy net-timeout');
    assert.equal(found(await ask(watched, { within: 200 })), 'unhealthy net-timeout', 'again, with a new connection');
  });
});

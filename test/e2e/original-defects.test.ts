import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../world/free-port.ts';
import { type Home, kill, type RunningManager, until } from '../world/manager.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { startRedis } from '../world/redis.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const run = promisify(execFile);

const HTTP_TOKEN = 'the-token-of-this-test-0123456789';
const SESSION = 'orbitvpn_bot';
const WORK = ['sh', '-c', 'while :; do echo line-of-a-log; sleep 1; done'];
/** Ends two and a half seconds after it was asked to, in good order. */
const SLOW_TO_STOP = ['sh', '-c', 'trap "sleep 2.5; echo done > ended; exit 0" TERM; while :; do sleep 0.1; done'];

/** Two of three have paid. */
const SHOP = `
  CREATE TABLE users (tg_id BIGINT PRIMARY KEY, subscription_end TIMESTAMP, created_at TIMESTAMP, configs INT);
  INSERT INTO users VALUES (1, now() + interval '1 day', now(), 1), (2, now() + interval '2 days', now(), 1), (3, now() - interval '1 day', now(), 0);
  GRANT SELECT ON users TO orbit_monitor`;

interface Seen {
  readonly name: string;
  readonly state: string;
  readonly health: string;
  readonly pid: number | null;
  readonly restarts: number;
  readonly checks: readonly {
    readonly at: number | null;
    readonly health: string;
    readonly metrics: readonly { readonly name: string; readonly value: number }[];
  }[];
}

/**
 * The manager that was written before this one never worked when it mattered. What was found wrong in it, each point
 * against the whole of ours: a real tmux, Redis and PostgreSQL, and a simulated Telegram.
 */
describe('what made the original useless', () => {
  const stage = makeStage();
  const socket = `orbit-defects-${process.pid}`;
  let telegram: TelegramWorld;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let home: Home;
  let manager: RunningManager;
  let vera: WorldUser;
  let port: number;

  before(async () => {
    [redis, postgres, port] = await Promise.all([
      stage.beside(startRedis()),
      stage.beside(startPostgres()),
      freePort(),
    ]);
    const admin = await postgres.connect();
    await addMonitor(admin);
    await admin.query(SHOP);
    const file = {
      services: {
        bot: { title: 'Shop bot', driver: 'tmux', tmux_session: SESSION, tmux_socket: socket, command: WORK },
        redis: { driver: 'external', restart_delay: 0, checks: [{ type: 'redis', url: redis.url }] },
        postgres: {
          driver: 'external',
          restart_delay: 0,
          checks: [{ type: 'postgres', url: postgres.urlFor('orbit_monitor') }],
        },
        waits: { title: 'Waits', command: WORK, restart_delay: '60s', max_restart_delay: '60s' },
        works: { title: 'Works', command: WORK },
        slow: { title: 'Slow', command: SLOW_TO_STOP, stop_timeout: '10s' },
        broken: { title: 'Broken', command: [join('bin', 'is-not-there')], max_restarts: 2 },
      },
      http: { host: '127.0.0.1', port },
    };
    const env = { HTTP_TOKEN, DATABASE_URL: postgres.urlFor('orbit_monitor') };
    ({ telegram, home, vera } = await stage.set(file, { env }));
    stage.atEnd(() => run('tmux', ['-L', socket, 'kill-server']).catch(() => undefined));
    manager = await stage.run();
  });

  async function read(path: string, token = HTTP_TOKEN): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
  }

  async function service(name: string): Promise<Seen> {
    return Object(await (await read(`/api/services/${name}`)).json());
  }

  /** As soon as it is so. */
  function seen(name: string, is: (service: Seen) => boolean, what: string): Promise<Seen> {
    return until(async () => {
      const now = await service(name);
      return is(now) ? now : null;
    }, `${name}: ${what}`);
  }

  function number(service: Seen, metric: string): number {
    const found = service.checks.flatMap(({ metrics }) => metrics).find(({ name }) => name === metric);
    assert.ok(found, `${service.name} has no ${metric}: ${JSON.stringify(service.checks)}`);
    return found.value;
  }

  it('a bot in tmux has the pid of its pane, is healthy, and is left alone', async () => {
    const first = await seen('bot', ({ health }) => health === 'healthy', 'healthy');
    const { stdout } = await run('tmux', ['-L', socket, 'list-panes', '-t', `=${SESSION}`, '-F', '#{pane_pid}']);
    assert.equal(first.pid, Number(stdout));
    const asked = first.checks[0]?.at ?? 0;
    const later = await seen('bot', ({ checks }) => (checks[0]?.at ?? 0) > asked + 2000, 'asked again');
    assert.deepEqual([later.pid, later.restarts, later.health], [first.pid, 0, 'healthy']);
  });

  it('a failed start counts: what can never start is given up', async () => {
    await seen('broken', ({ state }) => state === 'failed', 'given up');
  });

  it('a restart that waits holds up nothing: everything else is asked, and restarted, meanwhile', async () => {
    const { pid } = await seen('waits', ({ state, pid }) => state === 'running' && pid !== null, 'running');
    kill(pid);
    await seen('waits', ({ state }) => state === 'backing-off', 'waiting');
    const before = await seen('works', ({ health }) => health === 'healthy', 'healthy');
    kill(before.pid);
    const again = await seen('works', ({ pid, health }) => pid !== before.pid && health === 'healthy', 'healthy again');
    assert.equal(again.restarts, 1);
    assert.equal((await service('waits')).state, 'backing-off');
  });

  it('an alert is really sent, with its end', async () => {
    await telegram.waitForMessage(vera.id, /Waits[\s\S]*killed by SIGKILL/);
    await telegram.waitForMessage(vera.id, /Works is back/);
  });

  it('a stop waits as long as it was told to, and kills nothing that ends in good order', async () => {
    await seen('slow', ({ state }) => state === 'running', 'running');
    const stop = await stage.type('stop', 'slow');
    assert.equal(stop.code, 0, stop.text);
    assert.doesNotMatch(stop.text, /kill/i);
    await run('cat', [join(home.folder, 'ended')]);
  });

  it('numbers and alerts are there for the next command, and for the next manager', async () => {
    const metrics = await stage.type('metrics', 'works', '--json');
    assert.equal(metrics.code, 0, metrics.text);
    assert.match(metrics.text, /"memory"/);
    manager.kill('SIGKILL');
    await manager.exited;
    manager = await stage.run();
    const alerts = await stage.type('alerts', '--all', '--json');
    assert.match(alerts.text, /"service": ?"works"/);
  });

  it('the clients of Redis are counted, its processor time is a rate, and KEYS and FLUSH are never asked', async (context) => {
    const clients = [1, 2, 3].map(() => redis.admin.duplicate());
    context.after(() => {
      for (const client of clients) client.disconnect();
    });
    await Promise.all(clients.map((client) => client.ping()));
    await until(async () => {
      const counted = Number(/connected_clients:(\d+)/.exec(await redis.admin.info('clients'))?.[1]);
      assert.ok(counted > clients.length);
      return number(await service('redis'), 'clients') === counted;
    }, 'as many clients as the server itself counts');
    const now = await seen('redis', ({ checks }) => /"cpu"/.test(JSON.stringify(checks)), 'a second look');
    assert.ok(number(now, 'cpu') < 100, 'of an idle server');
    const commands = await redis.admin.info('commandstats');
    assert.match(commands, /cmdstat_ping/);
    assert.doesNotMatch(commands, /cmdstat_(keys|flushall|flushdb|monitor)/);
  });

  it('a cache is not cleared whole by a default, nor by mistake', async () => {
    await redis.admin.mset('user:1', 'a', 'user:2', 'b', 'session:1', 'c');
    for (const args of [[], ['*'], ['*', '--yes'], ['user:*', '--yes']]) {
      const clear = await stage.type('cache', 'clear', ...args);
      assert.notEqual(clear.code, 0, clear.text);
    }
    assert.equal(await redis.admin.dbsize(), 3);
    const clear = await stage.type('cache', 'clear', 'session:*', '--yes');
    assert.equal(clear.code, 0, clear.text);
    assert.deepEqual((await redis.admin.keys('*')).sort(), ['user:1', 'user:2']);
  });

  it("the shop's users are counted, in the columns that its tables really have", async () => {
    const stats = await stage.type('users', 'stats', '--json');
    assert.equal(stats.code, 0, stats.text);
    const { users, subscriptions } = Object(await (await read('/api/users/stats')).json());
    assert.deepEqual([users, subscriptions], [3, { active: 2, ended: 1, never: 0 }]);
    assert.match(stats.text, /"active": ?2/);
  });

  it('the connections of PostgreSQL are those of clients, without its own workers', async () => {
    const admin = await postgres.connect();
    const count = async (which: string) => {
      const { rows } = await admin.query(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE ${which}`);
      return Number(rows[0]?.n);
    };
    const clients = "backend_type = 'client backend'";
    assert.ok((await count('true')) > (await count(clients)), 'there are workers to be mistaken for clients');
    await until(
      async () => number(await service('postgres'), 'connections') === (await count(clients)),
      'as many connections as the server itself counts',
    );
    // The time of SELECT 1 is not the speed of queries: the longest one is told as it is.
    const slow = admin.query('SELECT pg_sleep(3)');
    await seen('postgres', (now) => number(now, 'longest_query') > 1, 'the long query');
    await slow;
  });

  it('the endpoint listens on the loopback only, has no default password, and shows no log', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4');
    if (outside !== undefined) await assert.rejects(fetch(`http://${outside.address}:${port}/healthz`));
    for (const token of ['admin', '']) assert.equal((await read('/api/status', token)).status, 401);
    for (const path of ['/api/login', '/ws/logs/bot', '/api/services/bot/logs'])
      assert.equal((await read(path)).status, 404);
    const everything = await Promise.all(
      ['/api/services', '/api/status', '/metrics'].map(async (path) => (await read(path)).text()),
    );
    assert.doesNotMatch(everything.join(), /line-of-a-log/);
  });
});

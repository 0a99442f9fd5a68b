import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type pg from 'pg';
import { z } from 'zod';
import { createPostgresCheck, type PostgresCheck } from '../../src/checks/postgres.ts';
import { createPostgresConnection } from '../../src/checks/postgres-connection.ts';
import { query } from '../../src/checks/postgres-queries.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { until } from '../world/until.ts';
import { ask, found, metric, say } from './asking.ts';

const checks: PostgresCheck[] = [];
afterEach(() => Promise.all(checks.splice(0).map((each) => each.close())));

function check(url: string, changes: { slow_query_threshold?: number; max_latency_ms?: number } = {}): PostgresCheck {
  const options = { id: 'postgres', url, slow_query_threshold: 1000, max_latency_ms: 1000, ...changes };
  const made = createPostgresCheck(options);
  checks.push(made);
  return made;
}

async function look(watched: PostgresCheck, now = Date.now()) {
  const answer = await watched.details(AbortSignal.timeout(20_000), now);
  assert.ok(answer.ok, answer.ok ? '' : say(answer.failure.reason));
  return answer.value;
}

describe('postgres', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let admin: pg.Client;
  let url = '';
  before(async () => {
    const statements = [
      'shared_preload_libraries=pg_stat_statements',
      'deadlock_timeout=50ms',
      'max_replication_slots=4',
    ];
    server = await startPostgres(...statements, 'archive_mode=on');
    admin = await server.connect();
    await addMonitor(admin);
    await addMonitor(admin, 'half_blind', { sees: false });
    await admin.query(
      'CREATE TABLE things AS SELECT n AS id, repeat(md5(n::text), 10) AS text FROM generate_series(1, 20000) n',
    );
    await admin.query('CREATE INDEX things_text ON things (text)');
    await admin.query('ANALYZE things');
    url = server.urlFor('orbit_monitor');
  });
  after(() => server.stop());

  async function number(sql: string): Promise<number> {
    const { rows } = await admin.query(`SELECT (${sql})::float8 AS n`);
    return z.array(z.object({ n: z.number() })).parse(rows)[0]?.n ?? Number.NaN;
  }

  it('is healthy, with the numbers that the server itself says', async () => {
    const watched = check(url);
    const result = await ask(watched);
    assert.equal(found(result), 'healthy');
    const backends = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    assert.equal(metric(result, 'connections').value, await number(backends));
    assert.equal(metric(result, 'connection_share').value, (100 * (await number(backends))) / 97);
    assert.equal(metric(result, 'size').value, await number('SELECT pg_database_size(current_database())'));
    assert.equal(metric(result, 'latency').unit, 'ms');
    assert.equal(metric(result, 'replicas').value, 0);
    assert.ok(metric(result, 'wraparound').value < 1);
  });

  it('keeps one session under its own name, read only, with deadlines', async () => {
    const watched = check(url);
    const ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orbit-manager'";
    await until(async () => (await number(ours)) === 0, 'nobody else is there');
    await ask(watched);
    await look(watched);
    await ask(watched);
    assert.equal(await number(ours), 1);
    await watched.close();
    await until(async () => (await number(ours)) === 0, 'it let go');

    const connection = createPostgresConnection(
      `${url}?application_name=other&statement_timeout=0&options=-c%20x.y%3D1`,
    );
    const names = [
      'default_transaction_read_only',
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
    ];
    const answer = await connection.use(AbortSignal.timeout(5000), async (session) => {
      const row = query('SELECT current_setting($1) AS value', { value: z.string() });
      const values: string[] = [];
      for (const name of [...names, 'application_name']) values.push((await session.one(row, name)).value);
      return values;
    });
    assert.deepEqual(answer.ok && answer.value, ['on', '3s', '500ms', '10s', 'orbit-manager']);
    await connection.close();
  });

  it('counters are steps between two rounds; the first is a baseline', async () => {
    const watched = check(url);
    const first = await ask(watched, { now: 0 });
    assert.ok(!first.metrics.some(({ name }) => ['transactions', 'deadlocks', 'cache_hit'].includes(name)));
    for (let n = 0; n < 100; n++) await admin.query('SELECT 1');
    await admin.query('SELECT pg_stat_force_next_flush()');
    await until(async () => {
      await admin.query('SELECT pg_stat_clear_snapshot()');
      return (await number("SELECT xact_commit FROM pg_stat_database WHERE datname = 'shop'")) > 100;
    }, 'the statistics say so');
    const second = await ask(watched, { now: 10_000 });
    assert.ok(metric(second, 'transactions').value >= 10, 'a hundred in ten seconds');
    assert.equal(metric(second, 'transactions').unit, 'per_s');
    await admin.query('SELECT pg_stat_reset()');
    const third = await ask(watched, { now: 20_000 });
    assert.ok(!third.metrics.some(({ name }) => name === 'transactions'), 'reset: a new baseline');
  });

  it('details: who is connected, tables, sizes, indexes, statements, checkpoints', async () => {
    await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await admin.query('SELECT pg_stat_statements_reset()');
    // Half a second, so that it stands among those that took longest on any machine.
    await admin.query(
      "SELECT count(*) FROM things WHERE text = 'secret of a customer' || (SELECT pg_sleep(0.5))::text",
    );
    const details = await look(check(url));
    assert.deepEqual([details.user, details.database, details.seesAll], ['orbit_monitor', 'shop', true]);
    assert.equal(details.connections.hidden, 0);
    assert.ok(details.applications.some(({ application, user }) => application === 'test' && user === 'root'));
    const things = details.tables?.find(({ name }) => name === 'things');
    assert.ok((things?.about_bytes ?? 0) > 1_000_000);
    assert.ok(details.sizes.ok);
    assert.equal(
      details.sizes.value.find(({ name }) => name === 'things')?.total_bytes,
      await number("SELECT pg_total_relation_size('things')"),
    );
    assert.deepEqual(
      details.unusedIndexes.map(({ name }) => name),
      ['things_text'],
    );
    assert.ok(details.statements?.ok);
    const shown = details.statements.value.map((statement) => statement.query).join('\n');
    assert.match(shown, /SELECT count\(\*\) FROM things WHERE text = \$1/);
    assert.doesNotMatch(JSON.stringify(details), /secret of a customer/);
    assert.ok(details.checkpoints.ok);
    assert.equal(details.archiver?.failed, 0);
    await admin.query('DROP EXTENSION pg_stat_statements');
    assert.equal((await look(check(url))).statements, null);
  });

  it('a role that cannot see others says so instead of zeros', async () => {
    const other = await server.connect();
    await other.query('SELECT 1');
    const watched = check(server.urlFor('half_blind'));
    const result = await ask(watched);
    assert.equal(found(result), 'unknown postgres-hidden');
    assert.match(result.reason ? say(result.reason) : '', /GRANT pg_monitor TO half_blind/);
    assert.ok(!result.metrics.some(({ name }) => ['active', 'longest_query', 'waiting'].includes(name)));
    assert.ok(metric(result, 'connections').value >= 3, 'how many there are is no secret');
    const details = await look(watched);
    assert.equal(details.seesAll, false);
    assert.ok(details.connections.hidden >= 2);
    await other.end();
  });

  it('whoever sees everything there is to see needs no right to more', async () => {
    const own = await startPostgres();
    const setup = await own.connect();
    await addMonitor(setup, 'bot', { sees: false, limit: 10 });
    await setup.end();
    const shop = await own.connect('shop', 'bot');
    await shop.query('BEGIN');
    const watched = check(own.urlFor('bot'));
    await until(async () => found(await ask(watched)) === 'healthy', 'the others have left');
    assert.equal(metric(await ask(watched), 'idle_in_transaction').value, 1, 'its own sessions it sees');
    await own.stop();
  });

  it('a long query: counted, shown without its texts, and its end', async () => {
    const busy = await server.connect();
    const running = busy.query("SELECT pg_sleep(60), 'secret of a customer'").catch(() => {});
    const watched = check(url, { slow_query_threshold: 50 });
    await until(async () => metric(await ask(watched), 'slow_queries').value === 1, 'it is seen as slow');
    const details = await look(watched);
    const [longest] = details.running;
    assert.equal(longest?.query, "SELECT pg_sleep(60), '…'");
    assert.equal(longest?.user, 'root');
    assert.ok((details.connections.longest_query ?? 0) > 0.05);
    await admin.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'");
    await running;
    assert.equal(metric(await ask(watched), 'slow_queries').value, 0);
  });

  it('a lock that is held: who waits for whom, while everything else goes on', async () => {
    const watched = check(url);
    const free = await look(watched, 1000);
    assert.ok(free.sizes.ok);
    const holder = await server.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE things IN ACCESS EXCLUSIVE MODE');
    const waiter = await server.connect();
    const waiting = waiter.query("SELECT count(*) FROM things WHERE text = 'x'");
    await until(async () => metric(await ask(watched), 'waiting').value === 1, 'it waits');

    const details = await look(watched, 2000);
    const [blocked] = details.blocked;
    assert.equal(blocked?.query, "SELECT count(*) FROM things WHERE text = '…'");
    assert.equal(blocked?.by_query, 'LOCK TABLE things IN ACCESS EXCLUSIVE MODE');
    assert.equal(blocked?.by_state, 'idle in transaction');
    assert.ok(!details.sizes.ok);
    assert.match(say(details.sizes.reason), /locked/);
    assert.equal(details.lastSizes?.at, 1000, 'the last value is kept');
    assert.ok(
      details.tables?.some(({ name }) => name === 'things'),
      'the rest needs no lock',
    );
    assert.equal(details.connections.idle_in_transaction, 1);
    await holder.query('COMMIT');
    await waiting;
    assert.deepEqual((await look(watched)).blocked, []);
  });

  it('a session that is ended in the middle of it is opened anew', async () => {
    const watched = check(url);
    await ask(watched);
    const holder = await server.connect();
    await holder.query('BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE');
    const looking = look(watched);
    const waits = "FROM pg_stat_activity WHERE application_name = 'orbit-manager' AND wait_event_type = 'Lock'";
    await until(async () => (await number(`SELECT count(*) ${waits}`)) === 1, 'it waits for the lock');
    await admin.query(`SELECT pg_terminate_backend(pid) ${waits}`);
    await holder.query('ROLLBACK');
    await holder.end();
    assert.ok((await looking).sizes.ok);
  });

  it('a deadlock', async () => {
    const watched = check(url);
    await ask(watched);
    const [one, two] = [await server.connect(), await server.connect()];
    await one.query('BEGIN; UPDATE things SET id = id WHERE id = 1');
    await two.query('BEGIN; UPDATE things SET id = id WHERE id = 2');
    const both = [
      one.query('UPDATE things SET id = id WHERE id = 2'),
      two.query('UPDATE things SET id = id WHERE id = 1'),
    ];
    assert.ok((await Promise.allSettled(both)).some(({ status }) => status === 'rejected'));
    await Promise.all([one.query('ROLLBACK'), two.query('ROLLBACK')]);
    await Promise.all([one.end(), two.end()]);
    await until(async () => found(await ask(watched)) === 'degraded postgres-deadlocks', 'it is noticed');
  });

  it('several may ask at once: statements take turns', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    const watched = check(url);
    await Promise.all([ask(watched), look(watched), ask(watched), look(watched)]);
    assert.equal(await number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orbit-manager'"), 1);
    await new Promise(setImmediate);
    process.off('warning', note);
    assert.deepEqual(warnings, [], 'pg warns of statements that do not wait for their turn');
  });

  it('is degraded by the median of its round trips', async () => {
    const watched = check(url, { max_latency_ms: 0 });
    const seen = [await ask(watched), await ask(watched), await ask(watched)].map((result) => result.reason?.code);
    assert.deepEqual([seen[1] !== 'net-slow', seen[2]], [true, 'net-slow']);
  });

  it('a restart is noticed, and is no outage', async () => {
    const own = await startPostgres();
    await addMonitor(await own.connect());
    const watched = check(own.urlFor('orbit_monitor'));
    assert.equal(found(await ask(watched, { now: 1000 })), 'healthy');
    await own.restart();
    assert.equal(found(await ask(watched, { now: 2000 })), 'healthy', 'the session that ended is opened anew at once');
    assert.deepEqual((await look(watched)).restarts, { count: 1, lastAt: 2000 });
    await own.stopServer();
    assert.equal(found(await ask(watched)), 'unhealthy net-refused');
    await own.stop();
  });

  it('a slot and a failing archiver are seen', async () => {
    await admin.query("SELECT pg_create_physical_replication_slot('forgotten', true)");
    await admin.query("ALTER SYSTEM SET archive_command = '/bin/false'");
    await admin.query('SELECT pg_reload_conf()');
    await admin.query('UPDATE things SET id = id WHERE id = 1');
    await admin.query('SELECT pg_switch_wal()');
    await until(async () => (await number('SELECT failed_count FROM pg_stat_archiver')) > 0, 'archiving failed');
    const watched = check(url);
    assert.equal(found(await ask(watched)), 'degraded postgres-archiver');
    const details = await look(watched);
    assert.deepEqual(
      details.slots.map(({ name, active }) => [name, active]),
      [['forgotten', false]],
    );
    assert.ok((details.slots[0]?.retained_bytes ?? 0) > 0);
    await admin.query("SELECT pg_drop_replication_slot('forgotten')");
  });
});

describe('postgres that cannot be asked', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let admin: pg.Client;
  const servers: Server[] = [];
  before(async () => {
    server = await startPostgres('max_connections=8', 'superuser_reserved_connections=3', 'max_wal_senders=0');
    admin = await server.connect();
    await addMonitor(admin);
    await addMonitor(admin, 'narrow', { limit: 1 });
    await admin.query("CREATE ROLE gone NOLOGIN PASSWORD 'secret'");
  });
  after(async () => {
    for (const each of servers) each.close();
    await server.stop();
  });

  async function impostor(answer: Buffer | null): Promise<string> {
    const made = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => answer !== null && socket.end(answer));
    }).listen(0, '127.0.0.1');
    servers.push(made);
    await once(made, 'listening');
    const address = made.address();
    return `postgresql://u:hunter2@127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/shop`;
  }

  /** What a server sends that refuses: severity, code, message. */
  function refusal(code: string, message: string): Buffer {
    const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  }

  it('each cause has its own reason, and no reason has a password', async () => {
    const cases: readonly (readonly [string, string])[] = [
      [server.urlFor('orbit_monitor', 'hunter2'), 'unhealthy postgres-wrong-password'],
      [server.urlFor('orbit_monitor', 'secret', 'nodb'), 'unhealthy postgres-no-database'],
      [server.urlFor('gone'), 'unhealthy postgres-no-entry'],
      [`postgresql://orbit_monitor@127.0.0.1:${server.port}/shop`, 'unhealthy postgres-no-password'],
      [`${server.urlFor('orbit_monitor')}?sslmode=require`, 'unhealthy postgres-no-tls'],
      ['postgresql://u:hunter2@127.0.0.1:1/shop', 'unhealthy net-refused'],
      [`postgresql://u:hunter2@/shop?host=${server.folder}&port=1`, 'unhealthy net-no-socket'],
      [await impostor(refusal('57P03', 'the database system is starting up')), 'unhealthy postgres-starting'],
      [await impostor(refusal('57P01', 'terminating connection')), 'unhealthy postgres-shutting-down'],
      [await impostor(refusal('08P01', 'unsupported startup parameter: options')), 'unknown postgres-pooler'],
      [await impostor(refusal('XX000', 'password=hunter2 is odd')), 'unhealthy postgres-error'],
      [await impostor(Buffer.alloc(0)), 'unhealthy net-closed'],
    ];
    for (const [url, expected] of cases) {
      const result = await ask(check(url), { within: 3000 });
      assert.equal(found(result), expected, url);
      assert.doesNotMatch(JSON.stringify(result) + (result.reason ? say(result.reason) : ''), /hunter2|secret/);
    }
  });

  it('a port that takes connections and stays silent is given up at the deadline', async () => {
    const watched = check(await impostor(null));
    assert.equal(found(await ask(watched, { within: 200 })), 'unhealthy net-timeout');
    assert.equal(found(await ask(watched, { within: 200 })), 'unhealthy net-timeout', 'again, with a new connection');
  });

  it("one role's own limit is no trouble of the server", async () => {
    const first = await server.connect('shop', 'narrow');
    assert.equal(found(await ask(check(server.urlFor('narrow')))), 'unknown postgres-role-limit');
    await first.end();
  });

  it('few connections left, none left', async () => {
    const watched = check(server.urlFor('orbit_monitor'));
    await until(async () => metric(await ask(watched), 'connections').value === 2, 'only ours are there');
    const others = [await server.connect(), await server.connect()];
    const filling = await ask(watched);
    assert.equal(found(filling), 'healthy', 'four of five are 80 %');
    others.push(await server.connect());
    const full = await ask(watched);
    assert.equal(found(full), 'unhealthy postgres-connections');
    assert.equal(full.reason && say(full.reason), '5 of at most 5 connections are taken');
    assert.equal(found(await ask(check(server.urlFor('orbit_monitor')))), 'unhealthy postgres-too-many-connections');
    await Promise.all(others.map((client) => client.end()));
  });

  it('a socket instead of a port, and the address that SQLAlchemy uses', async () => {
    assert.equal(
      found(await ask(check(`postgresql+asyncpg://root@/shop?host=${server.folder}&port=${server.port}`))),
      'healthy',
    );
  });
});

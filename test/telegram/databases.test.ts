import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type pg from 'pg';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { makeStores, postgresAt } from '../world/stores.ts';
import type { ShownMessage } from '../world/telegram/view.ts';
import { until } from '../world/until.ts';
import { serviceView } from '../world/views.ts';
import { noon, setStage, vera } from './stage.ts';

const shop = `
  CREATE TABLE users (tg_id BIGINT PRIMARY KEY, subscription_end TIMESTAMP, created_at TIMESTAMP, username TEXT);
  CREATE TABLE configs (id SERIAL PRIMARY KEY, tg_id BIGINT, deleted BOOL, created_at TIMESTAMP, server_id VARCHAR);
  CREATE TABLE payments (id SERIAL PRIMARY KEY, tg_id BIGINT, method VARCHAR, amount NUMERIC, currency VARCHAR,
    status VARCHAR, created_at TIMESTAMP, confirmed_at TIMESTAMP);
  INSERT INTO users SELECT n, now() at time zone 'utc' + (CASE WHEN n > 400 THEN -1 ELSE 1 END) * interval '1 day',
    now() at time zone 'utc' - interval '40 days' FROM generate_series(1, 1000) n;
  INSERT INTO configs (tg_id, server_id) SELECT n, CASE WHEN n > 500 THEN 'eu001' ELSE 's001' END FROM generate_series(1, 700) n;
  INSERT INTO payments (method, amount, currency, status, created_at, confirmed_at) VALUES
    ('yookassa', 199.50, 'RUB', 'confirmed', now() at time zone 'utc', now() at time zone 'utc'),
    ('stars', 100, 'XTR', 'confirmed', now() at time zone 'utc', now() at time zone 'utc'),
    ('ton', 2, 'TON', 'pending', (now() - interval '5 hours') at time zone 'utc', NULL);
  GRANT SELECT (tg_id, subscription_end, created_at) ON users TO orbit_monitor;
  GRANT SELECT (id, deleted, created_at, server_id) ON configs TO orbit_monitor;`;

describe('PostgreSQL in the chat', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let admin: pg.Client;
  before(async () => {
    server = await startPostgres('shared_preload_libraries=pg_stat_statements', 'max_replication_slots=4');
    admin = await server.connect();
    await addMonitor(admin, 'orbit_monitor', { limit: 20 });
    await addMonitor(admin, 'half_blind', { sees: false, limit: 20 });
    await admin.query(shop);
    // Else what was inserted may be counted once more after this.
    await admin.query('SELECT pg_stat_force_next_flush()');
    await admin.query('ANALYZE users');
  });
  after(() => server.stop());

  async function open(t: TestContext, { role = 'orbit_monitor', shopUrl = null as string | null, asks = true } = {}) {
    const known = await makeStores(asks ? { db: [postgresAt(server.urlFor(role))] } : {}, { shopUrl });
    await known.round();
    await known.round();
    const stage = await setStage(t, { telegram: { stores: known.stores } });
    stage.control.services.set('db', serviceView('db', noon, { title: 'Database' }));
    t.after(known.close);
    await stage.heard();
    const { world } = stage;
    const person = world.user({ id: vera.id, first_name: 'V', language_code: 'en' });
    let since = world.revision;
    const next = async (pattern: RegExp): Promise<ShownMessage> => {
      const wanted = (message: ShownMessage) => message.fromBot && pattern.test(message.text);
      const found = await world.waitForMessage(vera.id, wanted, { since, timeoutMs: 20_000 });
      since = world.revision;
      return found;
    };
    return { person, next };
  }

  async function number(sql: string): Promise<number> {
    const { rows } = await admin.query(`SELECT (${sql})::float8 AS n`);
    return Number(rows[0]?.n);
  }

  it('shows what the server itself says, by taps from the menu', async (t) => {
    const { person, next } = await open(t);
    await person.sends('/menu');
    await person.taps(await next(/Database/), 'PostgreSQL');
    const screen = await next(/Transaction numbers/);
    const megabytes = Math.round(((await number('SELECT pg_database_size(current_database())')) / 1024 ** 2) * 10) / 10;
    assert.match(screen.text, /^🟢 db · shop @ 127\.0\.0\.1:\d+\nPostgreSQL 15\.\d+, up .*, primary\n/);
    assert.match(screen.text, new RegExp(`Size: ${megabytes} MB`));
    const backends = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    assert.match(screen.text, new RegExp(`Connections: ${await number(backends)} of 97 `));
    assert.match(screen.text, /idle in transaction 0, waiting for a lock 0/);
    assert.match(screen.text, /Meanwhile: 0 deadlocks/);
    await person.taps(screen, 'Service');
    await person.taps(await next(/Restarts/), 'PostgreSQL');
    await next(/Transaction numbers/);
    assert.ok([...screen.text].length < 1500, 'fits a phone');
  });

  it('who blocks whom, with no text of theirs; then nobody does', async (t) => {
    const { person, next } = await open(t);
    const [holder, waiter] = [await server.connect(), await server.connect()];
    await holder.query("BEGIN; UPDATE users SET username = 'hidden<holder>' WHERE tg_id = 1");
    const waiting = waiter.query("UPDATE users SET username = 'hidden-waiter' WHERE tg_id = 1");
    await until(async () => (await number('SELECT count(*) FROM pg_locks WHERE NOT granted')) > 0, 'it waits');
    await person.sends('/db');
    const screen = await next(/waiting for a lock 1/);
    await person.taps(screen, 'Queries');
    const queries = await next(/Blocked: 1/);
    assert.match(
      queries.text,
      /⏳ \d+ root waits for .*:\nUPDATE users SET username = '…' WHERE tg_id = 1\n↳ held by \d+ root/,
    );
    assert.match(queries.text, /idle in transaction, transaction/);
    assert.doesNotMatch(queries.text, /hidden/);
    await person.taps(queries, 'Connections');
    assert.match((await next(/By program/)).text, /1 × test, root over the socket, idle in transaction/);
    await holder.query('ROLLBACK');
    await waiting;
    await person.taps(screen, 'Queries');
    await next(/nobody waits for a lock/);
  });

  it('tables, also while one is locked; the log and its slots; statements', async (t) => {
    const { person, next } = await open(t);
    await admin.query("SELECT pg_create_physical_replication_slot('forgotten', true)");
    t.after(() => admin.query("SELECT pg_drop_replication_slot('forgotten')"));
    await person.sends('/db');
    const screen = await next(/Transaction numbers/);
    await person.taps(screen, 'Tables');
    const tables = await next(/largest first/);
    const kilobytes = Math.round((await number("SELECT pg_total_relation_size('users')")) / 1024);
    assert.match(tables.text, new RegExp(`users ${kilobytes} KB \\(indexes \\d+ KB\\), 1,000 rows, \\d dead`));
    const holder = await server.connect();
    await holder.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    await person.taps(tables, 'Refresh');
    const locked = await next(/a table is locked; these are .* old/);
    assert.match(locked.text, /users \d+ KB/);
    await holder.query('ROLLBACK');
    await person.taps(locked, 'WAL, replicas');
    const wal = await next(/Replication slots: 1/);
    assert.match(wal.text, /forgotten: read by nobody, reserved, keeps/);
    await person.taps(wal, 'Top statements');
    const without = await next(/pg_stat_statements is not installed/);
    await admin.query('CREATE EXTENSION pg_stat_statements');
    t.after(() => admin.query('DROP EXTENSION pg_stat_statements'));
    await admin.query("SELECT 'a secret', count(*) FROM users");
    await person.taps(without, 'Refresh');
    const statements = await next(/most time first/);
    assert.doesNotMatch(statements.text, /a secret/);
  });

  it('without pg_monitor nothing is shown as nothing', async (t) => {
    const { person, next } = await open(t, { role: 'half_blind' });
    await person.sends('/db');
    const screen = await next(/what they do is unknown, GRANT pg_monitor TO half_blind/);
    assert.match(screen.text, /^⚪/);
    assert.doesNotMatch(screen.text, /active 0/);
    for (const part of ['Connections', 'Queries']) {
      await person.taps(screen, part);
      const hidden = await next(/GRANT pg_monitor TO half_blind/);
      assert.doesNotMatch(hidden.text, /nobody|Nobody|active/, part);
      await person.taps(hidden, 'Overview');
      await next(/what they do/);
    }
  });

  it('the figures of the shop, each with why it is missing where it is', async (t) => {
    const { person, next } = await open(t);
    await person.sends('/users');
    const stats = await next(/Users and sales/);
    assert.match(
      stats.text,
      /Users: 1,000\nNew today: 0\nSubscriptions: 400 active, 600 ended, 0 never had one\nConfigs: 700\n/,
    );
    assert.match(stats.text, /· s001: 500\n· eu001: 200\n/);
    assert.match(stats.text, /⚪ Revenue today: orbit_monitor may not read payments\./);
    await admin.query(
      'GRANT SELECT (id, status, method, amount, currency, created_at, confirmed_at) ON payments TO orbit_monitor',
    );
    await person.taps(stats, 'Refresh');
    const paid = await next(/199\.5/);
    assert.match(paid.text, /Revenue today: (?=.*199\.5 RUB \(1 payment\))(?=.*100 XTR \(1 payment\))/);
    assert.match(paid.text, /Stuck payments \(pending for over an hour\): 1, the oldest for 5 h/);
    assert.match(paid.text, /· confirmed: 2 \((?=.*yookassa 1)(?=.*stars 1)/);
  });

  it('are read by DATABASE_URL where no check asks that database; without one the chat says what to set', async (t) => {
    const { person, next } = await open(t, { asks: false, shopUrl: server.urlFor('orbit_monitor') });
    await person.sends('/users');
    await next(/Users: 1,000/);
    await until(
      async () =>
        (await number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orbit-manager'")) === 0,
      'the connection is closed again',
    );
    await person.sends('/db');
    const none = await next(/No check asks a PostgreSQL/);
    assert.match(none.text, /type: postgres, url: "\$\{DATABASE_URL\}"/);
    const without = await open(t, { asks: false });
    await without.person.sends('/users');
    await without.next(/set DATABASE_URL/);
  });
});

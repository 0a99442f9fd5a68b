import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { createPostgresCheck } from '../../src/checks/postgres.ts';
import type { Figure } from '../../src/core/figure.ts';
import type { ShopStats } from '../../src/core/shop-stats.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { say } from './asking.ts';

/** As the shop's versions up to 4.4 made them. */
const oldShape = `
  CREATE TABLE users (tg_id BIGINT PRIMARY KEY, balance NUMERIC DEFAULT 0, subscription_end TIMESTAMP, created_at TIMESTAMP,
    username TEXT, lang VARCHAR DEFAULT 'ru', configs INT, referrer_id BIGINT, first_buy BOOL DEFAULT true,
    notifications BOOL DEFAULT true);
  CREATE TABLE configs (id SERIAL PRIMARY KEY, tg_id BIGINT, name TEXT, created_at TIMESTAMP, vless_link TEXT,
    server_id VARCHAR, username VARCHAR, deleted BOOL);
  CREATE INDEX ON configs (tg_id);`;
/** As its last version makes them. */
const newShape = `
  CREATE TABLE users (tg_id BIGINT PRIMARY KEY, balance NUMERIC DEFAULT 0, subscription_end TIMESTAMP, created_at TIMESTAMP,
    username TEXT, lang VARCHAR DEFAULT 'ru', configs INT, referrer_id BIGINT, first_buy BOOL DEFAULT true);
  CREATE TABLE configs (id SERIAL PRIMARY KEY, tg_id BIGINT, name TEXT, created_at TIMESTAMP, vless_link TEXT,
    username VARCHAR, deleted BOOL);`;
const payments = `
  CREATE TABLE payments (id SERIAL PRIMARY KEY, tg_id BIGINT, method VARCHAR, amount NUMERIC, currency VARCHAR,
    status VARCHAR, comment TEXT, tx_hash TEXT, created_at TIMESTAMP, confirmed_at TIMESTAMP, expires_at TIMESTAMP,
    expected_crypto_amount NUMERIC, extra_data JSON);`;

const hour = 3_600_000;
/** Far enough apart that it is another day in one of them at every moment. */
const east = 'Pacific/Kiritimati';
const west = 'Pacific/Pago_Pago';
const midnight = (offset: number) => Math.floor((Date.now() + offset * hour) / (24 * hour)) * 24 * hour - offset * hour;
/** A moment as the shop writes it: UTC, and not said to be. */
const naive = (ms: number) => new Date(ms).toISOString().replace('Z', '');

describe("the shop's own figures", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  before(async () => {
    // Where the server thinks it is must not matter.
    server = await startPostgres('timezone=Asia/Tokyo');
    const admin = await server.connect();
    await addMonitor(admin, 'orbit_monitor', { limit: 10 });
  });
  after(() => server.stop());

  let databases = 0;
  /** A database of its own, read as the monitor role with the rights that the README tells to give. */
  async function shopOf(ddl: string, prepare: (admin: pg.Client) => Promise<unknown> = async () => {}) {
    const name = `shop_${++databases}`;
    const root = await server.connect();
    await root.query(`CREATE DATABASE ${name}`);
    await root.end();
    const admin = await server.connect(name);
    if (ddl !== '') await admin.query(ddl);
    await prepare(admin);
    return {
      admin,
      async read(timezone = 'UTC', role = 'orbit_monitor'): Promise<ShopStats> {
        const url = server.urlFor(role, 'secret', name);
        const check = createPostgresCheck({ id: 'p', url, slow_query_threshold: 1000, max_latency_ms: 1000 });
        const answer = await check.shop(AbortSignal.timeout(20_000), timezone);
        await check.close();
        assert.ok(answer.ok, answer.ok ? '' : say(answer.failure.reason));
        return answer.value;
      },
      end: () => admin.end(),
    };
  }

  const grants = `
    GRANT SELECT (tg_id, subscription_end, created_at) ON users TO orbit_monitor;
    GRANT SELECT (id, status, method, amount, currency, created_at, confirmed_at) ON payments TO orbit_monitor;
    GRANT SELECT (id, deleted, created_at) ON configs TO orbit_monitor;`;

  function value<T>(figure: Figure<T>): T {
    assert.ok(figure.ok, figure.ok ? '' : say(figure.reason));
    return figure.value;
  }

  function why(figure: Figure<unknown>): string {
    assert.ok(!figure.ok, 'there is a figure');
    return say(figure.reason);
  }

  async function people(admin: pg.Client): Promise<void> {
    const insert = 'INSERT INTO users (tg_id, subscription_end, created_at) VALUES ($1, $2, $3)';
    const old = naive(Date.now() - 400 * 24 * hour);
    await admin.query(insert, [1, naive(Date.now() + hour), old]);
    await admin.query(insert, [2, naive(Date.now() + 99 * hour), old]);
    await admin.query(insert, [3, naive(Date.now() - hour), old]);
    await admin.query(insert, [4, null, old]);
    await admin.query('INSERT INTO configs (tg_id, deleted) VALUES (1, false), (1, true), (2, NULL)');
  }

  for (const [title, ddl, more] of [
    ['old', oldShape, 'GRANT SELECT (server_id) ON configs TO orbit_monitor'],
    ['new', newShape, 'SELECT 1'],
  ] as const) {
    it(`users, subscriptions and configs in the ${title} shape`, async () => {
      const shop = await shopOf(ddl + payments + grants + more, people);
      const stats = await shop.read();
      assert.equal(value(stats.users), 4);
      assert.deepEqual(value(stats.subscriptions), { active: 2, ended: 1, never: 1 });
      assert.equal(value(stats.configs), 2, 'deleted ones do not count');
      assert.deepEqual(value(stats.payments), []);
      assert.deepEqual(value(stats.revenueToday), []);
      assert.equal(value(stats.lastPayment), null);
      if (title === 'new') assert.equal(why(stats.configsByServer), 'the table configs has no column server_id');
      else assert.deepEqual(value(stats.configsByServer), [{ server: '?', count: 2 }]);
      await shop.end();
    });
  }

  it('the rights that docs/least-rights.md tells to give are enough for every figure', async () => {
    const text = readFileSync(new URL('../../docs/least-rights.md', import.meta.url), 'utf8');
    const told = /```sql\n([^`]*)```/.exec(text)?.[1] ?? '';
    const panels = 'CREATE TABLE marzban_instances (id VARCHAR PRIMARY KEY, base_url TEXT);';
    const shop = await shopOf(oldShape + panels + payments, async (admin) => {
      const { rows } = await admin.query('SELECT current_database() AS name');
      await admin.query(told.replaceAll('orbitvpn', String(rows[0]?.name)).replaceAll('orbit_monitor', 'documented'));
      await people(admin);
      await admin.query("ALTER ROLE documented PASSWORD 'secret'");
    });
    for (const [name, figure] of Object.entries(await shop.read('UTC', 'documented'))) {
      assert.ok(figure.ok, `${name}: ${figure.ok ? '' : say(figure.reason)}`);
    }
    await shop.end();
  });

  it('payments by state and method, and those that are stuck', async () => {
    const shop = await shopOf(newShape + payments + grants, async (admin) => {
      const insert = 'INSERT INTO payments (status, method, amount, currency, created_at) VALUES ($1, $2, 100, $3, $4)';
      const rows = [
        ['pending', 'ton', 3],
        ['pending', 'ton', 2],
        ['pending', 'stars', 0.5],
        ['failed', 'yookassa', 9],
      ] as const;
      for (const [status, method, hours] of rows) {
        await admin.query(insert, [status, method, 'RUB', naive(Date.now() - hours * hour)]);
      }
    });
    const stats = await shop.read();
    assert.deepEqual(value(stats.payments), [
      { status: 'pending', method: 'ton', count: 2 },
      { status: 'failed', method: 'yookassa', count: 1 },
      { status: 'pending', method: 'stars', count: 1 },
    ]);
    const { count, oldest } = value(stats.stuck);
    assert.equal(count, 2, 'half an hour is not stuck');
    assert.ok(oldest !== null && Math.abs(oldest - 3 * 3600) < 60);
    await shop.end();
  });

  it('revenue today and this month, per currency; a day begins at midnight where one lives', async () => {
    const [eastern, western] = [midnight(14), midnight(-11)];
    const shop = await shopOf(newShape + payments + grants, async (admin) => {
      const insert =
        'INSERT INTO payments (status, method, amount, currency, created_at, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6)';
      const pay = (amount: number, at: number, currency = 'RUB', status = 'confirmed') =>
        admin.query(insert, [status, 'ton', amount, currency, naive(at - hour), naive(at)]);
      await pay(1, eastern + 1000);
      await pay(10, eastern - 1000);
      await pay(100, western + 1000, 'RUB');
      await pay(1000, western - 1000, 'RUB');
      await pay(7, Date.now() - 1000, 'XTR');
      await pay(9999, Date.now() - 1000, 'RUB', 'failed');
      await admin.query('INSERT INTO users (tg_id, created_at) VALUES (1, $1), (2, $2)', [
        naive(eastern + 1000),
        naive(eastern - 1000),
      ]);
    });
    const since = (start: number) =>
      [
        [1, eastern + 1000],
        [10, eastern - 1000],
        [100, western + 1000],
        [1000, western - 1000],
      ].reduce((sum, [amount = 0, at = 0]) => sum + (at >= start ? amount : 0), 0);
    const roubles = (figure: ShopStats['revenueToday']) =>
      value(figure).find(({ currency }) => currency === 'RUB')?.amount ?? 0;

    const inEast = await shop.read(east);
    assert.equal(roubles(inEast.revenueToday), since(eastern));
    assert.equal(value(inEast.newToday), 1);
    const inWest = await shop.read(west);
    assert.equal(roubles(inWest.revenueToday), since(western));
    assert.deepEqual(
      value(inEast.revenueToday).find(({ currency }) => currency === 'XTR'),
      { currency: 'XTR', amount: 7, payments: 1 },
    );
    const local = new Date(Date.now() + 14 * hour);
    const month = Date.UTC(local.getUTCFullYear(), local.getUTCMonth()) - 14 * hour;
    assert.equal(roubles(inEast.revenueThisMonth), since(month));
    const last = value(inEast.lastPayment);
    assert.ok(last !== null && Math.abs(last - Date.now()) < 60_000, 'UTC is read as UTC');
    await shop.end();
  });

  it('moments with a zone work as well', async () => {
    const zoned = (newShape + payments).replaceAll('TIMESTAMP', 'TIMESTAMPTZ');
    const shop = await shopOf(zoned + grants, async (admin) => {
      await admin.query(
        'INSERT INTO users (tg_id, subscription_end, created_at) VALUES (1, now() + interval $$1h$$, now())',
      );
      await admin.query(
        "INSERT INTO payments (status, amount, currency, confirmed_at) VALUES ('confirmed', 5, 'RUB', now())",
      );
    });
    const stats = await shop.read(east);
    assert.deepEqual(value(stats.subscriptions), { active: 1, ended: 0, never: 0 });
    assert.equal(value(stats.newToday), 1);
    assert.deepEqual(value(stats.revenueToday), [{ currency: 'RUB', amount: 5, payments: 1 }]);
    await shop.end();
  });

  it('what is missing is named: a table, a column, a right, a type', async () => {
    const nothing = await shopOf('');
    const none = await nothing.read();
    assert.equal(why(none.users), 'there is no table users');
    assert.equal(why(none.revenueToday), 'there is no table payments');
    await nothing.end();

    const odd = await shopOf(`CREATE TABLE users (tg_id BIGINT, sub_end BIGINT, created_at TIMESTAMP);
      CREATE TABLE payments (status TEXT, created_at TIMESTAMP); GRANT SELECT (tg_id, sub_end) ON users TO orbit_monitor`);
    const stats = await odd.read();
    assert.equal(value(stats.users), 0);
    assert.equal(why(stats.subscriptions), 'users.sub_end is no moment in time (bigint)');
    assert.equal(why(stats.newToday), 'orbit_monitor may not read users.created_at');
    assert.equal(why(stats.payments), 'orbit_monitor may not read payments.status');
    assert.equal(why(stats.lastPayment), 'the table payments has no column confirmed_at');
    await odd.end();
  });

  it('a table of the same name in another schema is not taken for the shop', async () => {
    const shop = await shopOf(
      `CREATE SCHEMA auth; CREATE TABLE auth.users (id INT); ${newShape}${payments}${grants}`,
      people,
    );
    assert.equal(value((await shop.read()).users), 4);
    await shop.end();
  });

  it('a table that is locked costs only its own figures', async () => {
    const shop = await shopOf(newShape + payments + grants, people);
    await shop.admin.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const stats = await shop.read();
    assert.match(why(stats.users), /locked/);
    assert.equal(value(stats.configs), 2);
    await shop.admin.query('ROLLBACK');
    await shop.end();
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type ClearWishes, clearCache, showCaches } from '../../src/cli/cache.ts';
import { type ControlClient, createControlClient } from '../../src/cli/client.ts';
import { createControlServer } from '../../src/cli/control-server.ts';
import { showShop } from '../../src/cli/shop.ts';
import { createStoreAnswers } from '../../src/cli/store-protocol.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { type Language, t } from '../../src/i18n.ts';
import { createLogger } from '../../src/logger.ts';
import { makeAlerting } from '../world/alerting.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { fill, fillAsShop, startRedis } from '../world/redis.ts';
import { makeStores, postgresAt, redisAt, type StoresWorld } from '../world/stores.ts';
import { fakeControl, fakeHistory, fakeReload, fakeTop } from './fake-control.ts';
import { fakePanels } from './fake-panels.ts';

function terminal(language: Language = 'en') {
  const out: string[] = [];
  const line = (text: string) => void out.push(text);
  const say: Terminal['say'] = (key, args) => t(language, key, args);
  const paint = (_: string, text: string) => text;
  const said: Terminal = { language, out: line, err: line, hint: line, say, paint };
  return { said, text: () => out.join('\n') };
}

describe('orbit cache and orbit users, over the socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-cache-'));
  let redis: Awaited<ReturnType<typeof startRedis>>;
  const endings: (() => unknown)[] = [];
  let known: StoresWorld;
  let client: ControlClient;

  before(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await fillAsShop(redis.admin);
    ({ known, client } = await serve(await makeStores({ redis: [redisAt(redis.url)] })));
  });
  after(async () => {
    for (const end of endings.reverse()) await end();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  let sockets = 0;
  async function serve(world: StoresWorld) {
    const path = join(folder, `${++sockets}.sock`);
    const server = createControlServer({
      ...{
        path,
        control: fakeControl(),
        reload: fakeReload,
        history: fakeHistory,
        panels: fakePanels,
        clock: Date.now,
      },
      alerting: makeAlerting({ clock: Date.now }).alerting,
      stores: createStoreAnswers(world.stores),
      top: fakeTop,
      log: createLogger({ level: 'silent', format: 'json' }),
    });
    await server.listen();
    endings.push(() => server.close(), world.close);
    return { known: world, client: createControlClient(path, 'root') };
  }

  async function clear(pattern: string, wishes: Partial<ClearWishes> = {}) {
    const { said, text } = terminal();
    const whole = { store: null, pattern, yes: true, count: null, json: false, ...wishes };
    const code = await clearCache(client, said, whole);
    return { code, text: text() };
  }

  it('stats: the numbers and the patterns, for people in both languages and for scripts', async () => {
    const english = terminal();
    assert.equal(await showCaches(client, english.said, null, false), 0);
    assert.match(english.text(), /^Cache \(127\.0\.0\.1:\d+\)\nRedis +7\.0\.\d+, up /);
    assert.match(english.text(), /\nKeys +15,000\n/);
    assert.match(english.text(), /PATTERN +KEYS +EACH +TO LIVE\nuser:\*:balance +12,000 +\d+ B +(?:59 min|1 h)/);
    const russian = terminal('ru');
    await showCaches(client, russian.said, 'redis', false);
    assert.match(russian.text(), /Ключи +15\s000/);
    const script = terminal();
    await showCaches(client, script.said, null, true);
    const [report] = JSON.parse(script.text());
    assert.deepEqual([report.keys, report.info.role, report.settings.maxmemory], [15_000, 'master', '0']);
  });

  it('clear: counts, removes, and is audited under the name of who typed it', async () => {
    const { code, text } = await clear('user:*:lang');
    assert.equal(code, 0);
    assert.match(text, /^Cache: user:\*:lang covers 3,000 of 15,000 keys \(20 %\)\. For example:\n {2}user:\d+:lang/);
    assert.match(text, /3,000 keys were removed in/);
    assert.equal(await redis.admin.dbsize(), 12_000);
    assert.deepEqual(
      known.audit.map(({ by, note }) => [by, note?.code]),
      [
        ['root', 'cache-begun'],
        ['root', 'cache-cleared'],
      ],
    );
  });

  it('without a person to ask nothing is removed before --yes', async () => {
    const { code, text } = await clear('user:*:lang', { yes: false });
    assert.equal(code, 0);
    assert.match(text, /Nothing was removed\. With --yes it is\./);
    const script = await clear('user:*:lang', { yes: false, json: true });
    assert.deepEqual([JSON.parse(script.text).cleared, JSON.parse(script.text).count.matching], [false, 3000]);
    assert.equal(await redis.admin.dbsize(), 15_000);
  });

  it('everything is refused; most of it needs the right number', async () => {
    const everything = await clear('*', { count: 15_000 });
    assert.equal(everything.code, 1);
    assert.match(everything.text, /is every key/);
    const bare = await clear('user:*:balance');
    assert.equal(bare.code, 1);
    assert.match(bare.text, /add --count 12000\.\nNothing was removed: .* has to type the number/);
    const wrong = await clear('user:*:balance', { count: 12 });
    assert.equal(wrong.code, 1);
    assert.equal(await redis.admin.dbsize(), 15_000);
    const right = await clear('user:*:balance', { count: 12_000 });
    assert.equal(right.code, 0);
    assert.equal(await redis.admin.dbsize(), 3000);
    assert.deepEqual(
      known.audit.map(({ refused, note }) => refused ?? note?.code),
      ['cache-everything', 'cache-needs-count', 'cache-other-count', 'cache-begun', 'cache-cleared'],
    );
  });

  it('a pattern without keys, a count that is too old, and a Redis that is not there', async () => {
    assert.match((await clear('nothing:*')).text, /no key matches nothing:\*/);
    const gone = await client.clearKeys('nobody-counted', null, () => undefined);
    assert.ok(gone.ok && !gone.value.ok && gone.value.reason.code === 'cache-count-gone');
    const other = await clear('user:*', { store: 'rediss' });
    assert.equal(other.code, 2);
    assert.match(other.text, /there is no Redis rediss; there is redis/);
    const nobody = await serve(await makeStores({}));
    const { said, text } = terminal();
    assert.equal(await showCaches(nobody.client, said, null, false), 2);
    assert.match(text(), /no check asks a Redis; add one to a service: checks: \[\{ type: redis/);
    const two = await serve(await makeStores({ a: [redisAt(redis.url)], b: [redisAt(redis.url)] }));
    const which = await two.client.countKeys(null, 'user:*', () => undefined);
    assert.ok(which.ok && !which.value.ok);
    assert.deepEqual(which.value.reason, { code: 'cache-which', args: { names: 'a, b' } });
  });

  it('stopping ends it between two batches, and one at a time clears a Redis', async () => {
    await fill(redis.admin, 150_000, (n) => `stop:${n}`);
    await fill(redis.admin, 200_000, (n) => `keep:${n}`);
    const counted = await client.countKeys(null, 'stop:*', () => undefined);
    const again = await client.countKeys(null, 'stop:*', () => undefined);
    assert.ok(counted.ok && counted.value.ok && again.ok && again.value.ok);
    const { id } = counted.value.value;
    const clearing = client.clearKeys(id, null, () => undefined);
    const left = async () => Number(await redis.admin.dbsize());
    while ((await left()) > 364_000) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = await client.clearKeys(again.value.value.id, null, () => undefined);
    assert.ok(second.ok && !second.value.ok && second.value.reason.code === 'cache-busy');
    const stopped = await client.stopClearing(id);
    const result = await clearing;
    assert.ok(stopped.ok && stopped.value);
    assert.ok(result.ok && result.value.ok && result.value.stopped);
    assert.equal(await left(), 365_000 - result.value.removed);
    assert.ok(result.value.removed < 150_000);
    const late = await client.stopClearing(id);
    assert.ok(late.ok && !late.value);
  });

  it('the shop: a row for each figure, and why one is missing', async (test) => {
    const server = await startPostgres();
    test.after(() => server.stop());
    const admin = await server.connect();
    await addMonitor(admin);
    await admin.query(`CREATE TABLE users (tg_id BIGINT PRIMARY KEY, subscription_end TIMESTAMP, created_at TIMESTAMP);
      INSERT INTO users SELECT n, now() + interval '1 day', now() - interval '9 days' FROM generate_series(1, 7) n;
      GRANT SELECT ON users TO orbit_monitor`);
    const shop = await serve(await makeStores({ db: [postgresAt(server.urlFor('orbit_monitor'))] }));
    const { said, text } = terminal();
    assert.equal(await showShop(shop.client, said, false), 0);
    assert.match(
      text(),
      /^Users +7\nNew today +0\nSubscriptions +7 active, 0 ended, 0 never had one\nConfigs +there is no table configs\n/,
    );
    const script = terminal();
    await showShop(shop.client, script.said, true);
    assert.deepEqual(JSON.parse(script.text()).stats.users, { ok: true, value: 7 });
    const without = terminal();
    assert.equal(await showShop(client, without.said, false), 1);
    assert.match(without.text(), /set DATABASE_URL/);
  });
});

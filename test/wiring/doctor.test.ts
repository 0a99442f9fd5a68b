import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import type { Finding } from '../../src/core/finding.ts';
import { hasMessage, languages, sayReason } from '../../src/i18n.ts';
import { examine, type Patient } from '../../src/wiring/doctor/doctor.ts';
import { examineHost } from '../../src/wiring/doctor/host.ts';
import { TOKEN, VERA } from '../world/manager.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import { startRedis, watcherRights } from '../world/redis.ts';
import { startTelegram } from '../world/telegram/server.ts';
import { telegramView } from '../world/views.ts';

/** A set-up that is in order, but for what the test spoils; Vera has sent /start. */
async function setUp(test: TestContext, file: Readonly<Record<string, unknown>> = {}, env: NodeJS.ProcessEnv = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-doctor-'));
  const telegram = await startTelegram({ token: TOKEN });
  telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' }).start();
  test.after(async () => {
    await telegram.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const envFile = join(folder, '.env');
  writeFileSync(envFile, `MANAGER_BOT_TOKEN=${TOKEN}\n`, { mode: 0o600 });
  const services = { shop: { driver: 'process', command: ['sleep', '9'], cwd: folder, title: 'Shop' } };
  const loaded = loadConfig({
    path: join(folder, 'services.yaml'),
    env: {
      ...{ MANAGER_BOT_TOKEN: TOKEN, ADMIN_CHAT_IDS: String(VERA), TELEGRAM_API_ROOT: telegram.apiRoot },
      ...{ ORBIT_DATA_DIR: data, HOME: folder, ...env },
    },
    readFile: () => stringify({ services, http: null, ...file }),
  });
  const patient: Patient = { loaded, envFile, manager: null, node: '22.1.0', now: Date.now(), listen: 0 };
  const look = async (differences: Partial<Patient> = {}) => {
    const all: Finding[] = [];
    for await (const finding of examine({ ...patient, ...differences })) all.push(finding);
    for (const { what, advice } of all)
      for (const each of advice === null ? [what] : [what, advice])
        for (const language of languages) {
          assert.ok(hasMessage(language, `reason-${each.code}`), `${language} lacks reason-${each.code}`);
          assert.doesNotMatch(sayReason(language, each), /\{|undefined|test-token/);
        }
    return all;
  };
  return { folder, data, envFile, telegram, look };
}

const wrong = (all: readonly Finding[]) =>
  // Whether somebody keeps the clock right is up to the machine that the test runs on.
  all
    .filter(({ level, what }) => level === 'wrong' && !what.code.startsWith('doctor-clock'))
    .map(({ what }) => what.code);
const codes = (all: readonly Finding[]) => all.map(({ what }) => what.code);

describe('the doctor', () => {
  it('says so when the kernel has no watches left to give', async () => {
    const said = (all: readonly Finding[]) => all.find(({ what }) => what.code === 'doctor-watches-none');
    const note = said(await examineHost(() => null));
    assert.equal(note?.level, 'note');
    for (const language of languages)
      for (const each of [note?.what, note?.advice])
        assert.ok(each && hasMessage(language, `reason-${each.code}`), `${language} lacks ${each?.code}`);
    assert.equal(said(await examineHost()), undefined);
  });

  it('finds nothing wrong with what is in order', async (test) => {
    const { look } = await setUp(test);
    const all = await look();
    assert.deepEqual(wrong(all), []);
    for (const code of ['node', 'config', 'data', 'telegram', 'poller-none', 'admins', 'service', 'pictures'])
      assert.ok(codes(all).includes(`doctor-${code}`), code);
  });

  it('names each mistake of the configuration with its place, and goes no further', async (test) => {
    const { look, telegram } = await setUp(test, { servicess: {} });
    const all = await look({ node: '18.20.0' });
    assert.ok(wrong(all).includes('doctor-node-old'));
    const mistake = all.find(({ topic }) => topic === 'config');
    assert.match(mistake?.about ?? '', /services\.yaml:\d+ servicess/);
    assert.equal(telegram.calls.length, 0);
  });

  it('says that Telegram refuses the token or is not to be reached, and what to do', async (test) => {
    const other = await setUp(test, {}, { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}` });
    const refused = (await other.look()).find(({ topic }) => topic === 'telegram');
    assert.deepEqual([refused?.what.code, refused?.advice?.code], ['telegram-unauthorized', 'doctor-advice-token']);
    const { look, telegram } = await setUp(test);
    await telegram.goOffline();
    const away = (await look()).find(({ topic }) => topic === 'telegram');
    assert.deepEqual([away?.what.code, away?.advice?.code], ['telegram-no-answer', 'doctor-advice-network']);
  });

  it('finds another program that polls with the token, and asks no running manager for its updates', async (test) => {
    const { look, telegram } = await setUp(test);
    const stop = new AbortController();
    const poll = async () => {
      while (!stop.signal.aborted) {
        await fetch(`${telegram.apiRoot}/bot${TOKEN}/getUpdates`, {
          ...{ method: 'POST', headers: { 'content-type': 'application/json' }, signal: stop.signal },
          // All that came before counts as read.
          body: JSON.stringify({ timeout: 30, offset: 1_000_000_000 }),
        })
          .then((answer) => answer.text())
          .catch(() => undefined);
        await sleep(50);
      }
    };
    const polling = poll();
    try {
      await telegram.waitFor(() => telegram.pollsInFlight > 0);
      assert.deepEqual(wrong(await look({ listen: 5 })), ['telegram-conflict']);
    } finally {
      stop.abort();
      await polling;
    }
    const before = telegram.callsOf('getUpdates').length;
    const all = await look({ manager: { version: '1', telegram: telegramView } });
    assert.ok(codes(all).includes('doctor-poller-ours'));
    assert.equal(telegram.callsOf('getUpdates').length, before);
  });

  it('says whom the bot cannot write to, and that it is serious when that is everybody', async (test) => {
    const some = await setUp(test, {}, { ADMIN_CHAT_IDS: `${VERA},4242` });
    const found = await some.look();
    assert.deepEqual(wrong(found), []);
    assert.ok(codes(found).includes('doctor-admin-silent'));
    const none = await setUp(test, {}, { ADMIN_CHAT_IDS: '4242' });
    assert.deepEqual(wrong(await none.look()), ['doctor-admins-none']);
  });

  it('sees files and folders that others can read or that are not there', async (test) => {
    const { look, data, envFile, folder } = await setUp(test, {
      services: { shop: { driver: 'process', command: ['no-such-program'], title: 'Shop' } },
    });
    chmodSync(data, 0o755);
    chmodSync(envFile, 0o644);
    const all = await look();
    assert.deepEqual(wrong(all), ['doctor-env-open', 'command-not-found']);
    assert.ok(codes(all).includes('doctor-data-open'));
    assert.equal(all.find(({ what }) => what.code === 'command-not-found')?.about, 'Shop');
    rmSync(data, { recursive: true });
    assert.ok(codes(await look()).includes('doctor-data-none'));
    writeFileSync(join(folder, 'data'), '');
    assert.ok(wrong(await look()).includes('doctor-data-no-folder'));
  });

  it('says which rights its users lack at a real Redis and a real PostgreSQL', async (test) => {
    const redis = await startRedis();
    const postgres = await startPostgres();
    test.after(() => Promise.all([redis.stop(), postgres.stop()]));
    const lesser = watcherRights.replaceAll('+slowlog|get +slowlog|len ', '');
    await redis.admin.call('ACL', 'SETUSER', 'few', 'on', '>pw', ...lesser.split(' '));
    await redis.admin.call('ACL', 'SETUSER', 'enough', 'on', '>pw', ...watcherRights.split(' '));
    const admin = await postgres.connect();
    await admin.query('CREATE TABLE users (tg_id bigint, subscription_end timestamp, created_at timestamp)');
    await addMonitor(admin, 'few', { sees: false });
    await addMonitor(admin, 'enough');
    const look = async (user: string) => {
      const checks = [
        { type: 'redis', url: `redis://${user}:pw@127.0.0.1:${redis.port}/0` },
        { type: 'postgres', url: postgres.urlFor(user) },
      ];
      const services = { stores: { driver: 'external', checks } };
      const set = await setUp(test, { services }, { DATABASE_URL: postgres.urlFor(user) });
      return codes((await set.look()).filter(({ topic }) => topic === 'stores'));
    };
    const few = await look('few');
    for (const code of ['doctor-redis-rights', 'doctor-postgres-rights', 'shop-no-right'])
      assert.ok(few.includes(code), code);
    const enough = await look('enough');
    for (const code of ['doctor-redis-rights', 'doctor-postgres-rights']) assert.ok(!enough.includes(code), code);
  });

  it('says which store does not answer', async (test) => {
    const checks = [
      { type: 'redis', url: 'redis://127.0.0.1:1/0' },
      { type: 'postgres', url: 'postgresql://u:hunter2@127.0.0.1:1/x' },
    ];
    const { look } = await setUp(test, { services: { stores: { driver: 'external', title: 'Stores', checks } } });
    const all = await look();
    assert.equal(wrong(all).length, 2);
    assert.ok(all.filter(({ topic }) => topic === 'stores').every(({ about }) => about === 'Stores'));
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
  });
});

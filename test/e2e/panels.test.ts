import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import type { App } from '../../src/app.ts';
import { until, VERA } from '../world/manager.ts';
import { type PanelWorld, startPanel } from '../world/panel/server.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const httpToken = 'a-token-of-the-test-1234567890';

/**
 * The whole manager with the shop's real database, two panels and a chat. Its clock and that of the panels runs ahead of
 * the real one as fast as a test wants. The numbers are those of the defects for which the Python original was deleted.
 */
describe('panels through the whole manager; the defects of the original that touch them', () => {
  const stage = makeStage();
  const { clock } = stage;
  let telegram: TelegramWorld;
  let app: App;
  let vera: WorldUser;
  let database: Awaited<ReturnType<typeof startPostgres>>;
  let admin: pg.Client;
  let main: PanelWorld;
  let second: PanelWorld;

  before(async () => {
    database = await stage.beside(startPostgres());
    admin = await database.connect();
    await addMonitor(admin, 'orbit_monitor', { limit: 10 });
    await admin.query(`CREATE TABLE marzban_instances (id VARCHAR(50) PRIMARY KEY, name VARCHAR(255), base_url TEXT NOT NULL,
      username TEXT NOT NULL, password TEXT NOT NULL, is_active BOOLEAN DEFAULT TRUE, priority INTEGER DEFAULT 100,
      excluded_node_names TEXT[] DEFAULT '{}')`);
    await admin.query('GRANT SELECT ON marzban_instances TO orbit_monitor');
    const nodes = [{ name: 'DE-1' }, { name: 'FI-1' }, { name: 'NL-1' }];
    main = await stage.beside(startPanel({ clock, users: 900, online: 412, nodes }));
    second = await stage.beside(startPanel({ clock, nodes: [{ name: 'US-1' }, { name: 'US-2' }, { name: 'US-3' }] }));
    const add =
      'INSERT INTO marzban_instances (id, name, base_url, username, password, is_active) VALUES ($1, $2, $3, $4, $5, $6)';
    await admin.query(add, ['s001', 'Frankfurt', `${main.baseUrl}/`, main.username, main.password, true]);
    await admin.query(add, ['s002', 'Dallas', `${second.baseUrl}/`, second.username, second.password, true]);
    await admin.query(add, ['s003', 'Old', 'https://old.example.com/', 'admin', 'secret-of-old', false]);
    const file = {
      services: {
        marzban: {
          ...{ title: 'Marzban container', command: ['sleep', '100000'], health_check_interval: '5s' },
          checks: [{ type: 'process' }, { type: 'panel' }],
        },
      },
      admins: [{ id: VERA, name: 'Vera', role: 'owner' }],
      monitoring: { timezone: 'UTC', alerts: { group_window: '0s' } },
      http: { port: 0 },
    };
    const env = { DATABASE_URL: database.urlFor('orbit_monitor'), HTTP_TOKEN: httpToken };
    ({ telegram, vera } = await stage.set(file, { env }));
    app = await stage.start();
  });

  after(() => assert.deepEqual(stage.lines, []));

  async function get(path: string, token = httpToken) {
    const answer = await fetch(`http://127.0.0.1:${app.httpPort}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, text: await answer.text() };
  }

  /** Lets time run ten times as fast until it is so. */
  const sooner = <T>(probe: () => T | Promise<T>, what: string) =>
    until(
      () => {
        stage.ahead += 200;
        return probe();
      },
      what,
      60_000,
    );

  const panelNamed = async (id: string) =>
    JSON.parse((await get('/api/marzban/instances')).text).find((panel: { id: string }) => panel.id === id);

  it('1: the list of panels comes from the real table, those switched off included', async () => {
    const list = await sooner(async () => {
      const panels = JSON.parse((await get('/api/marzban/instances')).text);
      return (
        panels.length === 3 &&
        panels.filter((panel: { health: string }) => panel.health === 'healthy').length === 2 &&
        panels
      );
    }, 'the panels of the table');
    assert.deepEqual(
      list.map(({ id, active, health }: { id: string; active: boolean; health: string }) => [id, active, health]),
      [
        ['s001', true, 'healthy'],
        ['s002', true, 'healthy'],
        ['s003', false, 'unknown'],
      ],
    );
  });

  it('2: each is really asked: its users, its nodes, its version are those of the panel', async () => {
    const panel = await sooner(async () => {
      const found = await panelNamed('s001');
      return found.users !== null && found;
    }, 'its users');
    assert.deepEqual([panel.version, panel.users.total, panel.users.online], ['0.8.4', 900, 412]);
    assert.deepEqual(panel.nodes.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`).sort(), [
      'DE-1 up',
      'FI-1 up',
      'NL-1 up',
    ]);
    const since = telegram.revision;
    vera.sends('/marzban');
    const screen = await telegram.waitForMessage(VERA, (message) => message.text.startsWith('VPN panels'), { since });
    assert.match(screen.text, /Frankfurt: 900 users · 412 online within 24 h · 3 of 3 nodes up/);
    assert.match(screen.text, /Old: switched off in the shop/);
    assert.ok(!main.requests.some(({ url }) => url === '/api/users'), 'users are never listed to be counted');
  });

  it('10: what goes wrong reaches the chat, once, with why and what to do, and its end in the same message', async () => {
    const since = telegram.revision;
    main.node('FI-1').break('killed', clock());
    const down = /Frankfurt · FI-1: trouble/;
    const alert = await sooner(
      () => vera.messages().find((message) => message.fromBot && down.test(message.text)) ?? null,
      'the alert',
    );
    assert.match(alert.text, /its node service refuses connections/);
    assert.match(alert.text, /start the node service there/);
    assert.doesNotMatch(alert.text, /services down/);
    assert.ok(alert.buttons.flat().includes('Panel'));
    main.engine.run(clock());
    main.node('FI-1').break('none', clock());
    await sooner(
      () => vera.messages().some(({ id, text }) => id === alert.id && /well again/.test(text)),
      'the end of it',
    );
    assert.ok(telegram.revision > since);
    assert.equal(vera.messages().filter(({ text }) => /FI-1: trouble/.test(text)).length, 0, 'one message, edited');
  });

  it('6: a panel that hangs holds nothing else up', async () => {
    second.inject('hang', { times: 1000 });
    main.engine.run(clock());
    main.node('NL-1').break('killed', clock());
    await sooner(
      () => vera.messages().some(({ text }) => /Frankfurt · NL-1: trouble/.test(text)),
      'the alert of the other panel',
    );
    await sooner(
      () => vera.messages().some(({ text }) => /Dallas: trouble/.test(text) && /did not answer in time/.test(text)),
      'the alert of the one that hangs',
    );
    const alert = vera.messages().find(({ text }) => /Dallas: trouble/.test(text));
    assert.ok(alert);
    const since = telegram.revision;
    await vera.taps(alert, 'Restart the panel');
    const question = await telegram.waitForMessage(VERA, ({ text }) => /Restart the panel\? \(Dallas\)/.test(text), {
      since,
    });
    assert.match(question.text, /Marzban container is restarted/);
    assert.notEqual(question.id, alert.id, 'the alert stays as it is');
    await vera.taps(question, 'Cancel');
    const nodes = vera.messages().filter(({ text }) => /Dallas · US-\d/.test(text));
    assert.equal(nodes.length, 0, 'one problem, not one for each node');
  });

  it('5: a new manager knows what was, tells nothing twice, and logs in to nothing anew', async () => {
    const logins = main.logins.length;
    assert.equal(logins, 1);
    await sooner(
      async () => (await get('/api/metrics/history?service=panel:s001&metric=users_online')).status === 200,
      'history',
    );
    const told = vera.messages().filter(({ fromBot, text }) => fromBot && /NL-1/.test(text)).length;
    await app.stop('a new one');
    app = await stage.start();
    await sooner(async () => (await panelNamed('s001'))?.health === 'degraded', 'the state it was in');
    const asked = await stage.client().alerts(20);
    assert.ok(asked.ok);
    assert.deepEqual(asked.value.open.map(({ subject }) => subject?.title).sort(), ['Dallas', 'Frankfurt · NL-1']);
    assert.ok(
      asked.value.past.some(({ subject }) => subject?.title === 'Frankfurt · FI-1'),
      'what is over is kept',
    );
    const kept = JSON.parse((await get('/api/metrics/history?service=panel:s001&metric=users_online')).text);
    assert.ok(kept.points.length > 0);
    assert.equal(main.logins.length, 1);
    assert.equal(vera.messages().filter(({ fromBot, text }) => fromBot && /NL-1/.test(text)).length, told);
  });

  it('9: nobody sees panels without the token, and nobody sees a password', async () => {
    for (const path of ['/api/marzban/instances', '/api/marzban/instances/s001'])
      assert.equal((await get(path, 'x')).status, 401);
    const all = [
      (await get('/api/marzban/instances')).text,
      (await get('/metrics')).text,
      ...vera.messages().map(({ text }) => text),
    ];
    for (const secret of [main.password, second.password, 'secret-of-old', httpToken])
      assert.ok(!all.join('\n').includes(secret), 'a secret was told');
  });
});

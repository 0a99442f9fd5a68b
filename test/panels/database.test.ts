import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { pino } from 'pino';
import { createCalendar } from '../../src/panels/calendar.ts';
import { createPanelFleet } from '../../src/panels/fleet.ts';
import { createPanelSources } from '../../src/panels/sources.ts';
import { createMemoryTokens } from '../../src/panels/token-store.ts';
import { openShopDatabase } from '../../src/wiring/shop-database.ts';
import { type PanelWorld, startPanel } from '../world/panel/server.ts';
import { addMonitor, startPostgres } from '../world/postgres.ts';

/** The table as the shop bot's own migrations and its ORM made it, version by version. */
const common = `id VARCHAR(50) PRIMARY KEY, name VARCHAR(255), base_url TEXT NOT NULL, username TEXT NOT NULL,
  password TEXT NOT NULL`;
const dated = 'created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP';
const v03 = `CREATE TABLE marzban_instances (${common}, is_active BOOLEAN DEFAULT TRUE, priority INTEGER DEFAULT 100, ${dated});
  CREATE INDEX idx_marzban_instances_active_priority ON marzban_instances (is_active, priority) WHERE is_active`;
const versions = {
  'v0.3.0, before nodes could be excluded': v03,
  'v0.4.0, which added them to a table that was there': `${v03};
    ALTER TABLE marzban_instances ADD COLUMN excluded_node_names TEXT[] DEFAULT '{}'`,
  'v0.6.0 to v4.4.0, made by the ORM without defaults': `CREATE TABLE marzban_instances (id VARCHAR NOT NULL PRIMARY KEY,
    name VARCHAR, base_url TEXT NOT NULL, username TEXT NOT NULL, password TEXT NOT NULL, is_active BOOLEAN,
    priority INTEGER, excluded_node_names VARCHAR[], created_at TIMESTAMP WITHOUT TIME ZONE,
    updated_at TIMESTAMP WITHOUT TIME ZONE)`,
} as const;

describe('panels of the shop’s real database', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let admin: pg.Client;
  const panels: PanelWorld[] = [];
  let now = Date.now();

  before(async () => {
    server = await startPostgres();
    admin = await server.connect();
    await addMonitor(admin, 'orbit_monitor', { limit: 10 });
    for (let index = 0; index < 3; index += 1) panels.push(await startPanel({ nodes: [{ name: `N-${index}` }] }));
  });
  after(async () => {
    await Promise.all(panels.map((panel) => panel.stop()));
    await server?.stop();
  });

  /** Everything that the app puts together, driven by hand: a minute is as long as the questions take. */
  function watch(environment: Readonly<Record<string, string>> = {}) {
    const database = openShopDatabase(server.urlFor('orbit_monitor'), pino({ level: 'silent' }));
    assert.ok(database);
    const sources = createPanelSources({ query: database.query, environments: () => [environment], config: [] });
    const removed: string[] = [];
    const fleet = createPanelFleet({
      ...{ sources, tokens: createMemoryTokens(), records: { load: () => null, save: () => undefined } },
      ...{ calendar: createCalendar('UTC'), clock: () => now, random: () => 0.5, reach: async () => true },
      ...{ sleep: async () => undefined, onTransition: () => undefined },
      onRemoved: (id) => void removed.push(id),
      onError: (error) => assert.fail(String(error)),
    });
    return {
      fleet,
      removed,
      async pass(seconds: number) {
        for (let second = 0; second < seconds; second += 1) {
          now += 1000;
          for (const panel of panels) panel.engine.run(now);
          fleet.tick(now);
          await fleet.idle();
        }
      },
      async [Symbol.asyncDispose]() {
        await fleet.stop();
        await database.close();
      },
    };
  }

  async function table(ddl: string): Promise<void> {
    await admin.query('DROP TABLE IF EXISTS marzban_instances');
    await admin.query(ddl);
    await admin.query('GRANT SELECT ON marzban_instances TO orbit_monitor');
  }

  /** As the shop's admin adds one: an address with its slash, what is not said left to the table. */
  async function add(id: string, panel: PanelWorld | undefined, more: Readonly<Record<string, unknown>> = {}) {
    const row = { id, base_url: `${panel?.baseUrl}/`, username: panel?.username, password: panel?.password, ...more };
    const names = Object.keys(row);
    const places = names.map((_, index) => `$${index + 1}`);
    await admin.query(`INSERT INTO marzban_instances (${names}) VALUES (${places})`, Object.values(row));
  }

  for (const [version, ddl] of Object.entries(versions))
    it(`are found in its table of ${version}`, async () => {
      await table(ddl);
      const orm = version.includes('ORM');
      const active = orm ? { is_active: true } : {};
      await add('s001', panels[0], { name: 'Frankfurt', ...active });
      await add('s002', panels[1], { is_active: false, priority: 7 });
      if (!version.startsWith('v0.3')) await add('s003', panels[2], { ...active, excluded_node_names: ['N-2'] });
      await using world = watch();
      await world.pass(3);
      const state = (id: string) => world.fleet.state(id);
      assert.deepEqual([state('s001')?.health, state('s001')?.name], ['healthy', 'Frankfurt']);
      assert.deepEqual([state('s001')?.nodeCounts.up, state('s001')?.priority], [1, 100]);
      assert.deepEqual([state('s002')?.active, state('s002')?.priority, state('s002')?.nodes.length], [false, 7, 0]);
      assert.equal(panels[1]?.requests.length, 0, 'what is switched off is shown as such, and not asked');
      if (!version.startsWith('v0.3')) assert.equal(state('s003')?.nodes[0]?.excluded, true);
    });

  it('that come, change and go are taken up within a minute', async () => {
    await table(versions['v0.4.0, which added them to a table that was there']);
    await add('s001', panels[0]);
    await using world = watch();
    await world.pass(5);
    await add('s002', panels[1], { name: 'Helsinki' });
    await admin.query("UPDATE marzban_instances SET is_active = false WHERE id = 's001'");
    await world.pass(60);
    assert.deepEqual(
      world.fleet.states().map(({ id, active, health }) => [id, active, health]),
      [
        ['s002', true, 'healthy'],
        ['s001', false, 'unknown'],
      ],
    );
    assert.deepEqual(world.removed, ['s001'], 'its open problems are over');
    await admin.query("DELETE FROM marzban_instances WHERE id = 's002'");
    await world.pass(60);
    assert.equal(world.fleet.state('s002'), null);
  });

  it('come from its environment when there is no such table, and from the table as soon as there is', async () => {
    await admin.query('DROP TABLE IF EXISTS marzban_instances');
    const [first, second] = panels;
    assert.ok(first && second);
    await using world = watch({ PANEL_HOST: first.baseUrl, PANEL_USERNAME: 'admin', PANEL_PASSWORD: first.password });
    await world.pass(5);
    assert.deepEqual([world.fleet.state('default')?.health, world.fleet.databaseProblem()], ['healthy', null]);
    await table(versions['v0.4.0, which added them to a table that was there']);
    await add('s001', second);
    await world.pass(60);
    assert.deepEqual(
      world.fleet.states().map(({ id, health }) => [id, health]),
      [['s001', 'healthy']],
    );
  });

  it('are watched on while it is away, and its changes are seen soon after it is back', async () => {
    await table(versions['v0.4.0, which added them to a table that was there']);
    await add('s001', panels[0]);
    await using world = watch();
    await world.pass(5);
    await server.stopServer();
    await world.pass(60);
    assert.equal(world.fleet.databaseProblem()?.code, 'net-refused', 'why is said');
    const asked = panels[0]?.requests.length ?? 0;
    panels[0]?.node('N-0').break('killed', panels[0].engine.now);
    await world.pass(60);
    assert.ok((panels[0]?.requests.length ?? 0) > asked);
    assert.equal(world.fleet.state('s001')?.conditions[0]?.kind, 'node');
    panels[0]?.node('N-0').break('none', panels[0].engine.now);
    await server.restart();
    admin = await server.connect();
    await add('s002', panels[1]);
    await world.pass(20);
    assert.deepEqual([world.fleet.databaseProblem(), world.fleet.state('s002')?.health], [null, 'healthy']);
  });

  it('stay as they were when the right to the table is taken away, and it is said which role lacks it', async () => {
    await table(versions['v0.4.0, which added them to a table that was there']);
    await add('s001', panels[0]);
    await using world = watch();
    await world.pass(5);
    await admin.query('REVOKE SELECT ON marzban_instances FROM orbit_monitor');
    await world.pass(60);
    const problem = world.fleet.databaseProblem();
    assert.deepEqual([problem?.code, problem?.args?.user], ['postgres-no-right', 'orbit_monitor']);
    assert.equal(world.fleet.state('s001')?.health, 'healthy');
  });
});

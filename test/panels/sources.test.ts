import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import { fromDatabaseRows, type Query, type Rows } from '../../src/panels/database-source.ts';
import { createPanelSources, fromEnvironment, type PanelConfig } from '../../src/panels/sources.ts';

const full = {
  id: 's001',
  name: 'Frankfurt',
  base_url: 'https://s001.example.org:8000/',
  username: 'admin',
  password: 'pw',
  is_active: true,
  priority: 50,
  excluded_node_names: ['DE-9'],
  created_at: new Date(),
};

function config(id: string, more: Partial<PanelConfig> = {}): PanelConfig {
  return {
    id,
    name: null,
    base_url: null,
    username: null,
    password: null,
    api_key: null,
    kind: null,
    insecure_tls: false,
    certificate_hosts: [],
    service: null,
    auto_reconnect: null,
    core_logs: null,
    ...more,
  };
}

test('rows of any version of the table are read by name', () => {
  const { excluded_node_names: _later, ...v030 } = full;
  const bare = { id: 7, base_url: 'http://x:1', username: 'a', password: 'b' };
  const nulls = { ...full, id: 's002', name: null, is_active: null, priority: null, excluded_node_names: null };
  const [a, b, c, d] = fromDatabaseRows([full, v030, bare, nulls]);
  assert.deepEqual(
    [a?.baseUrl, a?.priority, a?.excludedNodeNames, a?.active],
    ['https://s001.example.org:8000', 50, ['DE-9'], true],
  );
  assert.deepEqual(b?.excludedNodeNames, []);
  assert.deepEqual([c?.id, c?.name, c?.active, c?.priority], ['7', '7', true, 100]);
  assert.deepEqual(
    [d?.name, d?.active, d?.priority],
    ['s002', false, 100],
    'the bot does not choose what is not "true"',
  );
});

test('a row that cannot be used is shown with its problem and hides no other', () => {
  const rows = [{ ...full, base_url: 'host' }, { ...full, id: 's002', password: null }, { ...full, id: 's003' }, {}];
  assert.deepEqual(
    fromDatabaseRows(rows).map((each) => each.problem?.code ?? null),
    ['panel-address', 'panel-no-credentials', null, 'panel-address'],
  );
});

test("the shop's environment names one panel, in its new words or its old ones", () => {
  const [now] = fromEnvironment({ PANEL_HOST: 'http://127.0.0.1:8000/', PANEL_USERNAME: 'u', PANEL_PASSWORD: ' p w ' });
  assert.deepEqual([now?.id, now?.baseUrl, now?.password], ['default', 'http://127.0.0.1:8000', ' p w ']);
  const [old] = fromEnvironment({ MARZBAN_BASE_URL: 'https://x/', MARZBAN_USERNAME: 'u', MARZBAN_PASSWORD: 'p' });
  assert.equal(old?.baseUrl, 'https://x');
  assert.deepEqual(fromEnvironment({ PANEL_HOST: ' ' }), []);
  assert.equal(fromEnvironment({ PANEL_HOST: 'host', PANEL_USERNAME: 'u' })[0]?.problem?.code, 'panel-address');
});

const env = { PANEL_HOST: 'http://env/', PANEL_USERNAME: 'u', PANEL_PASSWORD: 'p' };
const given = (value: Rows) => ({ ok: true, value }) as const;
const present = (rows: Rows) => async (sql: string) => given(sql.includes('to_regclass') ? [{ present: true }] : rows);

test('the table counts when it is there, the environment when it is not', async () => {
  const environments = () => [{}, env];
  const there = createPanelSources({ query: present([full]), environments, config: [] });
  assert.deepEqual(
    (await there.load()).panels.map((each) => each.id),
    ['s001'],
  );
  const asked: string[] = [];
  const query = async (sql: string) => {
    asked.push(sql);
    return given([{ present: false }]);
  };
  const absent = createPanelSources({ query, environments, config: [] });
  assert.deepEqual(
    (await absent.load()).panels.map((each) => each.baseUrl),
    ['http://env'],
  );
  assert.equal(asked.length, 1, 'a table that is not there is not selected from');
  const none = createPanelSources({ query: null, environments, config: [] });
  assert.equal((await none.load()).panels.length, 1);
});

test('a database that goes away takes no panel with it', async () => {
  let away = false;
  const query: Query = async (sql) =>
    away ? { ok: false, reason: reason('net-refused', { address: 'db:5432' }) } : present([full])(sql);
  const sources = createPanelSources({ query, environments: () => [env], config: [] });
  await sources.load();
  away = true;
  const { panels, databaseProblem } = await sources.load();
  assert.deepEqual([panels[0]?.id, databaseProblem?.code], ['s001', 'net-refused']);
});

test('our configuration wins field by field, by id or by address, and adds its own', async () => {
  const own = [
    config('s001', { kind: 'pasarguard', insecure_tls: true }),
    config('mine', { base_url: 'https://s002.example.org/', password: 'better' }),
    config('extra', { base_url: 'https://extra/', username: 'u', password: 'p', name: 'Extra' }),
    config('half', { base_url: 'https://half/' }),
  ];
  const second = { ...full, id: 's002', base_url: 'https://s002.example.org' };
  const { panels } = await createPanelSources({
    query: present([full, second]),
    environments: () => [env],
    config: own,
  }).load();
  assert.deepEqual(
    panels.map((each) => [each.id, each.kind, each.password, each.priority, each.problem?.code ?? null]),
    [
      ['s001', 'pasarguard', 'pw', 50, null],
      ['s002', 'marzban', 'better', 50, null],
      ['extra', 'marzban', 'p', 100, null],
      ['half', 'marzban', '', 100, 'panel-no-credentials'],
    ],
  );
  assert.equal(panels[0]?.insecureTls, true);
});

test('one panel that stands in the table twice is asked once', async () => {
  const twin = { ...full, id: 's009', base_url: 'https://s001.example.org:8000' };
  const { panels } = await createPanelSources({
    query: present([full, twin]),
    environments: () => [],
    config: [],
  }).load();
  assert.deepEqual(
    panels.map((each) => each.id),
    ['s001'],
  );
});

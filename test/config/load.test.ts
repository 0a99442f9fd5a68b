import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { unwrap } from '../../src/config/keys.ts';
import { type Environment, type Loaded, loadConfig } from '../../src/config/load.ts';
import { type Config, file } from '../../src/config/schema.ts';
import { sayRemark } from '../../src/i18n.ts';

const fixtures = new URL('../fixtures/config/', import.meta.url);
const shipped = new URL('../../config/', import.meta.url);

const env: Environment = {
  MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`,
  ADMIN_CHAT_IDS: '5',
  HOME: '/home/op',
  SECRET: 'hunter2',
  SECRET_LIST: 'a\nhunter2',
  EMPTY: '',
};

function load(text: string, more: Environment = {}): Loaded {
  return loadConfig({ path: '/etc/orbit/services.yaml', env: { ...env, ...more }, readFile: () => text });
}

function lines(loaded: Loaded, language: 'en' | 'ru' = 'en'): readonly string[] {
  return (loaded.ok ? loaded.warnings : loaded.errors).map((message) =>
    sayRemark(language, message).replace('/etc/orbit/', ''),
  );
}

function configOf(loaded: Loaded): Config {
  assert.ok(loaded.ok, lines(loaded).join('\n'));
  return loaded.config;
}

/** One service with these further lines. */
function service(...more: readonly string[]): string {
  return [
    'services:',
    '  shop:',
    '    driver: process',
    '    command: [sleep, 1]',
    ...more.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** The name of every key that the schema knows. */
function keysIn(schema: unknown): Set<string> {
  const here = unwrap(schema);
  if (here instanceof z.ZodObject) {
    return new Set(Object.entries(here.shape).flatMap(([key, below]) => [key, ...keysIn(below)]));
  }
  if (here instanceof z.ZodDiscriminatedUnion) return new Set(here.options.flatMap((option) => [...keysIn(option)]));
  if (here instanceof z.ZodArray) return keysIn(here.element);
  if (here instanceof z.ZodRecord) return keysIn(here.valueType);
  return new Set();
}

describe('a file with mistakes', () => {
  const bad = readdirSync(fixtures).filter((name) => name.endsWith('.txt'));
  assert.ok(bad.length >= 12);
  for (const name of bad) {
    it(`tells all of ${name.replace('.txt', '.yaml')}, each with its place`, () => {
      const loaded = load(readFileSync(new URL(name.replace('.txt', '.yaml'), fixtures), 'utf8'));
      assert.equal(loaded.ok, false);
      assert.deepEqual(lines(loaded), readFileSync(new URL(name, fixtures), 'utf8').trimEnd().split('\n'));
    });

    it(`has Russian words for all of ${name.replace('.txt', '.yaml')}`, () => {
      const loaded = load(readFileSync(new URL(name.replace('.txt', '.yaml'), fixtures), 'utf8'));
      for (const line of lines(loaded, 'ru')) assert.match(line, /: найдено: .*допустимо/);
    });
  }

  it('never shows a secret, in no language', () => {
    const loaded = load(readFileSync(new URL('secrets.yaml', fixtures), 'utf8'));
    assert.doesNotMatch([...lines(loaded), ...lines(loaded, 'ru')].join('\n'), /hunter|271828/);
    assert.doesNotMatch(JSON.stringify(loaded), /hunter|271828/);
  });

  it('is told together with the mistakes of the environment', () => {
    assert.deepEqual(lines(load('services: {}\n', { MANAGER_BOT_TOKEN: 'hunter2', ADMIN_CHAT_IDS: '' })), [
      'services.yaml:1:11 services: found a map of keys; allowed: at least one service',
      "environment MANAGER_BOT_TOKEN: found a value that is not shown here; allowed: the token that @BotFather gave for a bot of the manager's own, digits:letters",
      'environment ADMIN_CHAT_IDS: found nothing, and no admins in the file; allowed: at least one Telegram user id, like 123456789 (@userinfobot tells it): without one nobody could use the bot',
    ]);
  });

  it('may be no file at all', () => {
    const loaded = loadConfig({ path: 'nowhere/services.yaml', env });
    assert.deepEqual(lines(loaded), [
      'nowhere/services.yaml: found no such file; allowed: a file that is there (config/services.example.yaml explains every key)',
    ]);
  });

  it('cannot unfold itself into an endless one', () => {
    const copies = Array.from({ length: 9 }, (_, n) => `x${n + 1}: &x${n + 1} [${Array(9).fill(`*x${n}`).join(',')}]`);
    assert.deepEqual(lines(load(['x0: &x0 [a]', ...copies, ''].join('\n'))), [
      'services.yaml:1:1: found aliases that unfold to too much; allowed: at most a hundred copies',
    ]);
  });
});

describe('the shipped files', () => {
  const example = readFileSync(new URL('services.example.yaml', shipped), 'utf8');
  const operators = readFileSync(new URL('services.yaml', shipped), 'utf8');
  /** Takes the "#" from the settings that are switched off. */
  const switchedOn = (text: string) => text.replace(/^(\s*)#(?=\S)/gm, '$1');

  it('explain every key of the schema', () => {
    const known = keysIn(file);
    assert.ok(known.size > 80, `${known.size}`);
    for (const key of known) assert.match(example, new RegExp(`(^|[\\s{#])${key}:`, 'm'), key);
  });

  it('load without a warning', () => {
    for (const text of [example, operators]) assert.deepEqual(lines({ ...load(text) }), []);
    assert.equal(configOf(load(operators)).services[0]?.name, 'telegram_bot');
  });

  for (const [name, text] of [['services.example.yaml', example] as const, ['services.yaml', operators] as const]) {
    it(`hold nothing wrong in the settings that ${name} has switched off`, () => {
      const all = {
        REDIS_URL: 'redis://127.0.0.1',
        DATABASE_URL: 'postgresql://127.0.0.1/a',
        MARZBAN_USERNAME: 'a',
        MARZBAN_PASSWORD: 'b',
      };
      const loaded = load(switchedOn(text), all);
      assert.ok(loaded.ok, lines(loaded).join('\n'));
      assert.deepEqual(
        loaded.warnings.map((message) => sayRemark('en', message)),
        [],
      );
    });
  }
});

describe("the seed's file", () => {
  const seed = readFileSync(new URL('seed.yaml', fixtures), 'utf8');

  it('loads, with one warning for each key that has no successor', () => {
    const loaded = load(seed);
    assert.ok(loaded.ok);
    assert.deepEqual(
      loaded.warnings.map(({ line, column, key, reason }) => `${line}:${column} ${key} ${reason.code}`),
      [
        '3:3 services.telegram_bot config-tmux-without-command',
        '5:5 services.telegram_bot.process_name config-seed-process',
        '18:5 services.marzban_monitor.auto_detect_instances config-seed-always',
        '19:5 services.marzban_monitor.load_balance_check config-seed-always',
        '21:3 services.redis config-seed-no-address',
        '26:5 services.redis.check_memory config-seed-always',
        '28:3 services.postgres config-seed-no-address',
        '31:5 services.postgres.check_connections config-seed-always',
        '39:5 monitoring.web_dashboard.auth_enabled config-seed-login',
        '40:5 monitoring.web_dashboard.secret_key config-seed-login',
        '41:5 monitoring.web_dashboard.admin_users config-seed-login',
        '42:5 monitoring.web_dashboard.session_timeout config-seed-login',
        '45:5 monitoring.alerts.telegram_enabled config-seed-telegram',
        '47:5 monitoring.alerts.alert_levels config-seed-levels',
        '51:5 monitoring.metrics.prometheus_export config-seed-prometheus',
        '52:5 monitoring.metrics.prometheus_port config-seed-prometheus',
        '59:3 logging.max_size_mb config-seed-log-files',
        '60:3 logging.backup_count config-seed-log-files',
        '61:3 logging.log_dir config-seed-log-files',
      ],
    );
    assert.deepEqual(lines(loaded).slice(2, 3), [
      'services.yaml:18:5 services.marzban_monitor.auto_detect_instances: has no meaning any more: it is always looked at',
    ]);
  });

  it('keeps what has a successor', () => {
    const config = configOf(load(seed));
    assert.deepEqual(
      config.services.map(({ name, driver }) => [name, driver]),
      [
        ['telegram_bot', 'tmux'],
        ['marzban_monitor', 'external'],
        ['redis', 'external'],
        ['postgres', 'external'],
      ],
    );
    assert.deepEqual(config.http, { host: '127.0.0.1', port: 8081, token: null });
    assert.deepEqual(
      config.admins.map(({ id, role }) => [id, role]),
      [
        [5, 'owner'],
        [123456789, 'operator'],
      ],
    );
    assert.equal(config.monitoring.alerts.min_interval, 300_000);
    assert.equal(config.monitoring.metrics.retention_days, 7);
    assert.equal(config.logging.level, 'info');
  });

  it('asks Redis and PostgreSQL where the environment says they are', () => {
    const addresses = { REDIS_URL: 'redis://127.0.0.1', DATABASE_URL: 'postgresql+asyncpg://bot:pw@127.0.0.1/shop' };
    const config = configOf(load(seed.replace('max_latency_ms: 100', 'max_latency_ms: 70'), addresses));
    const checks = config.services.flatMap(({ name, checks }) =>
      name === 'redis' || name === 'postgres' ? checks : [],
    );
    assert.deepEqual(checks, [
      { type: 'redis', id: 'redis', url: 'redis://127.0.0.1', clear_url: null, max_latency_ms: 70 },
      {
        ...{ type: 'postgres', id: 'postgres', url: 'postgresql+asyncpg://bot:pw@127.0.0.1/shop' },
        ...{ slow_query_threshold: 1000, max_latency_ms: 500 },
      },
    ]);
  });

  it('loads in the short form of its own manual', () => {
    const loaded = load(`services:
  telegram_bot: { enabled: true, restart_policy: always, max_restarts: 5 }
  redis: { enabled: false, check_interval: 15 }
monitoring:
  web_dashboard: { enabled: false, port: 8080, secret_key: "\${NOT_SET}" }
  alerts: { telegram_enabled: false, admin_chat_ids: [] }
logging: { level: WARNING }
`);
    const config = configOf(loaded);
    const bot = config.services[0];
    assert.equal(bot?.driver === 'tmux' && bot.tmux_session, 'orbitvpn_bot');
    assert.equal(config.http, null);
    assert.equal(config.logging.level, 'warn');
    assert.ok(lines(loaded)[0]?.startsWith('services.yaml:2:3 services.telegram_bot: has no driver: read as tmux'));
  });

  it('does not override what is said in our own words', () => {
    const loaded = load(`${service()}http: { port: 1 }
admins: [{ id: 7, role: viewer }]
monitoring:
  web_dashboard: { port: 2 }
  alerts: { admin_chat_ids: [7, 8] }
`);
    const config = configOf(loaded);
    assert.equal(config.http?.port, 1);
    assert.deepEqual(
      config.admins.map(({ id, role }) => [id, role]),
      [
        [5, 'owner'],
        [7, 'viewer'],
        [8, 'operator'],
      ],
    );
    assert.deepEqual(lines(loaded), [
      'services.yaml:8:3 monitoring.web_dashboard: is ignored: http took its place and is set',
    ]);
  });

  it('still has its mistakes told where they are', () => {
    assert.deepEqual(lines(load(`${service()}monitoring:\n  web_dashboard:\n    prot: 1\n    host: 5\n`)), [
      'services.yaml:7:5 http.prot: found an unknown key, did you mean port? allowed: host, port',
      'services.yaml:8:11 http.host: found 5; allowed: text of one line, not empty (in quotes, if it looks like a number)',
    ]);
  });
});

describe('checks', () => {
  const ready = (check: string, ...more: readonly string[]) => {
    const shop = configOf(load(service('cwd: /opt/shop', ...more, `checks: [${check}]`))).services[0];
    return shop?.checks[0];
  };
  const cases: readonly (readonly [string, object])[] = [
    [
      '{ type: tcp, host: "::1", port: "5000" }',
      { type: 'tcp', id: 'tcp', host: '::1', port: 5000, degraded_over: null },
    ],
    [
      '{ type: tls, host: shop.test, ca_file: own.pem }',
      {
        ...{ type: 'tls', id: 'tls', host: 'shop.test', port: 443, server_name: null, degraded_over: null },
        ...{ degraded_days: 14, unhealthy_days: 3, allow_self_signed: false, ca_file: '/etc/orbit/own.pem' },
      },
    ],
    [
      '{ type: dns, name: shop.test, server: "[::1]:53" }',
      { type: 'dns', id: 'dns', name: 'shop.test', record: 'A', server: '[::1]:53', expect: [], degraded_over: null },
    ],
    [
      '{ type: command, command: check --quick, cwd: bin }',
      {
        ...{ type: 'command', id: 'command', command: ['check', '--quick'], cwd: '/opt/shop/bin', env: {} },
        ...{ expect_exit: 0, degraded_exits: [], output_matches: null, degraded_over: null },
      },
    ],
    [
      '{ type: log, path: a.log, pattern: x, degraded_over: 5/1m }',
      {
        ...{ type: 'log', id: 'log', path: '/opt/shop/a.log', pattern: 'x' },
        ...{ degraded_over: { count: 5, per: 60_000 }, unhealthy_over: null },
      },
    ],
    [
      '{ type: host }',
      {
        ...{ type: 'host', id: 'host', disk_over: 90, full_within: 21_600_000 },
        ...{ memory_over: 90, cpu_over: 95, load_over: 4 },
      },
    ],
  ];
  for (const [text, expected] of cases) it(`${text} has its defaults`, () => assert.deepEqual(ready(text), expected));

  it('a log without a path is that of the service', () => {
    const check = ready('{ type: log, pattern: x }', 'log_file: bot.log');
    assert.equal(check?.type === 'log' && check.path, '/opt/shop/bot.log');
  });
});

describe('a configuration', () => {
  it('has the defaults of the reference', () => {
    const config = configOf(load(service()));
    const { monitoring, ...rest } = config;
    assert.deepEqual(rest, {
      path: '/etc/orbit/services.yaml',
      data_dir: `${process.cwd()}/data`,
      services: [
        {
          name: 'shop',
          title: 'shop',
          enabled: true,
          driver: 'process',
          command: ['sleep', '1'],
          cwd: '/etc/orbit',
          env: {},
          env_file: null,
          log_file: null,
          log_max_size: 52_428_800,
          log_keep: 5,
          restart_policy: 'always',
          max_restarts: 5,
          restart_window: 600_000,
          restart_delay: 10_000,
          max_restart_delay: 300_000,
          stable_after: 60_000,
          stop_signal: 'SIGTERM',
          stop_timeout: 20_000,
          start_grace: 10_000,
          depends_on: [],
          max_memory: null,
          health_check_interval: 30_000,
          health_check_timeout: 10_000,
          health_check_retries: 3,
          checks: [{ type: 'process', id: 'process' }],
          panels: [],
          schedule: [],
          metrics: [],
          alerts: [],
          default_alerts: true,
        },
      ],
      admins: [
        {
          id: 5,
          name: null,
          role: 'owner',
          language: null,
          timezone: null,
          quiet_hours: null,
          level: 'info',
          tier: 'first',
        },
      ],
      shop: { database_url: null, environment: {} },
      telegram: { token: env.MANAGER_BOT_TOKEN, api_root: null, proxy: null, alert_chat: null, alert_topic: null },
      http: { host: '127.0.0.1', port: 8080, token: null },
      logging: { level: 'info', format: 'json' },
    });
    assert.deepEqual(monitoring, {
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      alerts: {
        min_interval: 300_000,
        group_window: 5_000,
        repeat_every: 3_600_000,
        escalate_after: 900_000,
        email: null,
        webhook: null,
      },
      metrics: { collect_interval: 10_000, retention_days: 30, theme: 'dark' },
      maintenance: [],
      digest: '0 9 * * *',
      link_anchors: [
        { host: '1.1.1.1', port: 443 },
        { host: '8.8.8.8', port: 443 },
        { host: '77.88.8.8', port: 443 },
      ],
      heartbeat_url: null,
    });
  });

  it('is frozen through and through', () => {
    const config = configOf(load(service('checks: [{ type: process }]')));
    for (const part of [
      config,
      config.services,
      config.services[0],
      config.services[0]?.checks[0],
      config.monitoring.alerts,
    ]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  it('resolves paths: cwd to the file, log_file and env_file to cwd, ~ to the home folder', () => {
    const [shop, bot] = configOf(
      load(
        `services:
  shop: { driver: process, command: [a], cwd: ../shop, log_file: logs/a.log, env_file: ~/shop.env }
  bot: { driver: tmux, tmux_session: a, cwd: "~", log_file: /var/log/a.log, tmux_socket: run/tmux }
`,
        { ORBIT_DATA_DIR: '~/data' },
      ),
    ).services;
    assert.ok(shop?.driver === 'process' && bot?.driver === 'tmux');
    assert.deepEqual(
      [shop.cwd, shop.log_file, shop.env_file],
      ['/etc/shop', '/etc/shop/logs/a.log', '/home/op/shop.env'],
    );
    assert.deepEqual([bot.cwd, bot.log_file, bot.tmux_socket], ['/home/op', '/var/log/a.log', '/etc/orbit/run/tmux']);
  });

  it('takes the home folder of its user when HOME is not set', () => {
    assert.equal(configOf(load(service(), { HOME: undefined, ORBIT_DATA_DIR: '~' })).data_dir, homedir());
  });

  it('gives each check an id of its own, and http the timeout of its service', () => {
    const text = service(
      'health_check_timeout: 3s',
      'checks:',
      '  - { type: http, url: "http://a/", timeout: 1s, expect_status: [200, 301-302] }',
      '  - { type: http, url: "http://b/", id: http-2, method: head }',
      '  - { type: http, url: "http://c/" }',
      '  - { type: process }',
    );
    const checks = configOf(load(text)).services[0]?.checks ?? [];
    assert.deepEqual(
      checks.map((check) => [check.id, check.type === 'http' ? check.timeout : null]),
      [
        ['http', 1000],
        ['http-2', 3000],
        ['http-3', 3000],
        ['process', null],
      ],
    );
    assert.ok(checks[0]?.type === 'http' && checks[1]?.type === 'http');
    assert.deepEqual(checks[0].expect_status, [
      { from: 200, to: 200 },
      { from: 301, to: 302 },
    ]);
    assert.equal(checks[1].method, 'HEAD');
  });

  it('asks nothing where nothing is to be asked', () => {
    assert.deepEqual(configOf(load(service('checks: []'))).services[0]?.checks, []);
  });

  it('does not cut a first delay that is longer than the default of the longest', () => {
    assert.equal(configOf(load(service('restart_delay: 10m'))).services[0]?.max_restart_delay, 600_000);
  });

  it('leaves out what is switched off, also as a dependency, and says so', () => {
    const loaded = load(
      `${service('depends_on: [cache]')}  cache: { driver: process, command: [b], enabled: false }\n`,
    );
    assert.deepEqual(
      configOf(loaded).services.map(({ name, depends_on }) => [name, depends_on]),
      [['shop', []]],
    );
    assert.deepEqual(lines(loaded), [
      'services.yaml:5:18 services.shop.depends_on[0]: cache is not enabled: this dependency is ignored',
    ]);
  });

  it('warns of a rule on a number that none of its checks gives', () => {
    const loaded = load(service('alerts: [{ metric: latency, over: 90 }, { metric: open_files, over: 90 }]'));
    assert.deepEqual(lines(loaded), [
      'services.yaml:5:24 services.shop.alerts[0].metric: names a number that no check of this service gives: the rule never says anything; they give cpu, memory, memory_of_host, threads, processes, open_files, open_files_used, uptime, restarts',
    ]);
  });

  it('reads the limits of rules as numbers, shares, sizes and times', () => {
    const limits = ['90', '90%', '-5', '5gb', '"800ms"', '2h'].map((over) => `{ metric: cpu, over: ${over} }`);
    const [shop] = configOf(load(service(`alerts: [${limits.join(', ')}]`))).services;
    assert.deepEqual(
      shop?.alerts.map(({ over }) => [over?.value, over?.ms]),
      [
        [90, false],
        [90, false],
        [-5, false],
        [5 * 2 ** 30, false],
        [800, true],
        [7_200_000, true],
      ],
    );
    assert.equal(shop?.alerts[0]?.for, 60_000);
  });

  it('warns when nothing is enabled', () => {
    assert.deepEqual(lines(load(service('enabled: false'))), [
      'services.yaml:1:1 services: no service is enabled: there is nothing to look after',
    ]);
  });

  it('takes planned maintenance, and says what is wrong with it', () => {
    const planned = (entry: string) => load(`${service()}monitoring: { maintenance: [${entry}] }\n`);
    assert.deepEqual(configOf(planned('{ cron: "0 4 * * 0", for: 1h, services: [shop] }')).monitoring.maintenance, [
      { cron: '0 4 * * 0', for: 3600_000, services: ['shop'] },
    ]);
    assert.deepEqual(lines(planned('{ cron: "0 4 * * 0", for: 8d }')), [
      'services.yaml:5:55 monitoring.maintenance[0].for: found "8d"; allowed: a duration from 1m to 7d',
    ]);
    assert.match(lines(planned('{ cron: "0 0 4 * * 0", for: 1h }'))[0] ?? '', /five cron fields/);
    assert.match(lines(planned('{ cron: "0 4 * * 0", for: 1h, services: [shpo] }'))[0] ?? '', /did you mean shop\?/);
  });

  it('takes an address for e-mail, or more about it, and never shows a login that is wrong', () => {
    const alerts = (email: string) =>
      configOf(load(`${service()}monitoring: { alerts: { email: ${email} } }\n`)).monitoring.alerts;
    assert.deepEqual(alerts('ops@example.org').email, {
      ...{ to: 'ops@example.org', smtp_url: 'smtp://127.0.0.1:25', from: null },
    });
    const whole = '{ to: a@b.c, smtp_url: "smtps://u:p@mail.b.c", from: orbit@b.c }';
    assert.deepEqual(alerts(whole).email, { to: 'a@b.c', smtp_url: 'smtps://u:p@mail.b.c', from: 'orbit@b.c' });
    const wrong = load(
      `${service()}monitoring: { alerts: { email: { to: a@b.c, smtp_url: "imap://u:hunter2@b.c" } } }\n`,
    );
    assert.match(lines(wrong).join(), /smtp_url.*allowed: a mail server/);
    assert.ok(!lines(wrong).join().includes('hunter2'));
  });

  it('reads sections that are empty as left out, and http: null as none', () => {
    const config = configOf(
      load(
        `${service('env:', 'depends_on:')}admins:\ntelegram:\nmonitoring: { alerts: , metrics: }\nlogging:\nhttp:\n`,
      ),
    );
    assert.equal(config.http, null);
    assert.equal(config.monitoring.alerts.min_interval, 300_000);
  });

  it('takes anchors and merged maps, with places in what was merged', () => {
    const text = `services:
  one: &one { driver: process, command: [a], stop_timeout: 3s }
  two: { <<: *one, title: Two }
`;
    assert.deepEqual(
      configOf(load(text)).services.map(({ title, stop_timeout }) => [title, stop_timeout]),
      [
        ['one', 3000],
        ['Two', 3000],
      ],
    );
    assert.deepEqual(
      lines(load(text.replace('3s', 'soon'))).map((line) => line.slice(0, 50)),
      ['services.yaml:2:60 services.one.stop_timeout: foun', 'services.yaml:2:60 services.two.stop_timeout: foun'],
    );
  });

  it('puts variables in after parsing, so that no value changes the shape of the file', () => {
    const text = service(
      `title: "a \${NAME} $\${NAME} \${EMPTY:-b}\${NOT_SET:-}"`,
      `env: { URL: "\${URL}", VERSION: 1.10, DEBUG: true, NOTHING: }`,
      `max_restarts: \${COUNT}`,
    );
    const shop = configOf(load(text, { NAME: 'x: {y}', URL: 'a\nb: c', COUNT: '7' })).services[0];
    assert.ok(shop?.driver === 'process');
    assert.equal(shop.title, `a x: {y} \${NAME} b`);
    assert.deepEqual(shop.env, { URL: 'a\nb: c', VERSION: '1.10', DEBUG: 'true', NOTHING: '' });
    assert.equal(shop.max_restarts, 7);
  });

  it('takes no variable from the prototype of objects', () => {
    assert.equal(load(service(`title: \${constructor}`)).ok, false);
    assert.equal(load(`${service()}logging: { level: constructor }\n`).ok, false);
  });

  it('makes owners of ADMIN_CHAT_IDS, whom admins: describes but does not demote', () => {
    const text = `${service()}admins:\n  - { id: 9, name: Vera, role: viewer }\n  - { id: 6, name: Oleg, role: viewer, language: ru, timezone: Asia/Yekaterinburg, quiet_hours: "23:00-08:00", level: warning, tier: next }\n`;
    assert.deepEqual(configOf(load(text, { ADMIN_CHAT_IDS: '5, 6,5' })).admins, [
      {
        id: 5,
        name: null,
        role: 'owner',
        language: null,
        timezone: null,
        quiet_hours: null,
        level: 'info',
        tier: 'first',
      },
      {
        ...{
          id: 6,
          name: 'Oleg',
          role: 'owner',
          language: 'ru',
          timezone: 'Asia/Yekaterinburg',
          level: 'warning',
          tier: 'next',
        },
        quiet_hours: { from: 1380, to: 480 },
      },
      {
        id: 9,
        name: 'Vera',
        role: 'viewer',
        language: null,
        timezone: null,
        quiet_hours: null,
        level: 'info',
        tier: 'first',
      },
    ]);
    assert.equal(configOf(load(text, { ADMIN_CHAT_IDS: undefined })).admins.length, 2);
  });

  it('takes only known levels and tiers, and warns when nobody would hear at once', () => {
    assert.deepEqual(lines(load(`${service()}admins: [{ id: 6, level: loud, tier: last }]\n`)), [
      'services.yaml:5:26 admins[0].level: found "loud"; allowed: info, warning, error, critical',
      'services.yaml:5:38 admins[0].tier: found "last"; allowed: first, next',
    ]);
    const all = `${service()}admins: [{ id: 5, tier: next }, { id: 6, tier: next }]\n`;
    assert.deepEqual(lines(load(all)), [
      'services.yaml:5:1 admins: have all tier: next, so nobody hears of an alert before it is escalated (escalate_after); give one of them tier: first',
    ]);
    assert.deepEqual(lines(load(`${all}telegram: { alert_chat: -7 }\n`)), []);
    assert.deepEqual(lines(load(all, { ADMIN_CHAT_IDS: '5,8' })), []);
  });
});

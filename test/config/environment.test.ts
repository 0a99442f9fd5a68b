import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Environment, readEnvironment, readSettings } from '../../src/config/environment.ts';
import { sayRemark } from '../../src/i18n.ts';

const folder = mkdtempSync(join(tmpdir(), 'orbit-env-'));
after(() => rmSync(folder, { recursive: true }));

const token = `123:${'a'.repeat(35)}`;
const read = (env: Environment) => readSettings({ MANAGER_BOT_TOKEN: token, ADMIN_CHAT_IDS: '5', ...env }, '/srv');
const mistakes = (env: Environment) => read(env).errors.map((message) => sayRemark('en', message));

describe('the environment', () => {
  it('is fine without .env', () => {
    assert.deepEqual(readEnvironment({ cwd: folder, processEnv: { A: '1' } }), { env: { A: '1' }, errors: [] });
  });

  it('is completed by .env; a real variable wins', () => {
    const cwd = mkdtempSync(join(folder, 'a-'));
    writeFileSync(join(cwd, '.env'), '# comment\nA=file\nB="two words"\nexport C=3\n');
    assert.deepEqual(readEnvironment({ cwd, processEnv: { A: 'real' } }).env, { A: 'real', B: 'two words', C: '3' });
  });

  it('says when .env cannot be read', () => {
    const cwd = mkdtempSync(join(folder, 'b-'));
    mkdirSync(join(cwd, '.env'));
    const { errors } = readEnvironment({ cwd, processEnv: {} });
    assert.deepEqual(
      errors.map((message) => sayRemark('en', message)),
      [`${join(cwd, '.env')}: found a folder; allowed: a file`],
    );
  });
});

describe('the settings', () => {
  it('are read', () => {
    const { settings, errors } = read({
      ADMIN_CHAT_IDS: ' 5, 6;7,5 ',
      TELEGRAM_API_ROOT: 'http://127.0.0.1:8081//',
      TELEGRAM_PROXY: 'socks5://user:p@127.0.0.1:1080',
      HTTP_TOKEN: 'secret',
      ORBIT_DATA_DIR: 'state',
      DATABASE_URL: 'postgresql://shop@127.0.0.1/shop',
      MARZBAN_BASE_URL: 'https://panel.example',
      MARZBAN_PASSWORD: ' p w ',
      PANEL_HOST: '',
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(settings, {
      token,
      owners: [5, 6, 7],
      apiRoot: 'http://127.0.0.1:8081',
      proxy: 'socks5://user:p@127.0.0.1:1080',
      httpToken: 'secret',
      dataDir: '/srv/state',
      databaseUrl: 'postgresql://shop@127.0.0.1/shop',
      panel: { MARZBAN_BASE_URL: 'https://panel.example', MARZBAN_PASSWORD: ' p w ' },
    });
  });

  it('take an empty variable for one that is not set', () => {
    const { settings, errors } = read({
      TELEGRAM_API_ROOT: '',
      TELEGRAM_PROXY: ' ',
      HTTP_TOKEN: '',
      ORBIT_DATA_DIR: '',
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(
      [settings.apiRoot, settings.proxy, settings.httpToken, settings.dataDir],
      [null, null, null, '/srv/data'],
    );
  });

  it('have all their mistakes told, without a value', () => {
    const lines = mistakes({
      MANAGER_BOT_TOKEN: '123:hunter2',
      ADMIN_CHAT_IDS: '5,-100123,hunter2',
      TELEGRAM_API_ROOT: 'hunter2:8081',
      TELEGRAM_PROXY: 'socks4://hunter2',
      HTTP_TOKEN: 'hunter 2',
    });
    assert.deepEqual(
      lines.map((line) => line.slice(0, line.indexOf(':'))),
      ['MANAGER_BOT_TOKEN', 'ADMIN_CHAT_IDS', 'TELEGRAM_API_ROOT', 'TELEGRAM_PROXY', 'HTTP_TOKEN'].map(
        (name) => `environment ${name}`,
      ),
    );
    assert.doesNotMatch(lines.join('\n'), /hunter|100123/);
    assert.equal(
      lines[3],
      'environment TELEGRAM_PROXY: found a value that is not shown here; allowed: an address with socks5://, socks5h://, http:// or https://',
    );
  });

  for (const proxy of [
    'socks5://127.0.0.1:1080',
    'socks5h://a.example:1080',
    'http://a:3128',
    'https://u:p@a.example',
  ]) {
    it(`take the proxy ${proxy}`, () => assert.deepEqual(mistakes({ TELEGRAM_PROXY: proxy }), []));
  }

  it('need a token', () => {
    assert.match(
      mistakes({ MANAGER_BOT_TOKEN: undefined }).join(),
      /^environment MANAGER_BOT_TOKEN: found nothing; allowed: the token/,
    );
  });

  it('are all in .env.example, one line each', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    const source = readFileSync(new URL('../../src/config/environment.ts', import.meta.url), 'utf8');
    const names = [...source.matchAll(/take\('(\w+)'\)/g)].map(([, name]) => name);
    const others = [
      'ORBIT_CONFIG',
      'DATABASE_URL',
      'REDIS_URL',
      'MARZBAN_BASE_URL',
      'MARZBAN_USERNAME',
      'MARZBAN_PASSWORD',
    ];
    assert.ok(names.length >= 6);
    for (const name of [...names, ...others])
      assert.equal(example.match(new RegExp(`^${name}=$`, 'gm'))?.length, 1, name);
  });
});

import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type Home, kill, lastPid, type RunningManager, TOKEN, until } from '../world/manager.ts';
import { makeStage } from './stage.ts';

/** What only the manager may know, beside its token. */
const secrets = {
  DATABASE_URL: 'postgres://shop:database-secret@127.0.0.1:1/shop',
  REDIS_URL: 'redis://:redis-secret@127.0.0.1:1',
  MARZBAN_PASSWORD: 'panel-secret',
  HTTP_TOKEN: 'http-secret',
  SOMETHING_ELSE: 'other-secret',
};
const marks = [TOKEN, 'database-secret', 'redis-secret', 'panel-secret', 'http-secret', 'other-secret'];

/** Writes its pid, and its environment as the kernel was given it. */
const shows = (name: string) => ({
  command: [
    'sh',
    '-c',
    `echo $$ >> ${name}.pids; tr '\\0' '\\n' </proc/$$/environ >${name}.part; mv ${name}.part ${name}.env; exec sleep 1000`,
    name,
  ],
});

describe('the environment of what the manager starts', () => {
  const stage = makeStage();
  let home: Home;
  let manager: RunningManager;

  before(async () => {
    const tmux = join(tmpdir(), `orbit-env-${process.pid}.sock`);
    stage.atEnd(() => rm(tmux, { force: true }));
    const check = { type: 'command', command: ['sh', '-c', 'env > check.part; mv check.part check.env'] };
    const services = {
      plain: {
        ...shows('plain'),
        env: { OWN: 'from env', BOTH: 'env wins' },
        env_file: 'own.env',
        checks: [check],
      },
      pane: { ...shows('pane'), driver: 'tmux', tmux_session: 'env', tmux_socket: tmux },
    };
    ({ home } = await stage.set({ services }, { started: false, env: secrets }));
    stage.atEnd(() => rm(tmux, { force: true }));
    await writeFile(
      join(home.folder, 'own.env'),
      [
        '# The token of the shop bot',
        'BOTH=from the file',
        'export EXPORTED=yes',
        'QUOTED="two words # no comment"',
        "SINGLE='$HOME stays'",
        'DOLLAR=a$b`c',
        'EMPTY=',
        'SPACED = trimmed ',
        '',
      ].join('\n'),
    );
    manager = await stage.run();
  });

  async function variables(name: string): Promise<Map<string, string>> {
    const text = await until(() => readFile(join(home.folder, `${name}.env`), 'utf8').catch(() => null), name);
    const lines = text.split('\n').filter((line) => line.includes('='));
    return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  }

  it('is PATH, HOME, LANG, USER, TZ and its own, whatever the manager has', async () => {
    await Promise.all([lastPid(home, 'plain.pids'), lastPid(home, 'pane.pids')]);
    const allowed = new Set(['PATH', 'HOME', 'LANG', 'USER', 'TZ']);
    const plain = await variables('plain');
    const own = ['OWN', 'BOTH', 'EXPORTED', 'QUOTED', 'SINGLE', 'DOLLAR', 'EMPTY', 'SPACED'];
    assert.deepEqual([...plain.keys()].filter((name) => !allowed.has(name)).sort(), own.toSorted());
    assert.equal(plain.get('BOTH'), 'env wins');
    assert.equal(plain.get('QUOTED'), 'two words # no comment');
    assert.equal(plain.get('SINGLE'), '$HOME stays');
    assert.equal(plain.get('DOLLAR'), 'a$b`c');
    assert.equal(plain.get('EMPTY'), '');
    assert.equal(plain.get('SPACED'), 'trimmed');
    const pane = await variables('pane');
    assert.deepEqual(
      [...pane.keys()].filter((name) => !allowed.has(name)),
      ['TERM'],
      'what it is in says what it is',
    );
  });

  it('has none of the manager’s secrets: nor has a check, nor anything that stands beside a service', async () => {
    const checked = [...(await variables('check')).values()].join('\n');
    for (const mark of marks) assert.ok(!checked.includes(mark), mark);
    // A restart and a second look, so that all that is ever started has been.
    kill(await lastPid(home, 'plain.pids'));
    await until(async () => (await readFile(join(home.folder, 'plain.pids'), 'utf8')).split('\n').length > 2, 'again');
    const leaks: string[] = [];
    for (const pid of (await readdir('/proc')).map(Number).filter((each) => each > 1)) {
      const [environ, line] = await Promise.all(
        ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      );
      const mine = environ?.includes('other-secret') || line?.includes('other-secret');
      // What runs the manager out of its sources is not there in the built one.
      if (mine && !line?.includes('/esbuild') && pid !== manager.pid)
        leaks.push(`${pid}: ${line?.replaceAll('\0', ' ')}`);
      for (const mark of marks) assert.ok(!line?.includes(mark), `on the command line of ${pid}`);
    }
    assert.deepEqual(leaks, []);
  });

  it('whose file is missing is said with its path, and is no loop', async () => {
    await home.configure({
      http: null,
      services: { plain: { driver: 'process', command: ['sleep', '1000'], env_file: 'no-such.env' } },
    });
    assert.equal((await stage.type('config', 'reload', '--yes', '--stop-removed')).code, 0);
    const { code, text } = await stage.type('restart', 'plain');
    assert.equal(code, 1);
    assert.match(text, /env_file .*no-such\.env does not exist/);
  });
});

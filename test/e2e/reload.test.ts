import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createControlClient } from '../../src/cli/client.ts';
import {
  environment,
  type Home,
  kill,
  makeHome,
  orbit,
  pidsBelow,
  type RunningManager,
  runManager,
  TOKEN,
  until,
  VERA,
} from '../world/manager.ts';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';

/** Writes its pid and the word it was started with. */
const service = (word: string) => ({
  driver: 'process',
  ...{
    command: ['sh', '-c', `echo $$ ${word} >> "$0.starts"; exec sleep 1000`, word],
    start_grace: '100ms',
    restart_delay: '100ms',
  },
});

describe('a reload of the configuration', () => {
  let telegram: TelegramWorld;
  let home: Home;
  let manager: RunningManager;

  before(async () => {
    telegram = await startTelegram({ token: TOKEN });
    home = await makeHome({ services: { same: service('same'), other: service('other'), gone: service('gone') } });
    manager = await runManager(home, telegram.apiRoot);
    await until(async () => [...(await pids()).values()].every((pid) => pid !== null), 'all three run');
  });

  after(async () => {
    manager.kill('SIGKILL');
    await manager.exited;
    await home.remove();
    await telegram.stop();
  });

  const file = (services: Readonly<Record<string, unknown>>) => home.configure({ http: null, services });

  async function run(...args: readonly string[]) {
    const command = orbit(home, environment(home, telegram.apiRoot), ...args);
    const { code } = await command.exited;
    return { code, said: command.output() };
  }

  async function pids(): Promise<Map<string, number | null>> {
    const asked = await createControlClient(join(home.dataDir, 'control.sock'), 'test').snapshot();
    assert.ok(asked.ok, JSON.stringify(asked));
    return new Map(asked.value.services.map(({ name, pid }) => [name, pid]));
  }

  const starts = (word: string) => readFile(join(home.folder, `${word}.starts`), 'utf8');

  it('changes nothing when nothing changed, and nothing without a yes', async () => {
    const first = await pids();
    await file({ same: service('same'), other: service('other'), gone: service('gone') });
    // The file was written by the test with the defaults of the world left out.
    const shown = await run('config', 'reload');
    assert.equal(shown.code, 0, shown.said);
    assert.match(shown.said, /same: .*stop_timeout/);
    assert.match(shown.said, /Nothing was applied/);
    assert.equal((await run('config', 'reload', '--yes')).code, 0);
    assert.match((await run('config', 'reload', '--yes')).said, /Nothing has changed/);
    assert.deepEqual(await pids(), first);
  });

  it('a broken file changes nothing and says where', async () => {
    const first = await pids();
    await appendFile(home.config, '\n  same: { driver: proces }\n');
    const { code, said } = await run('config', 'reload', '--yes');
    assert.equal(code, 2);
    assert.match(said, /services\.yaml:\d+:\d+/);
    assert.match(said, /Nothing was changed/);
    assert.deepEqual(await pids(), first);
  });

  it('adds, lets go, alters; what did not change keeps its process', async () => {
    const first = await pids();
    await file({ same: service('same'), other: { ...service('changed'), max_restarts: 9 }, new: service('new') });
    const { code, said } = await run('config', 'reload', '--yes');
    assert.equal(code, 0, said);
    assert.match(said, /other: max_restarts \(at once\)/);
    assert.match(said, /other: command \(from its next start/);
    assert.match(said, /gone: let go/);
    const running = await until(async () => {
      const now = await pids();
      return typeof now.get('new') === 'number' ? now : null;
    }, 'the new one');
    assert.deepEqual([...running.keys()].sort(), ['new', 'other', 'same']);
    assert.equal(running.get('same'), first.get('same'));
    assert.equal(running.get('other'), first.get('other'));
    process.kill(first.get('gone') ?? 0, 0);
    assert.equal((await starts('same')).trim().split('\n').length, 1);
  });

  it('a changed command holds from the next start on, a crash included', async () => {
    const pid = (await pids()).get('other');
    kill(pid);
    await until(() => starts('changed').catch(() => null), 'a start with the new command');
    await until(async () => {
      const now = (await pids()).get('other');
      return typeof now === 'number' && now !== pid;
    }, 'it is seen running');
  });

  it('takes up again what it had let go, once; --restart and --stop-removed do what they say', async () => {
    const before = await pids();
    await file({ same: service('again'), gone: service('gone') });
    const { code, said } = await run('config', 'reload', '--yes', '--restart', '--stop-removed');
    assert.equal(code, 0, said);
    assert.match(said, /same: restarted/);
    assert.match(said, /new: stopped/);
    assert.match(said, /gone: added, was running already/);
    assert.equal((await starts('gone')).trim().split('\n').length, 1);
    assert.equal((await starts('again')).trim().split('\n').length, 1);
    for (const name of ['same', 'other', 'new']) assert.throws(() => process.kill(before.get(name) ?? 0, 0));
  });

  it('never runs two things under one name: another driver waits for the end of the old one', async () => {
    const old = (await pids()).get('gone') ?? 0;
    const socket = join(home.folder, 'tmux.sock');
    const moved = { ...service('moved'), driver: 'tmux', tmux_session: 'moved', tmux_socket: socket };
    await file({ same: service('again'), gone: moved });
    const kept = await run('config', 'reload', '--yes');
    assert.equal(kept.code, 1, kept.said);
    assert.match(kept.said, /gone: left as it is/);
    assert.equal((await pids()).get('gone'), old);
    const { code, said } = await run('config', 'reload', '--yes', '--restart');
    assert.equal(code, 0, said);
    assert.throws(() => process.kill(old, 0));
    assert.equal((await starts('moved')).trim().split('\n').length, 1);
    assert.equal((await run('stop', 'gone')).code, 0);
  });

  it('SIGHUP reloads, and stops nobody', async () => {
    const first = await pids();
    await file({ same: service('again'), gone: service('gone'), late: service('late') });
    manager.kill('SIGHUP');
    await until(() => starts('late').catch(() => null), 'the new service');
    assert.equal((await pids()).get('same'), first.get('same'));
    await appendFile(home.config, '\nservices: 5\n');
    manager.kill('SIGHUP');
    await until(() => /"level":"error".*services\.yaml/.test(manager.output()), 'the mistake in the log');
    assert.equal((await pids()).get('same'), first.get('same'));
  });

  it('from the chat: what changed is shown, and applied after a yes', async () => {
    const first = await pids();
    await file({ same: service('again'), gone: service('gone'), late: service('late'), chat: service('chat') });
    const owner = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' });
    owner.start();
    owner.sends('/settings');
    await owner.taps(await telegram.waitForMessage(owner, /^Settings/), 'Reload the configuration');
    const question = await telegram.waitForMessage(owner, /Apply these changes\?/);
    assert.match(question.text, /chat is added and started/);
    assert.equal((await pids()).get('chat'), undefined);
    await owner.taps(question, 'Apply');
    await telegram.waitForMessage(owner, /The configuration is in force[\s\S]*chat: added/);
    await until(async () => typeof (await pids()).get('chat') === 'number', 'the new service runs');
    assert.equal((await pids()).get('same'), first.get('same'));
  });

  it('leaves nothing behind in the end, stopped from the chat', async () => {
    const owner = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' });
    const since = telegram.revision;
    owner.sends('/menu');
    await owner.taps(await telegram.waitForMessage(owner, /as of/, { since }), 'All at once…');
    await owner.taps(await telegram.waitForMessage(owner, /All services at once/), 'Stop all');
    const question = await telegram.waitForMessage(owner, /Stop all services\?/);
    await owner.taps(question, 'Yes, stop all');
    await telegram.waitForMessage(owner, /✅ \d+ services stopped in/);
    manager.kill('SIGTERM');
    assert.equal((await manager.exited).code, 0);
    assert.deepEqual(await pidsBelow(home.folder), []);
  });
});

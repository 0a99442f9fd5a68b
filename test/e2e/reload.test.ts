import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type Home, kill, pidsBelow, type RunningManager, until } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

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
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let vera: WorldUser;
  let manager: RunningManager;

  before(async () => {
    const services = { same: service('same'), other: service('other'), gone: service('gone') };
    ({ telegram, home, vera } = await stage.set({ services }, { started: false }));
    manager = await stage.run();
    await until(async () => [...(await pids()).values()].every((pid) => pid !== null), 'all three run');
  });

  const file = (services: Readonly<Record<string, unknown>>) => home.configure({ http: null, services });

  async function pids(): Promise<Map<string, number | null>> {
    const asked = await stage.client().snapshot();
    assert.ok(asked.ok, JSON.stringify(asked));
    return new Map(asked.value.services.map(({ name, pid }) => [name, pid]));
  }

  const starts = (word: string) => readFile(join(home.folder, `${word}.starts`), 'utf8');

  it('changes nothing when nothing changed, and nothing without a yes', async () => {
    const first = await pids();
    await file({ same: service('same'), other: service('other'), gone: service('gone') });
    // The file was written by the test with the defaults of the world left out.
    const shown = await stage.type('config', 'reload');
    assert.equal(shown.code, 0, shown.text);
    assert.match(shown.text, /same: .*stop_timeout/);
    assert.match(shown.text, /Nothing was applied/);
    assert.equal((await stage.type('config', 'reload', '--yes')).code, 0);
    assert.match((await stage.type('config', 'reload', '--yes')).text, /Nothing has changed/);
    assert.deepEqual(await pids(), first);
  });

  it('a broken file changes nothing and says where', async () => {
    const first = await pids();
    await appendFile(home.config, '\n  same: { driver: proces }\n');
    const { code, text } = await stage.type('config', 'reload', '--yes');
    assert.equal(code, 2);
    assert.match(text, /services\.yaml:\d+:\d+/);
    assert.match(text, /Nothing was changed/);
    assert.deepEqual(await pids(), first);
  });

  it('adds, lets go, alters; what did not change keeps its process', async () => {
    const first = await pids();
    await file({ same: service('same'), other: { ...service('changed'), max_restarts: 9 }, new: service('new') });
    const { code, text } = await stage.type('config', 'reload', '--yes');
    assert.equal(code, 0, text);
    assert.match(text, /other: max_restarts \(at once\)/);
    assert.match(text, /other: command \(from its next start/);
    assert.match(text, /gone: let go/);
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
    const { code, text } = await stage.type('config', 'reload', '--yes', '--restart', '--stop-removed');
    assert.equal(code, 0, text);
    assert.match(text, /same: restarted/);
    assert.match(text, /new: stopped/);
    assert.match(text, /gone: added, was running already/);
    assert.equal((await starts('gone')).trim().split('\n').length, 1);
    assert.equal((await starts('again')).trim().split('\n').length, 1);
    for (const name of ['same', 'other', 'new']) assert.throws(() => process.kill(before.get(name) ?? 0, 0));
  });

  it('never runs two things under one name: another driver waits for the end of the old one', async () => {
    const old = (await pids()).get('gone') ?? 0;
    const socket = join(home.folder, 'tmux.sock');
    const moved = { ...service('moved'), driver: 'tmux', tmux_session: 'moved', tmux_socket: socket };
    await file({ same: service('again'), gone: moved });
    const kept = await stage.type('config', 'reload', '--yes');
    assert.equal(kept.code, 1, kept.text);
    assert.match(kept.text, /gone: left as it is/);
    assert.equal((await pids()).get('gone'), old);
    const { code, text } = await stage.type('config', 'reload', '--yes', '--restart');
    assert.equal(code, 0, text);
    assert.throws(() => process.kill(old, 0));
    assert.equal((await starts('moved')).trim().split('\n').length, 1);
    assert.equal((await stage.type('stop', 'gone')).code, 0);
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

  it('a command that is not there does not cost what runs; one that is mended brings back what gave up', async () => {
    const first = (await pids()).get('late');
    const rest = { same: service('again'), gone: service('gone') };
    await file({ ...rest, late: { ...service('late'), command: ['/no/such/program'] } });
    const kept = await stage.type('config', 'reload', '--yes', '--restart');
    assert.equal(kept.code, 1, kept.text);
    assert.match(kept.text, /late: command not found: \/no\/such\/program/);
    assert.equal((await stage.type('restart', 'late')).code, 1);
    assert.equal((await pids()).get('late'), first);
    kill(first);
    await until(async () => (await stage.type('alerts')).text.includes('gave up'), 'no start is possible');
    await file({ ...rest, late: service('late') });
    const mended = await stage.type('config', 'reload', '--yes');
    assert.equal(mended.code, 0, mended.text);
    assert.match(mended.text, /late: it had given up, and was started with the new settings/);
    assert.notEqual((await pids()).get('late') ?? first, first);
  });

  it('a new name for what runs never runs it twice: neither by a reload nor by the next manager', async () => {
    const status = async () => {
      const { text } = await stage.type('alerts', '--json');
      return text;
    };
    const first = (await pids()).get('late') ?? 0;
    await file({ same: service('again'), gone: service('gone'), renamed: service('late') });
    assert.equal((await stage.type('config', 'reload', '--yes')).code, 0);
    await until(async () => /"runs-as-stray"/.test(await status()), 'the incident');
    manager.kill('SIGKILL');
    await manager.exited;
    await file({ same: service('again'), gone: service('gone'), again: service('late') });
    manager = await stage.run();
    await until(async () => /"service": ?"again"/.test(await status()), 'the incident of the next name');
    assert.match(manager.output(), new RegExp(`"service":"late","pid":${first},"msg":"runs, but is not in the`));
    const { code, text } = await stage.type('start', 'again');
    assert.equal(code, 1);
    assert.match(text, new RegExp(`kill ${first}`));
    process.kill(first, 0);
    assert.equal((await starts('late')).trim().split('\n').length, 2);
    kill(first);
    await until(async () => (await stage.type('start', 'again')).code === 0, 'a start once the other is gone');
    assert.equal((await starts('late')).trim().split('\n').length, 3);
    await file({ same: service('again'), gone: service('gone'), late: service('late') });
    const back = await stage.type('config', 'reload', '--yes', '--stop-removed');
    assert.match(back.text, /again: stopped/);
    await until(async () => (await starts('late')).trim().split('\n').length === 4, 'under its first name again');
  });

  it('from the chat: what changed is shown, and applied after a yes', async () => {
    const first = await pids();
    await file({ same: service('again'), gone: service('gone'), late: service('late'), chat: service('chat') });
    vera.start();
    vera.sends('/settings');
    await vera.taps(await telegram.waitForMessage(vera, /^Settings/), 'Reload the configuration');
    const question = await telegram.waitForMessage(vera, /Apply these changes\?/);
    assert.match(question.text, /chat is added and started/);
    assert.equal((await pids()).get('chat'), undefined);
    await vera.taps(question, 'Apply');
    await telegram.waitForMessage(vera, /The configuration is in force[\s\S]*chat: added/);
    await until(async () => typeof (await pids()).get('chat') === 'number', 'the new service runs');
    assert.equal((await pids()).get('same'), first.get('same'));
  });

  it('leaves nothing behind in the end, stopped from the chat', async () => {
    const since = telegram.revision;
    vera.sends('/menu');
    await vera.taps(await telegram.waitForMessage(vera, /as of/, { since }), 'All at once…');
    await vera.taps(await telegram.waitForMessage(vera, /All services at once/), 'Stop all');
    const question = await telegram.waitForMessage(vera, /Stop all services\?/);
    await vera.taps(question, 'Yes, stop all');
    await telegram.waitForMessage(vera, /✅ \d+ services stopped in/);
    manager.kill('SIGTERM');
    assert.equal((await manager.exited).code, 0);
    assert.deepEqual(await pidsBelow(home.folder), []);
  });
});

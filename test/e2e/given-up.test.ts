import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type Home, lastPid, type RunningManager, until } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const OLEG = 777000778;

describe('what is down for good, over managers', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let vera: WorldUser;
  let oleg: WorldUser;
  let manager: RunningManager;

  before(async () => {
    const starts = (name: string, then: string) => ({
      command: ['sh', '-c', `echo $$ >> ${name}.pids; ${then}`, name],
    });
    ({ telegram, home, vera } = await stage.set({
      services: {
        looping: {
          ...starts('looping', 'test -e mended && exec sleep 1000; exit 3'),
          ...{ title: 'Looping bot', max_restarts: 2, restart_delay: 0 },
        },
        quiet: { ...starts('quiet', 'exec sleep 1000'), title: 'Quiet bot' },
        stubborn: {
          ...starts('stubborn', "trap '' TERM; while :; do sleep 0.1; done"),
          title: 'Stubborn bot',
          stop_timeout: '6s',
        },
      },
      admins: [{ id: OLEG, name: 'Oleg', role: 'operator' }],
      monitoring: { alerts: { group_window: 0 } },
    }));
    oleg = telegram.user({ id: OLEG, first_name: 'Oleg', language_code: 'en' });
    oleg.start();
    manager = await stage.run();
    stage.atEnd(() => stage.type('stop', '--all'));
  });

  const starts = async (name: string) =>
    (await readFile(join(home.folder, `${name}.pids`), 'utf8').catch(() => '')).split('\n').filter(Boolean).length;

  const is = (name: string, state: string) =>
    until(async () => (await stage.view(name))?.state === state, `${name} is ${state}`);

  async function again(): Promise<void> {
    manager.kill('SIGKILL');
    await manager.exited;
    manager = await stage.run();
  }

  it('gave up: the next manager starts nothing and tells nothing again; Start again ends the one incident', async () => {
    await is('looping', 'failed');
    const told = () => vera.messages().filter(({ fromBot, text }) => fromBot && /Looping bot/.test(text));
    const alert = await until(
      () => told().find(({ text, buttons }) => /crash loop: 3 exits/.test(text) && buttons.flat().length > 0),
      'the alert',
    );
    const delivered = async () => {
      const asked = await stage.client().snapshot();
      return asked.ok && asked.value.telegram.waiting === 0;
    };
    await until(delivered, 'all is delivered');
    const before = told().length;
    await again();
    await telegram.waitForMessage(vera, /The manager runs again/);
    assert.equal((await stage.view('looping'))?.state, 'failed');
    assert.equal(await starts('looping'), 3);
    assert.equal(told().length, before);
    const { text } = await stage.type('alerts', '--json');
    const { open } = JSON.parse(text);
    assert.deepEqual(
      open.map(({ service, level }: { service: string; level: string }) => `${service} ${level}`),
      ['looping critical'],
    );
    await writeFile(join(home.folder, 'mended'), '');
    await vera.taps(alert, 'Start again');
    await is('looping', 'running');
    await until(() => told().some((each) => each.id === alert.id && /is back/.test(each.text)), 'the end, in place');
    assert.deepEqual(JSON.parse((await stage.type('alerts', '--json')).text).open, []);
  });

  it('a stop holds over a kill of the manager, also one that is killed while it stops', async () => {
    const pid = await lastPid(home, 'stubborn.pids');
    assert.equal((await stage.type('stop', 'quiet')).code, 0);
    const stopping = stage.type('stop', 'stubborn');
    await is('stubborn', 'stopping');
    await again();
    await stopping;
    await is('stubborn', 'stopped');
    assert.throws(() => process.kill(pid, 0), 'what was asked for is finished');
    await again();
    for (const name of ['quiet', 'stubborn']) {
      assert.deepEqual([(await stage.view(name))?.state, (await stage.view(name))?.wanted], ['stopped', 'down'], name);
      assert.equal(await starts(name), 1, name);
    }
  });

  it('while it is being stopped, another admin’s press and another terminal hear who does what', async () => {
    assert.equal((await stage.type('start', 'stubborn')).code, 0);
    const since = telegram.revision;
    oleg.sends('/menu');
    const list = await telegram.waitForMessage(oleg, /as of/, { since });
    await oleg.taps(list, /Stubborn/);
    const screen = await telegram.waitForMessage(oleg, /Stubborn bot[\s\S]*Process \d+/, { since: list.revision });
    const stopping = stage.type('stop', 'stubborn');
    await is('stubborn', 'stopping');
    const refused = await stage.type('restart', 'stubborn');
    assert.equal(refused.code, 1);
    assert.match(refused.text, /it is being stopped by root, for \d+ s/);
    await oleg.taps(screen, 'Restart');
    await telegram.waitForMessage(oleg, /Stubborn bot\nBeing stopped by root, for .* at most/, {
      since: screen.revision,
    });
    const stopped = await stopping;
    assert.match(stopped.text, /had to be killed|killed/);
    await is('stubborn', 'stopped');
    assert.equal(await starts('stubborn'), 2);
  });
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it } from 'node:test';
import { type Home, type RunningManager, until, VERA } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const stage = makeStage();
let telegram: TelegramWorld;
let home: Home;
let vera: WorldUser;
let manager: RunningManager;

const say = (text: string) => writeFile(join(home.folder, 'waiting'), text);
const saw = (what: RegExp, since: number) => telegram.waitForMessage(VERA, what, { since });

before(async () => {
  ({ telegram, home, vera } = await stage.set({
    services: {
      bot: {
        title: 'Shop bot',
        command: ['sh', '-c', 'while :; do sleep 0.2; done'],
        metrics: [{ name: 'queue', from: 'command', command: ['cat', 'waiting'] }],
        alerts: [{ metric: 'queue', over: 10, for: 0, clear: 5, level: 'error' }],
      },
    },
  }));
  await say('3');
  manager = await stage.run();
});

it('a number of one’s own is measured, alerted on, kept over a kill of the manager, and unknown when it cannot be read', async () => {
  let since = telegram.revision;
  await say('12');
  await saw(/🔴 Shop bot \(queue\) is out of bounds[\s\S]*queue 12, over 10/i, since);
  // Once the message has changed, the manager knows surely which one it is.
  await stage.type('ack', '1');
  await saw(/is out of bounds[\s\S]*Taken on by/, since);
  manager.kill('SIGKILL');
  await manager.exited;
  manager = await stage.run();

  const metrics = async () => (await stage.type('metrics', 'bot', '--json')).text;
  await until(async () => /"metric": ?"queue"/.test(await metrics()), 'the number in orbit metrics');

  since = telegram.revision;
  await say('5');
  await saw(/✅ Shop bot \(queue\) is within bounds again/, since);
  const opened = vera.messages().filter(({ text }) => /out of bounds/.test(text));
  assert.deepEqual(opened, [], 'the one message about it was edited, not sent again');

  since = telegram.revision;
  await say('who knows');
  await saw(/🟡 Shop bot \(queue\) cannot be asked[\s\S]*no number: who knows/, since);
  const status = await stage.type('status', '--json');
  assert.match(status.text, /"health": ?"healthy"/, 'that says nothing about the service');
  await say('4');
  await saw(/✅ Shop bot \(queue\) answers again/, since);
});

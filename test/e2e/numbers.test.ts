import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import {
  environment,
  type Home,
  makeHome,
  orbit,
  type RunningManager,
  runManager,
  TOKEN,
  until,
  VERA,
} from '../world/manager.ts';
import { startTelegram, type TelegramWorld, type WorldUser } from '../world/telegram/server.ts';

let telegram: TelegramWorld;
let home: Home;
let vera: WorldUser;
let manager: RunningManager;

const say = (text: string) => writeFile(join(home.folder, 'waiting'), text);
const saw = (what: RegExp, since: number) => telegram.waitForMessage(VERA, what, { since });

before(async () => {
  telegram = await startTelegram({ token: TOKEN });
  home = await makeHome({
    services: {
      bot: {
        title: 'Shop bot',
        command: ['sh', '-c', 'while :; do sleep 0.2; done'],
        metrics: [{ name: 'queue', from: 'command', command: ['cat', 'waiting'] }],
        alerts: [{ metric: 'queue', over: 10, for: 0, clear: 5, level: 'error' }],
      },
    },
  });
  await say('3');
  vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' });
  vera.start();
  manager = await runManager(home, telegram.apiRoot);
});

after(async () => {
  manager.kill('SIGTERM');
  await manager.exited;
  await home.remove();
  await telegram.stop();
});

it('a number of one’s own is measured, alerted on, kept over a kill of the manager, and unknown when it cannot be read', async () => {
  let since = telegram.revision;
  await say('12');
  await saw(/🔴 Shop bot \(queue\) is out of bounds[\s\S]*queue 12, over 10/i, since);
  // Once the message has changed, the manager knows surely which one it is.
  await orbit(home, environment(home, telegram.apiRoot), 'ack', '1').exited;
  await saw(/is out of bounds[\s\S]*Taken on by/, since);
  manager.kill('SIGKILL');
  await manager.exited;
  manager = await runManager(home, telegram.apiRoot);

  const metrics = async () => {
    const asked = orbit(home, environment(home, telegram.apiRoot), 'metrics', 'bot', '--json');
    await asked.exited;
    return asked.output();
  };
  await until(async () => /"metric": ?"queue"/.test(await metrics()), 'the number in orbit metrics');

  since = telegram.revision;
  await say('5');
  await saw(/✅ Shop bot \(queue\) is within bounds again/, since);
  const opened = vera.messages().filter(({ text }) => /out of bounds/.test(text));
  assert.deepEqual(opened, [], 'the one message about it was edited, not sent again');

  since = telegram.revision;
  await say('who knows');
  await saw(/🟡 Shop bot \(queue\) cannot be asked[\s\S]*no number: who knows/, since);
  const status = orbit(home, environment(home, telegram.apiRoot), 'status', '--json');
  await status.exited;
  assert.match(status.output(), /"health": ?"healthy"/, 'that says nothing about the service');
  await say('4');
  await saw(/✅ Shop bot \(queue\) answers again/, since);
});

/** What the clock brings, through the whole manager: planned maintenance, and the summary of the day. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { App } from '../../src/app.ts';
import { type Home, pidsBelow, until, VERA } from '../world/manager.ts';
import type { ShownMessage, TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;

describe('what is planned', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let home: Home;
  let vera: WorldUser;
  let app: App;

  /** Puts the manager's clock forward to this time, UTC. */
  function goTo(hour: number, minute: number): void {
    const now = stage.clock();
    const today = Math.floor(now / DAY) * DAY + hour * HOUR + minute * 60_000;
    stage.ahead += (today > now ? today : today + DAY) - now;
  }

  /** Asks for the status until it looks like that. */
  function statusIs(wanted: RegExp): Promise<string> {
    return until(
      async () => {
        const since = telegram.revision;
        vera.sends('/status');
        // What is said just when a manager starts is dropped by it, and said again here.
        const options = { since, timeoutMs: 3000 };
        const { text } = await telegram.waitForMessage(VERA, /Manager 0/, options).catch(() => ({ text: '' }));
        return wanted.test(text) ? text : null;
      },
      `the status to be like ${wanted}`,
      60_000,
    );
  }

  before(async () => {
    ({ telegram, home, vera } = await stage.set({
      services: { web: { command: ['sleep', '100000'] }, bot: { command: ['sleep', '100000'] } },
      monitoring: {
        timezone: 'UTC',
        maintenance: [{ cron: '0 4 * * *', for: '1h', services: ['web'] }],
        digest: '0 9 * * *',
      },
    }));
    goTo(3, 58);
    app = await stage.start();
    await until(async () => (await pidsBelow(home.folder)).length >= 2, 'both services');
  });

  it('maintenance holds the alert and the restart of its service, is seen with its end, also by the next manager', async () => {
    goTo(4, 20);
    await statusIs(/🛠 web: maintenance until 05:00 \(⏰ 0 4 \* \* \*\)/);
    await app.stop('SIGTERM');
    app = await stage.start();
    const since = telegram.revision;
    for (const pid of await pidsBelow(home.folder)) process.kill(pid, 'SIGKILL');
    // What is not in it is told and restarted as ever.
    await telegram.waitForMessage(VERA, /bot is down|bot is back|✅ bot: /, { since, timeoutMs: 30_000 });
    const status = await statusIs(/🔴 web: .*not started: maintenance is on/);
    assert.match(status, /🛠 web: maintenance until 05:00/);
    const about = ({ fromBot, revision, text }: ShownMessage) => fromBot && revision > since && /web/.test(text);
    const told = vera.messages().filter((each) => about(each) && !/Manager 0/.test(each.text));
    assert.deepEqual(told, []);
  });

  it('ends by itself: then the service is started, or can be told of', async () => {
    stage.ahead += HOUR;
    const status = await statusIs(/🟢 web/);
    assert.doesNotMatch(status, /🛠/);
  });

  it('the summary comes at its time, once, with a picture', async () => {
    const since = telegram.revision;
    goTo(9, 0);
    const summary = await telegram.waitForMessage(VERA, /Summary, [\s\S]*What broke[\s\S]*web/, {
      ...{ since, timeoutMs: 60_000 },
    });
    assert.match(summary.text, /bot: once/);
    // The clock was put forward: nobody looked, so it was not up.
    assert.match(summary.text, /bot: \d[\d.]* %.*not known, counted as not up/);
    await app.stop('SIGTERM');
    app = await stage.start();
    await statusIs(/bot/);
    assert.equal(vera.messages().filter(({ text, id }) => /^📋/.test(text) && id > summary.id).length, 0);
  });
});

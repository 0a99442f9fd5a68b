/** What the clock brings, through the whole manager: planned maintenance, and the summary of the day. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type App, startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/logger.ts';
import { environment, type Home, makeHome, pidsBelow, TOKEN, until, VERA } from '../world/manager.ts';
import { type ShownMessage, startTelegram, type TelegramWorld, type WorldUser } from '../world/telegram/server.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;

describe('what is planned', () => {
  let telegram: TelegramWorld;
  let home: Home;
  let vera: WorldUser;
  let app: App;
  /** The manager's clock is this much ahead. */
  let ahead = 0;

  /** Puts the manager's clock forward to this time, UTC. */
  function goTo(hour: number, minute: number): void {
    const now = Date.now() + ahead;
    const today = Math.floor(now / DAY) * DAY + hour * HOUR + minute * 60_000;
    ahead += (today > now ? today : today + DAY) - now;
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

  async function start(): Promise<App> {
    const env = environment(home, telegram.apiRoot);
    const read = () => loadConfig({ path: home.config, env });
    const loaded = read();
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const log = createLogger({ level: 'fatal', format: 'json', to: { write: () => undefined } });
    return startApp(loaded.config, { log, version: '0', read, clock: () => Date.now() + ahead });
  }

  before(async () => {
    telegram = await startTelegram({ token: TOKEN });
    vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' });
    vera.start();
    home = await makeHome({
      services: { web: { command: ['sleep', '100000'] }, bot: { command: ['sleep', '100000'] } },
      monitoring: {
        timezone: 'UTC',
        maintenance: [{ cron: '0 4 * * *', for: '1h', services: ['web'] }],
        digest: '0 9 * * *',
      },
    });
    goTo(3, 58);
    app = await start();
    await until(async () => (await pidsBelow(home.folder)).length >= 2, 'both services');
  });

  after(async () => {
    await app.stop('the test is over');
    await home.remove();
    await telegram.stop();
  });

  it('maintenance holds the alert and the restart of its service, is seen with its end, also by the next manager', async () => {
    goTo(4, 20);
    await statusIs(/🛠 web: maintenance until 05:00 \(⏰ 0 4 \* \* \*\)/);
    await app.stop('SIGTERM');
    app = await start();
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
    ahead += HOUR;
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
    app = await start();
    await statusIs(/bot/);
    assert.equal(vera.messages().filter(({ text, id }) => /^📋/.test(text) && id > summary.id).length, 0);
  });
});

/** A poller that hears nothing any more although Telegram answers, through the whole manager. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { App } from '../../src/app.ts';
import { until, VERA } from '../world/manager.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { makeStage } from './stage.ts';

/** Windows of silence in seconds instead of minutes; Telegram holds the second of two quick polls for three. */
const timing = {
  ...{ longPoll: 500, pollRequest: 60_000, stall: 3500, stopGrace: 100, request: 3000, handlerGrace: 500 },
  ...{ retryNetwork: { first: 20, most: 100 }, retryBoot: { first: 20, most: 100 } },
};

describe('openclaw#78422: a poll that hangs for ever while everything else works', () => {
  const stage = makeStage();
  let telegram: TelegramWorld;
  let vera: WorldUser;
  let app: App;
  const logged = (words: string) => stage.lines.filter((line) => line.includes(words)).length;

  const start = () => stage.start({ level: 'info', timing });

  before(async () => {
    ({ telegram, vera } = await stage.set({ services: { bot: { command: ['sleep', '100000'] } } }));
    app = await start();
    stage.atEnd(() => telegram.clearFaults());
    await until(() => telegram.callsOf('getUpdates').length > 1, 'the first poll');
    vera.sends('/menu');
    await telegram.waitForMessage(VERA, /as of/, { timeoutMs: 30_000 });
  });

  it('is torn down and built again, and hears again when that was enough', async () => {
    telegram.inject({ method: 'getUpdates', fault: 'hang', times: 1 });
    await until(() => logged('no poll completed') >= 1, 'the watchdog', 60_000);
    const since = telegram.revision;
    vera.sends('/menu');
    await telegram.waitForMessage(VERA, /as of/, { since, timeoutMs: 30_000 });
  });

  it('makes the manager leave with exit code 75 when three rebuilds were not; services run on', async () => {
    telegram.inject({ method: 'getUpdates', fault: 'hang' });
    assert.equal(await app.exited, 75);
    assert.equal(logged('updates from Telegram do not come although it answers'), 1);
  });

  it('is told by the next manager, which found the services as they were', async () => {
    telegram.clearFaults();
    const since = telegram.revision;
    app = await start();
    const notice = await telegram.waitForMessage(VERA, /The manager runs again/, { since, timeoutMs: 30_000 });
    assert.match(notice.text, /did not hear Telegram any more and started itself anew/);
    assert.ok(notice.silent);
    assert.doesNotMatch(
      vera
        .messages()
        .map(({ text }) => text)
        .join('\n'),
      /bot is down/,
    );
  });

  it('does not leave again within the hour: what did not help does not help more often', async () => {
    const rebuilt = logged('no poll completed');
    telegram.inject({ method: 'getUpdates', fault: 'hang' });
    await until(() => logged('no poll completed') >= rebuilt + 4, 'four more rebuilds', 60_000);
    assert.equal(logged('updates from Telegram do not come although it answers'), 1);
    stage.ahead += 3600_000;
    assert.equal(await app.exited, 75);
  });
});

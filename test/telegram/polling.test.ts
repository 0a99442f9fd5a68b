import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from '../world/deferred.ts';
import { startTelegram } from '../world/telegram/server.ts';
import { until } from '../world/until.ts';
import { type Stage, setStage, token } from './stage.ts';

const unauthorized = { status: 401, description: 'Unauthorized' };
const conflict = {
  status: 409,
  description: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
};

/** That it hears: a person writes and is answered. */
async function talks(stage: Stage): Promise<void> {
  const vera = stage.world.user({ id: 7 });
  const since = vera.messages().at(-1)?.revision ?? -1;
  vera.sends('/help');
  await stage.world.waitForMessage(vera, /What you can do/, { since });
}

// Most of these wait for limits to pass; side by side they wait together.
describe('polling', { concurrency: 20 }, () => {
  test('a wrong token is known at first contact', async (t) => {
    const stage = await setStage(t, { telegram: { token: '4200:wrong-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' } });
    assert.equal(await stage.telegram.firstContact, 'unauthorized');
    assert.equal(stage.states.at(-1), 'unauthorized');
  });

  test('remnawave/backend: Telegram away at boot: it waits, says so once, and starts when Telegram is there', async (t) => {
    const world = await startTelegram({ token });
    t.after(() => world.stop());
    await world.goOffline();
    const stage = await setStage(t, { world });
    await until(() => stage.log.filter((line) => line.includes('no updates')).length >= 5, 'some tries');
    assert.deepEqual(stage.states, ['unreachable']);
    assert.equal(stage.log.filter((line) => line.includes('out of reach')).length, 1);
    assert.equal(stage.telegram.lastPollAt(), null);
    await world.goOnline();
    assert.equal(await stage.telegram.firstContact, 'ok');
    await stage.heard();
    await talks(stage);
    assert.equal(stage.telegram.lastPollAt(), stage.now);
  });

  test('a getMe that fails in other ways at boot is asked again', async (t) => {
    const world = await startTelegram({ token });
    t.after(() => world.stop());
    world.inject({ method: 'getMe', fault: 'html-502', times: 1 });
    world.inject({ method: 'getMe', fault: 'reset', times: 1 });
    world.inject({ method: 'getMe', fault: 'hang', times: 1 });
    const stage = await setStage(t, { world, timing: { pollRequest: 1_100 } });
    await stage.heard();
    await talks(stage);
  });

  test('Telegram goes away and comes back: so does the bot, and nothing is lost in between', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    await talks(stage);
    for (let round = 0; round < 3; round++) {
      await stage.world.goOffline();
      await until(() => stage.states.at(-1) === 'unreachable', 'it to be noticed');
      stage.world.user({ id: 7 }).sends('/settings');
      await stage.world.goOnline();
      await stage.heard();
      const asked = () =>
        stage.world
          .user({ id: 7 })
          .messages()
          .filter(({ text }) => text.startsWith('Settings')).length;
      await stage.world.waitFor(() => asked() === round + 1);
    }
    assert.deepEqual(new Set(stage.states), new Set(['polling', 'unreachable']));
  });

  test('openclaw#78422, the other way round: alerts are delivered while polling is not possible', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    await talks(stage);
    stage.world.inject({ method: 'getUpdates', fault: conflict });
    await until(() => stage.states.at(-1) === 'conflict', 'the conflict');
    const plain = { text: 'down', buttons: [], silent: false, replyTo: null };
    assert.equal((await stage.telegram.transport.send({ chat: '7', topic: null }, plain)).outcome, 'sent');
  });

  test('a flood limit on polling is obeyed', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const flood = { status: 429, description: 'Too Many Requests: retry after 1', retry_after: 1 };
    stage.world.inject({ method: 'getUpdates', fault: flood, times: 1 });
    await stage.world.waitFor(() => stage.world.callsOf('getUpdates').find(({ status }) => status === 429));
    const polls = stage.world.callsOf('getUpdates');
    const refused = polls.findIndex(({ status }) => status === 429);
    await stage.heard();
    await stage.world.waitFor(() => stage.world.callsOf('getUpdates').length > refused + 1);
    const [first, second] = stage.world.callsOf('getUpdates').slice(refused);
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 1000, 'not a moment earlier');
    await talks(stage);
  });

  test('3x-ui#3363, #1101: another poller on the same token: said once, no crash, and it comes back', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    stage.world.inject({ method: 'getUpdates', fault: conflict, times: 6 });
    await until(() => stage.states.at(-1) === 'conflict', 'the conflict');
    await talks(stage);
    await stage.heard();
    assert.equal(stage.states.filter((state) => state === 'conflict').length, 1);
    const said = stage.log.filter((line) => line.includes("another program polls with this bot's token"));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /"level":50/);
  });

  test('two bots on one token: both know, neither dies, and one alone is well again', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const other = await setStage(t, { world: stage.world });
    await until(() => [stage, other].some(({ states }) => states.includes('conflict')), 'the conflict');
    await other.telegram.stop();
    await talks(stage);
    await stage.heard();
  });

  test('a fight over the token that is won and lost in turns is one conflict', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const vera = stage.world.user({ id: 7 });
    stage.world.inject({ method: 'getUpdates', fault: conflict, times: 1 });
    for (let round = 0; round < 3; round++) {
      const refused = () => stage.world.callsOf('getUpdates').filter(({ status }) => status === 409).length;
      await until(() => refused() === round + 1, 'the conflict');
      // The poll after it is answered, the next one is thrown out again.
      const stopListening = stage.world.listen((event) => {
        if (event.kind !== 'call' || event.call.method !== 'getUpdates' || event.call.status !== 200) return;
        stopListening();
        if (round < 2) stage.world.inject({ method: 'getUpdates', fault: conflict, times: 1 });
      });
      vera.sends('/help');
    }
    await stage.heard();
    assert.deepEqual(stage.states, ['polling', 'conflict', 'polling']);
    assert.equal(stage.log.filter((line) => line.includes('another program polls')).length, 1);
  });

  test('a webhook that somebody set is taken away', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const before = stage.world.callsOf('deleteWebhook').length;
    const description =
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    stage.world.inject({ method: 'getUpdates', fault: { status: 409, description }, times: 1 });
    await stage.world.waitFor(() => stage.world.callsOf('deleteWebhook').length === before + 1);
    assert.notEqual(stage.world.callsOf('deleteWebhook').at(-1)?.params.drop_pending_updates, true);
    await talks(stage);
    await stage.heard();
  });

  test('a token that is refused while running is tried again, slowly', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    stage.world.inject({ method: 'getUpdates', fault: unauthorized, times: 2 });
    await until(() => stage.states.at(-1) === 'unauthorized', 'the refusal');
    assert.equal(await stage.telegram.firstContact, 'ok', 'the process is not ended');
    await talks(stage);
    await stage.heard();
  });

  test('claude-plugins-official#963: a poll that hangs is given up by its own limit', async (t) => {
    const stage = await setStage(t, { timing: { pollRequest: 1_200 } });
    await stage.heard();
    stage.world.inject({ method: 'getUpdates', fault: 'hang', times: 1 });
    await until(() => stage.states.at(-1) === 'unreachable', 'it to be noticed');
    await talks(stage);
    await stage.heard();
  });

  test('openclaw#78422, QwenPaw#7662, hermes PRs #55905 and #93185: the watchdog goes by polls alone, and rebuilds', async (t) => {
    const stage = await setStage(t, { timing: { pollRequest: 60_000, stall: 1_500, stopGrace: 100 } });
    await stage.heard();
    stage.world.inject({ method: 'getUpdates', fault: 'hang', times: 1 });
    await until(() => stage.states.at(-1) === 'unreachable', 'the watchdog');
    assert.ok(stage.log.some((line) => line.includes('telegram-stalled')));
    await talks(stage);
    await stage.heard();
    const answers = stage.world
      .user({ id: 7 })
      .messages()
      .filter(({ fromBot }) => fromBot);
    assert.equal(answers.length, 1, 'the poller left behind delivers nothing twice');
  });

  test('DCB: the sixth drop of the line is got over like the first', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    for (let drop = 0; drop < 6; drop++) {
      const states = stage.states.length;
      stage.world.inject({ method: 'getUpdates', fault: 'reset', times: 1 });
      await until(() => stage.states.length >= states + 2 && stage.states.at(-1) === 'polling', `drop ${drop}`);
    }
    await talks(stage);
  });

  test('node-red-contrib-telegrambot#395: a 429 on setMyCommands is not fatal and not insisted on', async (t) => {
    const world = await startTelegram({ token });
    t.after(() => world.stop());
    const fault = { status: 429, description: 'Too Many Requests: retry after 1127', retry_after: 1127 };
    world.inject({ method: 'setMyCommands', fault });
    const stage = await setStage(t, { world });
    await stage.heard();
    await talks(stage);
    await talks(stage);
    // Once for each admin and the strangers, in each language at most.
    const tries = world.callsOf('setMyCommands').length;
    assert.ok(tries <= 10, `${tries} tries`);
  });

  for (const [name, method, leaves] of [
    ['three rebuilds without one poll while Telegram answers all else: stuck', 'getUpdates', true],
    ['three rebuilds while Telegram answers nothing: not stuck, leaving would not help', undefined, false],
  ] as const) {
    test(name, async (t) => {
      const world = await startTelegram({ token });
      t.after(() => world.stop());
      const rebuilds = () => stage.log.filter((line) => line.includes('no poll completed')).length;
      const stuckAfter: number[] = [];
      const timing = { pollRequest: 60_000, stall: 1_500, stopGrace: 100, request: 300 };
      const onStuck = () => void stuckAfter.push(rebuilds());
      const stage = await setStage(t, { world, timing, telegram: { onStuck } });
      await stage.heard();
      world.inject({ fault: 'hang', ...(method && { method }) });
      await until(() => rebuilds() >= 4, 'four rebuilds', 30_000);
      if (leaves) await until(() => stuckAfter.length > 0, 'the end of patience');
      assert.equal(stuckAfter[0], leaves ? 3 : undefined);
    });
  }

  test('an answer that is lost on the way is fetched again', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    stage.world.inject({ method: 'getUpdates', fault: 'accepted-lost', times: 1 });
    stage.world.user({ id: 7 }).sends('/help');
    await stage.world.waitForMessage(7, /What you can do/);
  });

  test('each update is handled once, in order, whatever the network does', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const vera = stage.world.user({ id: 7 });
    for (let n = 0; n < 20; n++) {
      vera.sends(n % 2 === 0 ? '/help' : '/settings');
      if (n % 5 === 0) stage.world.inject({ method: 'getUpdates', fault: 'reset', times: 1 });
      await delay(1);
    }
    await stage.world.waitFor(() => vera.messages().filter(({ fromBot }) => fromBot).length >= 20);
    await talks(stage);
    const texts = vera.messages().flatMap(({ fromBot, text }) => (fromBot ? [text.split('\n')[0]] : []));
    assert.deepEqual(
      texts,
      Array.from({ length: 21 }, (_, n) => (n % 2 === 0 ? 'What you can do here' : 'Settings')),
    );
  });

  test('a handler that takes long does not hold up another chat', async (t) => {
    const stage = await setStage(t);
    stage.control.add('shop', { title: 'Shop bot' });
    await stage.heard();
    const logs = deferred<string[]>();
    stage.control.logs = () => logs.answer;
    stage.world.user({ id: 8 }).sends('/logs shop');
    await talks(stage);
    logs.give(['late']);
    await stage.world.waitForMessage(8, /late/);
  });

  test('stop ends the poll, waits for the handler that runs, and is bounded', async (t) => {
    const stage = await setStage(t, { timing: { handlerGrace: 400 } });
    stage.control.add('shop', { title: 'Shop bot' });
    await stage.heard();
    const logs = deferred<string[]>();
    stage.control.logs = () => logs.answer;
    stage.world.user({ id: 7 }).sends('/logs shop');
    await stage.world.waitFor(() => stage.world.pendingUpdates.length === 0);
    await Promise.all([stage.telegram.stop(), stage.telegram.stop()]);
    assert.ok(stage.log.some((line) => line.includes('was left behind')));
    logs.give([]);
    await until(() => stage.world.pollsInFlight === 0, 'the poll to end');
  });

  test('stop while Telegram hangs, is away, or was never reached, ends', async (t) => {
    for (const fault of ['hang', 'offline'] as const) {
      const world = await startTelegram({ token });
      t.after(() => world.stop());
      world.inject({ fault });
      const stage = await setStage(t, { world, timing: { pollRequest: 60_000 } });
      await until(() => world.calls.length > 0, 'a try');
      await stage.telegram.stop();
      assert.equal(stage.states.at(-1), 'off');
    }
    const idle = await setStage(t, { start: false });
    await idle.telegram.stop();
  });

  test('the token is in no line of the log, whatever failed', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const secret = token.split(':')[1] ?? '';
    for (const fault of ['reset', 'html-502', 'hang', unauthorized, conflict] as const) {
      stage.world.inject({ fault, times: 2 });
      stage.world.user({ id: 7 }).sends('/menu');
      await delay(20);
    }
    await stage.world.goOffline();
    await until(() => stage.states.at(-1) === 'unreachable', 'it to be noticed');
    await stage.telegram.stop();
    assert.ok(stage.log.length > 5);
    for (const line of stage.log) assert.ok(!line.includes(secret), line);
  });
});

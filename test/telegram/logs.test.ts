import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastThatFit } from '../../src/telegram/screens/logs.ts';
import { type Stage, setStage, token } from './stage.ts';

const lines = (count: number) => Array.from({ length: count }, (_, n) => `line ${n + 1}`);

async function ready(stage: Stage) {
  stage.control.add('shop', { title: 'Shop bot' });
  const vera = stage.world.user({ id: 7 });
  await stage.heard();
  return vera;
}

test('the Logs button shows the last 20 lines, safe to show', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  stage.control.lines = [...lines(30), '<script> & "quotes"', `polling with ${token}`, 'redis://u:secret@h/0'];
  vera.start();
  await vera.taps(await stage.world.waitForMessage(vera, /as of/), 'Shop bot');
  await vera.taps(await stage.world.waitForMessage(vera, /Checks/), 'Logs');
  const shown = await stage.world.waitForMessage(vera, /the last 20 lines/);
  assert.match(
    shown.text,
    /line 14\n[\s\S]*<script> & "quotes"\npolling with 4200:\[redacted\]\nredis:\/\/u:\[redacted\]@h\/0/,
  );
  assert.doesNotMatch(shown.text, /line 13\n/);
  assert.ok(shown.entities.some(({ type }) => type === 'pre'));
  assert.deepEqual(shown.buttons, [['Refresh', 'Search'], ['Back']]);
  stage.control.lines = ['newer'];
  await vera.taps(shown, 'Refresh');
  const newer = await stage.world.waitForMessage(vera, /the last line\nnewer/);
  await vera.taps(newer, 'Back');
  await stage.world.waitForMessage(vera, /Checks:/, { since: newer.revision });
});

test('/logs takes a service, how many lines, and what to look for', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  stage.control.lines = [...lines(100), 'An ERROR here', 'fine', 'error: two words', 'Error at last'];
  const says = async (text: string, wanted: RegExp) => {
    const since = vera.messages().at(-1)?.revision ?? 0;
    vera.sends(text);
    return await stage.world.waitForMessage(vera, wanted, { since });
  };
  await says('/logs shop 3', /the last 3 lines\nfine\nerror: two words\nError at last\n/);
  await says('/logs SHOP 2 error', /the last 2 lines with “error”\nerror: two words\nError at last\n/);
  await says('/logs shop error: two', /the last line with “error: two”\nerror: two words\n/);
  await says('/logs shop nothing (like+this', /no line with “nothing \(like\+this”/);
  await says('/logs nope', /There is no service nope\.\nshop/);
  await says('/logs', /Which service\?[\s\S]*shop/);
  const many = await says('/logs shop 999999', /Error at last/);
  assert.match(many.text, /the last 104 lines/);
});

test('a log too long to show is cut from its start, and stays valid', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  stage.control.lines = Array.from({ length: 200 }, (_, n) => `${n} ${'<&>'.repeat(60)}`);
  vera.sends('/logs shop 200');
  await stage.world.waitForMessage(vera, /as of/);
  const parts = vera.messages().filter(({ fromBot }) => fromBot);
  assert.ok(parts.length >= 2 && parts.length <= 4);
  assert.match(parts.at(-1)?.text ?? '', /^199 <&>/m);
  assert.deepEqual(parts.map(({ buttons }) => buttons.length > 0).indexOf(true), parts.length - 1);
});

test('one endless line is cut, and an empty or unreadable log is said so', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  stage.control.lines = ['x'.repeat(1_000_000)];
  vera.sends('/logs shop');
  const shown = await stage.world.waitForMessage(vera, /xxx…/);
  assert.ok(shown.text.length < 700);
  stage.control.logs = () => Promise.reject(new Error('gone'));
  vera.sends('/logs shop');
  await stage.world.waitForMessage(vera, /The log of Shop bot cannot be read now/);
});

test('a secret that a cut would halve is hidden before the cut', () => {
  const [line] = lastThatFit([`${'y'.repeat(480)} ${token}`], 4000);
  assert.doesNotMatch(line ?? '', /AAHk/);
});

test('Search asks, shows the lines that match, and leads back', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  stage.control.lines = ['one', 'TWO <x>', 'two more', 'three'];
  vera.sends('/logs shop');
  await vera.taps(await stage.world.waitForMessage(vera, /the last 4 lines/), 'Search');
  const question = await stage.world.waitForMessage(vera, /What shall I look for in the log of Shop bot/);
  assert.deepEqual(question.buttons, [['Cancel']]);
  vera.sends('two');
  const found = await stage.world.waitForMessage(vera, /the last 2 lines with “two”\nTWO <x>\ntwo more/);
  await vera.taps(found, 'Back');
  await stage.world.waitForMessage(vera, /Checks:/);
});

test('a question does not hold up anything else: commands, other buttons, Cancel', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  stage.control.lines = ['one'];
  vera.sends('/logs shop');
  const logs = await stage.world.waitForMessage(vera, /the last line/);
  const ask = async () => {
    const since = vera.messages().at(-1)?.revision ?? 0;
    await vera.taps(logs, 'Search');
    return await stage.world.waitForMessage(vera, /What shall I look for/, { since });
  };
  // Another button while the question is open works.
  await ask();
  stage.now += 1_000;
  await vera.taps(logs, 'Refresh');
  await stage.world.waitForMessage(vera, /the last line/, { since: logs.revision });
  // A command ends the question and is carried out.
  vera.sends('/status');
  await stage.world.waitForMessage(vera, /Manager 0\.1\.0/);
  vera.sends('one');
  await stage.world.waitForMessage(vera, /I do not know that/);
  // Cancel ends it, too.
  const question = await ask();
  await vera.taps(question, 'Cancel');
  await stage.world.waitForMessage(vera, /was not searched/);
  vera.sends('one');
  await stage.world.waitForMessage(vera, /I do not know that/, { since: question.revision });
  // Asked twice, answered once.
  await ask();
  await ask();
  vera.sends('one');
  await stage.world.waitForMessage(vera, /the last line with “one”/);
  const before = vera.messages().at(-1)?.revision ?? 0;
  vera.sends('one');
  await stage.world.waitForMessage(vera, /I do not know that/, { since: before });
});

test('in a group nobody answers the question of another', async (t) => {
  const stage = await setStage(t);
  const vera = await ready(stage);
  const oleg = stage.world.user({ id: 8 });
  stage.control.lines = ['one', 'two'];
  const group = stage.world.group({
    ...{ id: -1_001_234_567_890, title: 'Night shift', members: [vera, oleg] },
    botStatus: 'administrator',
  });
  group.sends(vera, '/logs@orbit_manager_bot shop');
  await group.taps(vera, await stage.world.waitForMessage(group, /the last 2 lines/), 'Search');
  const question = await stage.world.waitForMessage(group, /What shall I look for/);
  group.sends(oleg, 'one', { replyTo: question.id });
  group.sends(vera, 'just talking');
  group.sends(vera, 'two', { replyTo: question.id });
  const found = await stage.world.waitForMessage(group, /with “/);
  assert.match(found.text, /the last line with “two”/);
});

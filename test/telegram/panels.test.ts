import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createCanvas } from 'canvas';
import type { PanelPictures } from '../../src/core/panel-picture.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { Reason } from '../../src/core/reason.ts';
import type { Actor } from '../../src/core/snapshot.ts';
import { createCalendar } from '../../src/panels/calendar.ts';
import { createPanelFleet } from '../../src/panels/fleet.ts';
import { createMemoryTokens } from '../../src/panels/token-store.ts';
import { sourceOf } from '../panels/source.ts';
import { startPanel } from '../world/panel/server.ts';
import type { TelegramWorld } from '../world/telegram/server.ts';
import { guest, oleg, setStage, vera } from './stage.ts';

/** The chat with a panel of 11 nodes behind it, one of them broken; the panel's clock runs as fast as we look. */
async function setPanelStage(t: TestContext) {
  let now = Date.UTC(2026, 10, 23, 7, 0, 5);
  const clock = () => now;
  const choices = new Map<string, boolean>();
  const restartedBy: Actor[] = [];
  const nodes = Array.from({ length: 11 }, (_, index) => ({ name: `N-${index}` }));
  const panel = await startPanel({ nodes, clock, users: [{ username: 'alice' }, { username: 'bob' }] });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1000) {
      now += 1000;
      panel.engine.run(now);
      fleet.tick(now);
      await fleet.idle();
    }
  };
  const source = sourceOf(panel, { id: 's001', name: 'Main' });
  const fleet = createPanelFleet({
    sources: { load: async () => ({ panels: [source], databaseProblem: null }) },
    ...{ tokens: createMemoryTokens(), records: { load: () => null, save: () => undefined } },
    ...{ calendar: createCalendar('UTC'), clock, random: () => 0.5, reach: async () => true },
    sleep: async (ms) => {
      now += ms;
      panel.engine.run(now);
    },
    ...{ onTransition: () => undefined, onRemoved: () => undefined, onError: (error) => assert.fail(String(error)) },
    choices: { get: (id) => choices.get(id) ?? null, set: (id, on) => void choices.set(id, on) },
    hostOf: () => ({
      ...{ service: 'marzban', title: 'Marzban container' },
      async restart(by) {
        restartedBy.push(by);
        await panel.goOffline();
        now += 4000;
        await panel.goOnline();
        return { ok: true, took: 4000, note: null };
      },
    }),
  });
  panel.node('N-10').break('killed', now);
  await pass(90_000);
  const audit: { action: string; refused: Reason | null }[] = [];
  const auditPanel = (_: unknown, action: string, __: string, refused: Reason | null) =>
    void audit.push({ action, refused });
  const drawn: string[] = [];
  const draw = async (what: string): Promise<Picture> => {
    drawn.push(what);
    const canvas = createCanvas(160, 80);
    canvas.getContext('2d').fillRect(0, 0, drawn.length, 80);
    return { ok: true, png: canvas.toBuffer('image/png') };
  };
  const panelPictures: PanelPictures = {
    panel: ({ range }, state, _balance, plot) => draw(`${state.id} ${plot} ${range}`),
    node: ({ range }, state, node, plot) => draw(`${state.id} ${node.name} ${plot} ${range}`),
  };
  const stage = await setStage(t, { telegram: { panels: fleet, auditPanel, panelPictures } });
  t.after(async () => {
    await fleet.stop();
    await panel.stop();
  });
  await stage.heard();
  return { ...stage, panel, fleet, audit, restartedBy, drawn };
}

/** Vera at her phone; `next` waits for what the bot says to her after what it said before. */
function talk(world: TelegramWorld) {
  const person = world.user({ id: vera.id, first_name: 'Vera', language_code: 'en' });
  let since = world.revision;
  const next = async (pattern: RegExp) => {
    const found = await world.waitForMessage(vera.id, (message) => message.fromBot && pattern.test(message.text), {
      ...{ since, timeoutMs: 15_000 },
    });
    since = world.revision;
    return found;
  };
  return { person, next };
}

test('without a panel the chat says how to add one', async (t) => {
  const { world, heard } = await setStage(t);
  await heard();
  const person = world.user({ id: vera.id, first_name: 'Vera', language_code: 'en' });
  const since = world.revision;
  await person.sends('/marzban');
  const shown = await world.waitForMessage(vera.id, (message) => message.text.includes('No panel is known'), { since });
  assert.match(shown.text, /MARZBAN_BASE_URL/);
});

test('from the panels to a node, worst first and page by page, and a confirmed action that is checked and audited', async (t) => {
  const { world, audit } = await setPanelStage(t);
  const { person, next } = talk(world);
  await person.sends('/marzban');
  const list = await next(/10 of 11 nodes up/);
  assert.match(list.text, /2 users · \d online within 24 h/);
  await person.taps(list, '🟡 Main');
  const first = await next(/Page 1 of 2/);
  assert.match(first.buttons.flat()[0] ?? '', /N-10/, 'the worst comes first');
  await person.taps(first, first.buttons.flat().find((each) => each.startsWith('Next')) ?? '');
  await next(/Page 2 of 2/);

  await person.taps(first, first.buttons.flat().find((each) => each.startsWith('‹')) ?? '‹ Previous');
  const again = await next(/Page 1 of 2/);
  const upNode = again.buttons.flat().find((each) => each.startsWith('🟢')) ?? '';
  await person.taps(again, upNode);
  const node = await next(/up for/);
  await person.taps(node, 'Switch off');
  const question = await next(/Switch the node off\?/);
  assert.match(question.text, /everybody on it is dropped/);
  assert.match(question.text, /Only Vera can confirm/);
  await person.taps(question, 'Yes, do it');
  await next(/Switch the node off \(Main\): done/);
  assert.deepEqual(audit, [{ action: `panel-disable-node:${upNode.slice(3)}`, refused: null }]);
});

test('a viewer sees the nodes and is offered no action; a forged press is refused', async (t) => {
  const { world, panel } = await setPanelStage(t);
  const person = world.user({ id: guest.id, first_name: 'Guest', language_code: 'en' });
  let since = world.revision;
  await person.sends('/marzban');
  const list = await world.waitForMessage(guest.id, (message) => /10 of 11/.test(message.text), { since });
  since = world.revision;
  await person.taps(list, '🟡 Main');
  const screen = await world.waitForMessage(guest.id, (message) => /Page 1 of 2/.test(message.text), { since });
  assert.ok(!screen.buttons.flat().includes('Restart the core'));
  const open = screen.keyboard.flat().find((button) => button.callback_data?.startsWith('node:'))?.callback_data ?? '';
  const [, handle, id] = open.split(':');
  const refused = await person.forges(screen.id, `node-do:disable-node:${handle}:${id}`);
  assert.match(refused?.text ?? '', /look/);
  assert.ok(!panel.requests.some(({ method }) => method === 'PUT'));
});

test('a user is found by name and disabled after a question', async (t) => {
  const { world, panel, audit } = await setPanelStage(t);
  const { person, next } = talk(world);
  await person.sends('/marzban');
  await person.taps(await next(/10 of 11/), '🟡 Main');
  await person.taps(await next(/Page 1 of 2/), 'Find a user');
  await next(/Whom do you look for/);
  await person.sends('alice');
  const user = await next(/alice · Main/);
  assert.match(user.text, /Status: active/);
  await person.taps(user, 'Disable');
  await person.taps(await next(/Disable the user\?/), 'Yes, do it');
  await next(/Disable the user \(Main\): done/);
  assert.equal(panel.users.find(({ username }) => username === 'alice')?.status, 'disabled');
  assert.deepEqual(audit, [{ action: 'panel-user-disable:alice', refused: null }]);
});

test("the panel's container is restarted after a question that says whom it hits, in the name of who confirmed", async (t) => {
  const { world, audit, restartedBy } = await setPanelStage(t);
  const { person, next } = talk(world);
  await person.sends('/marzban');
  await person.taps(await next(/10 of 11/), '🟡 Main');
  await person.taps(await next(/Page 1 of 2/), 'Restart the panel');
  const question = await next(/Restart the panel\? \(Main\)/);
  assert.match(
    question.text,
    /Marzban container is restarted: until the panel answers again .* all its users are down/,
  );
  assert.match(question.text, /xray stops on its 11 nodes/);
  await person.taps(question, 'Yes, do it');
  await next(/Restart the panel \(Main\): done/);
  assert.deepEqual(restartedBy, [{ kind: 'telegram', id: String(vera.id), name: 'Vera' }]);
  assert.deepEqual(audit, [{ action: 'panel-restart-panel', refused: null }]);
});

test('an owner lets the manager reconnect nodes by itself; nobody else is offered or may do it', async (t) => {
  const { world, audit, fleet } = await setPanelStage(t);
  const owner = world.user({ id: oleg.id, first_name: 'Oleg', language_code: 'en' });
  let since = world.revision;
  await owner.sends('/marzban');
  const list = await world.waitForMessage(oleg.id, (message) => /10 of 11/.test(message.text), { since });
  since = world.revision;
  await owner.taps(list, '🟡 Main');
  const screen = await world.waitForMessage(oleg.id, (message) => /Page 1 of 2/.test(message.text), { since });
  since = world.revision;
  const press = screen.keyboard.flat().find(({ text }) => text === 'Reconnect nodes by itself')?.callback_data ?? '';
  await owner.taps(screen, 'Reconnect nodes by itself');
  await world.waitForMessage(oleg.id, (message) => /are reconnected by the manager/.test(message.text), { since });
  assert.equal(fleet.autoReconnect('s001'), true);
  assert.deepEqual(audit, [{ action: 'panel-reconnects-on', refused: null }]);

  const person = world.user({ id: vera.id, first_name: 'Vera', language_code: 'en' });
  since = world.revision;
  await person.sends('/marzban');
  const hers = await world.waitForMessage(vera.id, (message) => /10 of 11/.test(message.text), { since });
  since = world.revision;
  await person.taps(hers, '🟡 Main');
  const seen = await world.waitForMessage(vera.id, (message) => /Page 1 of 2/.test(message.text), { since });
  assert.ok(!seen.buttons.flat().some((button) => /reconnect/i.test(button)));
  const refused = await person.forges(seen.id, press.replace(':on:', ':off:'));
  assert.match(refused?.text ?? '', /Only owners/);
  assert.equal(fleet.autoReconnect('s001'), true);
});

test('pictures of a panel and of a node: from their screens, and from one to the other in the same message', async (t) => {
  const { world, drawn } = await setPanelStage(t);
  const { person, next } = talk(world);
  await person.sends('/marzban');
  await person.taps(await next(/10 of 11/), '🟡 Main');
  const screen = await next(/Page 1 of 2/);
  await person.taps(screen, 'Chart');
  const users = await next(/^Main: Users, the last 24 h$/);
  assert.ok(users.photo);
  assert.deepEqual(users.buttons, [
    ['1 h', '6 h', '• 24 h', '7 d', '30 d'],
    ['• Users', 'Traffic', 'Traffic by node'],
    ['Nodes', 'Host', 'Balance'],
    ['Availability'],
    ['Panel'],
  ]);
  await person.taps(users, '7 d');
  await next(/^Main: Users, the last 7 d$/);
  await person.taps(users, 'Balance');
  const balance = await next(/^Main: Balance$/);
  assert.equal(balance.id, users.id, 'the same message');
  assert.equal(balance.buttons[0]?.[0], 'Users', 'what is true now has no stretches of time');

  await person.taps(screen, screen.buttons.flat().find((each) => each.startsWith('🟢')) ?? '');
  await person.taps(await next(/up for/), 'Chart');
  const traffic = await next(/Main: Traffic, the last 24 h$/);
  assert.deepEqual(traffic.buttons[1], ['• Traffic', 'Uptime'], 'Marzban tells no users and no load of a node');
  assert.deepEqual(drawn, ['s001 users 24h', 's001 users 7d', 's001 balance 7d', 's001 N-0 traffic 24h']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import type { ReloadChoices, ReloadPlan } from '../../src/core/reload.ts';
import type { Actor } from '../../src/core/snapshot.ts';
import { encode } from '../../src/telegram/callback-data.ts';
import { type Stage, setStage } from './stage.ts';

const plan: ReloadPlan = {
  id: 12,
  services: [
    { change: 'added', service: 'mail' },
    { change: 'removed', service: 'old<bot' },
    { change: 'changed', service: 'shop', now: ['max_restarts', 'title'], nextStart: ['command'], otherThing: [] },
  ],
  sections: [{ key: 'telegram.alert_chat', holds: 'manager-restart' }],
  warnings: [],
};

async function openSettings(stage: Stage, id: number) {
  const user = stage.world.user({ id, first_name: `User ${id}`, language_code: 'en' });
  await stage.heard();
  user.sends('/settings');
  return { user, settings: await stage.world.waitForMessage(user, /^Settings/) };
}

async function openReload(stage: Stage) {
  const { user, settings } = await openSettings(stage, 8);
  const since = stage.world.revision;
  await user.taps(settings, 'Reload the configuration');
  return { user, screen: await stage.world.waitForMessage(user, /onfiguration|changes/, { since }) };
}

/** A changed file; remembers what was applied. */
function change(stage: Stage) {
  const applied: { readonly id: number; readonly choices: ReloadChoices; readonly by: Actor }[] = [];
  stage.reload.look = () => ({ ok: true, plan });
  stage.reload.apply = async (id, choices, by) => {
    applied.push({ id, choices, by });
    return {
      ok: true,
      outcomes: [
        { service: 'mail', ok: true, what: reason('reload-added') },
        { service: 'shop', ok: false, what: reason('reload-service-busy') },
      ],
    };
  };
  return applied;
}

test('what changed is shown first; then it is applied as chosen, and each outcome is told', async (t) => {
  const stage = await setStage(t);
  const applied = change(stage);
  const { user, screen } = await openReload(stage);
  assert.match(screen.text, /^Apply these changes\?/);
  for (const line of [
    /➕ mail is added and started/,
    /➖ old<bot is not watched any more; it keeps running/,
    /shop: max_restarts, title, at once/,
    /shop: command, from its next start on/,
    /telegram\.alert_chat, after a restart of the manager/,
    /Only User 8 can confirm, within a minute/,
  ])
    assert.match(screen.text, line);
  assert.deepEqual(screen.buttons, [
    ['⬜ Restart what runs with old settings'],
    ['⬜ Stop what is not in it any more'],
    ['Apply', 'Cancel'],
  ]);
  await user.taps(screen, '⬜ Restart what runs with old settings');
  const chosen = await stage.world.waitForMessage(user, /Apply these/, { since: screen.revision });
  assert.deepEqual(chosen.buttons[0], ['☑️ Restart what runs with old settings']);
  assert.equal(applied.length, 0);
  await user.taps(chosen, 'Apply');
  const result = await stage.world.waitForMessage(user, /⚠️ The configuration is in force/);
  assert.equal(result.id, screen.id);
  assert.match(result.text, /❌ shop: left as it is.*\n✅ mail: added, is being started/);
  assert.deepEqual(applied, [
    {
      id: 12,
      choices: { restart: true, stopRemoved: false },
      by: { kind: 'telegram', id: '8', name: 'User 8' },
    },
  ]);
});

test('a broken file: each mistake with its place, nothing to apply', async (t) => {
  const stage = await setStage(t);
  const place = { file: 'services.yaml', line: 3, column: 13, key: 'services.shop.driver' };
  const what = reason('config-one-of', { shape: 'value', found: '<proces>', options: 'process, tmux' });
  stage.reload.look = () => ({ ok: false, mistakes: Array(25).fill({ ...place, reason: what }) });
  const { user, screen } = await openReload(stage);
  assert.match(
    screen.text,
    /The configuration has 25 mistakes\n• services\.yaml:3:13 services\.shop\.driver: found <proces>/,
  );
  assert.match(screen.text, /… and 5 more\n\nNothing was changed/);
  assert.deepEqual(screen.buttons, [['Look again', 'Back']]);
  change(stage);
  await user.taps(screen, 'Look again');
  await stage.world.waitForMessage(user, /Apply these changes\?/);
});

test('nothing changed; and a look by somebody else makes what was shown out of date', async (t) => {
  const stage = await setStage(t);
  const { user, screen } = await openReload(stage);
  assert.match(screen.text, /Nothing has changed/);
  change(stage);
  stage.reload.apply = async () => ({ ok: false, reason: reason('reload-outdated') });
  await user.taps(screen, 'Look again');
  await user.taps(await stage.world.waitForMessage(user, /Apply these/), 'Apply');
  await stage.world.waitForMessage(user, /❌ the configuration was looked at again meanwhile/);
});

test('the question is one owner’s and dies after a minute; Cancel applies nothing', async (t) => {
  const stage = await setStage(t);
  const applied = change(stage);
  const { user, screen } = await openReload(stage);
  assert.equal((await user.taps(screen, 'Cancel'))?.text, 'Cancelled. Nothing was done.');
  const settings = await stage.world.waitForMessage(user, /^Settings/, { since: screen.revision });
  await user.taps(settings, 'Reload the configuration');
  const question = await stage.world.waitForMessage(user, /Apply these/, { since: settings.revision });
  stage.now += 60_000;
  assert.match((await user.taps(question, 'Apply'))?.text ?? '', /no longer open/);
  await stage.world.waitForMessage(user, /^Settings/, { since: question.revision });
  assert.equal(applied.length, 0);
});

test('an operator is neither offered it nor let through', async (t) => {
  const stage = await setStage(t);
  const applied = change(stage);
  const { user, settings } = await openSettings(stage, 7);
  assert.ok(!settings.buttons.flat().includes('Reload the configuration'));
  for (const data of [
    encode({ kind: 'reload' }),
    encode({ kind: 'reload-yes', nonce: 'AbC-_012', restart: 'no', stop: 'no' }),
  ]) {
    const said = await user.forges(settings.id, data);
    assert.equal(said?.text, 'Only owners can reload the configuration.');
  }
  assert.equal(applied.length, 0);
});

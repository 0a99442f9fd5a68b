import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLevel, chooseQuiet, preferencesOf, usualNight } from '../../src/core/preferences.ts';
import type { Settings } from '../../src/core/settings.ts';

function memory(): Settings {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void (value === null ? values.delete(key) : values.set(key, value)),
  };
}

const night = { from: 22 * 60, to: 7 * 60 };

test('the configuration counts until the person chooses; each for themselves', () => {
  const settings = memory();
  const vera = { id: 7, level: 'warning', quiet_hours: night } as const;
  const oleg = { id: 8, level: 'info', quiet_hours: null } as const;
  assert.deepEqual(preferencesOf(settings, vera), { level: 'warning', quiet: true, hours: night });
  assert.deepEqual(preferencesOf(settings, oleg), { level: 'info', quiet: false, hours: usualNight });
  chooseLevel(settings, 7, 'critical');
  chooseQuiet(settings, 7, false);
  chooseQuiet(settings, 8, true);
  assert.deepEqual(preferencesOf(settings, vera), { level: 'critical', quiet: false, hours: night });
  assert.deepEqual(preferencesOf(settings, oleg), { level: 'info', quiet: true, hours: usualNight });
});

test('a level that no version of ours knows is not taken over', () => {
  const settings = memory();
  settings.set('admin:7:level', 'loud');
  assert.equal(preferencesOf(settings, { id: 7, level: 'error', quiet_hours: null }).level, 'error');
});

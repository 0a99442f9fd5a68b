import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasMessage } from '../../src/i18n.ts';

const root = new URL('../../', import.meta.url).pathname;
const folder = join(root, 'src/telegram');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const source = [...files, '../measures.ts'].map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');

/** Keys as the code names them; a `${…}` in one stands for any word. */
const named = [
  ...source.matchAll(/(?<!reason\()['`]((?:chat|button|command|incident|alert|say)-(?:[a-z-]|\$\{[^}]*\})+)['`]/g),
].map(([, key]) => key ?? '');
const labels = [...source.matchAll(/(?:label|buttonText)\(ctx, '([a-z-]+)'\)/g)].map(([, key]) => `button-${key}`);

test('every text that the chat asks for is there, in both languages', () => {
  const whole = [...named.filter((key) => !key.includes('$')), ...labels];
  assert.ok(whole.length > 60);
  for (const key of whole)
    for (const language of ['en', 'ru'] as const) assert.ok(hasMessage(language, key), `${language}: ${key}`);
});

test('every text of the chat is used', () => {
  const patterns = [...named, ...labels].map((key) => new RegExp(`^${key.replace(/\$\{[^}]*\}/g, '[a-z-]+')}$`));
  const locale = readFileSync(join(root, 'locales/en.ftl'), 'utf8');
  const keys = [...locale.matchAll(/^((?:chat|button|command|say)-[a-z-]+) =/gm)].map(([, key]) => key ?? '');
  assert.ok(keys.length > 100);
  const unused = keys.filter((key) => !patterns.some((pattern) => pattern.test(key)) && !key.startsWith('command-'));
  assert.deepEqual(unused, []);
});

test('English buttons say what the manual says', () => {
  const words = {
    start: 'Start',
    stop: 'Stop',
    restart: 'Restart',
    refresh: 'Refresh',
    back: 'Back',
    cancel: 'Cancel',
  };
  const locale = readFileSync(join(root, 'locales/en.ftl'), 'utf8');
  for (const [key, word] of Object.entries({
    ...words,
    'confirm-stop': 'Confirm',
    logs: 'Logs',
    'start-again': 'Start',
  }))
    assert.match(locale, new RegExp(`^button-${key} = .*${word}`, 'm'));
});

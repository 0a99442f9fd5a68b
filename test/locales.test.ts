import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hasMessage } from '../src/i18n.ts';

const root = new URL('..', import.meta.url).pathname;

/** Message keys of a locale, each with the variables it uses. */
function messages(language: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let key = '';
  for (const line of readFileSync(join(root, 'locales', `${language}.ftl`), 'utf8').split('\n')) {
    const start = /^([a-z][a-zA-Z0-9-]*)\s*=/.exec(line);
    if (start?.[1] !== undefined) {
      key = start[1];
      assert.ok(!found.has(key), `${language}.ftl says ${key} twice`);
      found.set(key, []);
    }
    if (line.startsWith('#')) continue;
    for (const [, name] of line.matchAll(/\$([a-zA-Z][a-zA-Z0-9_-]*)/g)) found.get(key)?.push(name ?? '');
  }
  return found;
}

const distinct = (names: readonly string[] | undefined) => [...new Set(names)].sort();

describe('locales', () => {
  const en = messages('en');
  const ru = messages('ru');

  it('have the same messages', () => {
    assert.deepEqual(
      [...en.keys()].filter((key) => !ru.has(key)),
      [],
    );
    assert.deepEqual(
      [...ru.keys()].filter((key) => !en.has(key)),
      [],
    );
  });

  it('use the same variables', () => {
    for (const [key, variables] of en) assert.deepEqual(distinct(ru.get(key)), distinct(variables), key);
  });

  it('stand in the same order', () => {
    assert.deepEqual([...ru.keys()], [...en.keys()]);
  });

  it('say every reason that the program can give', () => {
    const src = join(root, 'src');
    for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith('.ts')) continue;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      for (const [, code] of text.matchAll(/\breason\(\s*'([a-z0-9-]+)'/g))
        for (const language of ['en', 'ru'] as const)
          assert.ok(hasMessage(language, `reason-${code}`), `${language}: reason-${code} (${entry.name})`);
    }
  });
});

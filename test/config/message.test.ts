import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { keyOf } from '../../src/config/message.ts';
import { reason } from '../../src/core/reason.ts';
import { hasMessage, sayRemark } from '../../src/i18n.ts';

const root = new URL('../../', import.meta.url);

describe('a message', () => {
  const why = reason('config-flag', { shape: 'value', found: '"yes"' });

  it('is one line with the place, the key, what was found and what is allowed', () => {
    const message = { file: 'a.yaml', line: 3, column: 5, key: 'services.shop.enabled', reason: why };
    assert.equal(sayRemark('en', message), 'a.yaml:3:5 services.shop.enabled: found "yes"; allowed: true or false');
    assert.equal(
      sayRemark('ru', message),
      'a.yaml:3:5 services.shop.enabled: найдено: "yes"; допустимо: true или false',
    );
  });

  it('has no place where there is none', () => {
    const message = { file: 'environment', line: null, column: null, key: 'A', reason: why };
    assert.equal(sayRemark('en', message), 'environment A: found "yes"; allowed: true or false');
    assert.equal(sayRemark('en', { ...message, key: '' }), 'environment: found "yes"; allowed: true or false');
  });
});

describe('a key', () => {
  it('is written as people write it', () => {
    assert.equal(keyOf(['services', 'shop', 'checks', 0, 'url']), 'services.shop.checks[0].url');
    assert.equal(keyOf(['ключ']), 'ключ');
    assert.equal(keyOf([]), '');
  });

  it('is shown only as far as it is a name', () => {
    assert.equal(keyOf(['env', 'PASSWORD=hunter2']), 'env.PASSWORD…');
    assert.equal(keyOf(['123:secret']), '123…');
    assert.equal(keyOf(['a'.repeat(50)]), `${'a'.repeat(40)}…`);
  });
});

describe('the texts of the configuration', () => {
  const folder = new URL('src/config/', root);
  const source = readdirSync(folder)
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
  const used = new Set([...source.matchAll(/'(config-[a-z-]+)'/g)].map(([, code]) => `reason-${code}`));

  it('are all there, in both languages', () => {
    assert.ok(used.size > 60, `${used.size}`);
    for (const key of used) assert.ok(hasMessage('en', key) && hasMessage('ru', key), key);
  });

  it('are all used', () => {
    const texts = readFileSync(new URL('locales/en.ftl', root), 'utf8');
    for (const [, key] of texts.matchAll(/^(reason-config-[a-z-]+) =/gm)) assert.ok(used.has(key ?? ''), key);
  });
});

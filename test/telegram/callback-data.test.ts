import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallbackData, decode, encode, maxBytes } from '../../src/telegram/callback-data.ts';

const longest = `a${'b'.repeat(31)}`;

const all: readonly CallbackData[] = [
  { kind: 'act', verb: 'restart', service: longest },
  { kind: 'act', verb: 'start', service: 'shop' },
  { kind: 'logs', service: longest },
  { kind: 'open', service: 'telegram_bot' },
  { kind: 'yes', nonce: 'AbC-_0123456789x', service: longest },
  { kind: 'no', nonce: 'AbC-_012', service: longest },
  { kind: 'first', nonce: 'AbC-_0123456789x', service: longest },
  { kind: 'all-do', verb: 'restart' },
  { kind: 'all-yes', nonce: 'AbC-_0123456789x' },
  { kind: 'reload-set', nonce: 'AbC-_0123456789x', restart: 'yes', stop: 'no' },
  { kind: 'menu' },
  { kind: 'home' },
  { kind: 'leave' },
  { kind: 'ack', incident: 9_999_999_999 },
  { kind: 'mute', length: 'two-hours', incident: 9_999_999_999 },
  { kind: 'unmute', mute: 9_999_999_999, incident: 9_999_999_999 },
  { kind: 'ack-all' },
  { kind: 'mute-all', length: 'half-hour' },
  { kind: 'unmute-all' },
  { kind: 'show-alerts' },
  { kind: 'alerts', page: 0 },
  { kind: 'alert', incident: 1, page: 9_999 },
  { kind: 'audit', page: 3 },
  { kind: 'mutes', target: '*' },
  { kind: 'mutes', target: longest },
  { kind: 'hush', as: 'maintenance', length: 'two-hours', target: longest },
  { kind: 'lift', mute: 9_999_999_999, target: longest },
];

for (const data of all) {
  const text = encode(data);
  test(`${text} comes back as it went, within Telegram's limit`, () => {
    assert.deepEqual(decode(text), data);
    assert.ok(Buffer.byteLength(text) <= maxBytes);
    assert.ok(!text.includes('/'), 'a menu would take it for its own');
  });
}

for (const hostile of [
  '',
  'act',
  'act:destroy:shop',
  'act:restart',
  'act:restart:shop:extra',
  'act:restart:../../etc',
  'act:restart:Shop',
  `open:${longest}c`,
  'yes:short:shop',
  'list/0/0/0:shop/hABCD',
  'menu:1',
  'ack:',
  'ack:-1',
  'ack:1e3',
  'ack:12345678901',
  'mute:week:1',
  'hush:mute:day:**',
  'hush:pause:day:*',
  'constructor',
]) {
  test(`${JSON.stringify(hostile)} is not ours`, () => assert.equal(decode(hostile), null));
}

test('data that would not fit or not come back is a mistake of ours and throws', () => {
  assert.throws(() => encode({ kind: 'open', service: 'Ä' }), /Not fit for a button/);
  assert.throws(() => encode({ kind: 'open', service: `${longest}c` }), /Not fit for a button/);
});

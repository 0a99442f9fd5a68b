import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { failureClasses } from '../../src/core/panel.ts';
import { type Reason, reason } from '../../src/core/reason.ts';
import { hasMessage, sayReason } from '../../src/i18n.ts';

const folders = ['../../src/core/', '../../src/panels/'].map((path) => new URL(path, import.meta.url));

/** Codes that are put together from words. */
const built = [
  ...['error', 'stuck', 'flapping', 'limited'].map((cause) => `panel-node-${cause}`),
  ...['rejected', 'unauthorized', 'forbidden'].flatMap((login) => [`panel-login-${login}`, `panel-advice-${login}`]),
  ...['unreachable', 'login', 'blind', 'core', 'recorder', 'restarts', 'node', 'certificate', 'pick', 'share'].map(
    (kind) => `panel-over-${kind}`,
  ),
  ...['reconnect-node', 'disable-node'].flatMap((action) => [
    `panel-ask-${action}`,
    `panel-ask-${action}-all`,
    `panel-ask-${action}-idle`,
  ]),
  ...['enable', 'disable', 'reset-traffic', 'extend'].map((change) => `panel-ask-user-${change}`),
];

function written(): readonly string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8')),
  );
  return files.flatMap((text) => [...text.matchAll(/'(panel-[a-z0-9-]+)'/g)].map((match) => match[1] ?? ''));
}

/** Names of transitions and jobs begin alike and are not said to anybody. */
const unsaid = ['panel-unreachable', 'panel-back', 'panel-down'];

test('everything that is said of panels has its words in both languages', () => {
  const codes = new Set([...written(), ...built].filter((code) => !unsaid.includes(code)));
  assert.ok(codes.size > 80);
  for (const code of codes)
    for (const language of ['en', 'ru'] as const)
      assert.ok(hasMessage(language, `reason-${code}`), `${language} ${code}`);
});

const say = (why: Reason) => [sayReason('en', why), sayReason('ru', why)];

test('numbers take their forms', () => {
  assert.deepEqual(say(reason('panel-certificate', { host: 'x.org', days: 3 })), [
    'the certificate of x.org ends in 3 days',
    'сертификат x.org кончается через 3 дня',
  ]);
  assert.deepEqual(say(reason('panel-over-node', { node: 'DE-1', minutes: 21 })), [
    'DE-1 is connected again, after 21 minutes',
    'DE-1 снова подключена, спустя 21 минуту',
  ]);
  assert.match(say(reason('panel-ask-core', { users: 412 }))[1] ?? '', /было 412 пользователей/);
});

test('each way a node can fail is said in words, with what to do', () => {
  for (const failure of failureClasses)
    for (const [code, args] of [
      ['panel-node-error', { node: 'DE-1', failure }],
      ['panel-advice-failure', { failure, address: '203.0.113.1:62050' }],
    ] as const)
      for (const text of say(reason(code, args))) assert.doesNotMatch(text, /\{|reason-|xray-start-failed|grpc-api/);
});

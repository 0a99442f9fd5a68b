import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactSecrets } from '../../src/core/redact.ts';

const token = '123456789:AAHkZ3-xyzABCDEFGHIJKLMNOPQRSTUVWXY';

const cases: readonly (readonly [title: string, text: string, safe: string])[] = [
  ['a bot token alone', `token is ${token}!`, 'token is 123456789:[redacted]!'],
  [
    'a bot token in a request path',
    `request to https://api.telegram.org/bot${token}/getMe failed, reason: connect ECONNREFUSED`,
    'request to https://api.telegram.org/bot123456789:[redacted]/getMe failed, reason: connect ECONNREFUSED',
  ],
  [
    'a bot token inside an encoded address',
    `%2Fbot${token.replace(':', '%3A')}%2FgetMe`,
    '%2Fbot123456789%3A[redacted]%2FgetMe',
  ],
  ['a password in a URL', 'postgresql://bot:s3cret@db:5432/shop', 'postgresql://bot:[redacted]@db:5432/shop'],
  ['a password that holds an @', 'redis://u:p@ss@127.0.0.1:6379/0', 'redis://u:[redacted]@127.0.0.1:6379/0'],
  ['a password without a user', 'redis://:hunter2@localhost', 'redis://:[redacted]@localhost'],
  ['a driver in the scheme', 'postgresql+asyncpg://a:b@h/x', 'postgresql+asyncpg://a:[redacted]@h/x'],
  ['a bearer', 'Authorization: Bearer eyJhbGciOi.J9.abc-_', 'Authorization: Bearer [redacted]'],
  ['password=', 'connect password=hunter2 host=db', 'connect password=[redacted] host=db'],
  ['a quoted one with blanks', "DB_PASSWORD='two words' next", 'DB_PASSWORD=[redacted] next'],
  ['JSON', '{"access_token": "abc", "n": 1}', '{"access_token": [redacted], "n": 1}'],
  ['a query', 'GET /x?token=abc&y=1', 'GET /x?token=[redacted]&y=1'],
  ['a panel token in a sentence', 'got eyJhbGciOiJ.eyJzdWIi.c2ln back', 'got [redacted] back'],
  ['a token that is a bearer', 'token: Bearer abcdefgh', 'token: Bearer [redacted]'],
];

for (const [title, text, safe] of cases) {
  test(`hides ${title}`, () => assert.equal(redactSecrets(text), safe));
}

for (const harmless of [
  'http://127.0.0.1:8080/health answered 200',
  'listening on 0.0.0.0:5000',
  'user asked for a new password',
  '2026-11-23 10:00:00 INFO: 12:30:01 done',
  'mail to vera@example.org: sent',
  'image sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'GET http://127.0.0.1:8080/users/@vera',
]) {
  test(`leaves alone: ${harmless}`, () => assert.equal(redactSecrets(harmless), harmless));
}

for (const piece of ['a', '1', 'a://', 'a:', 'eyJ', 'eyJa.', 'token=', 'password"', 'bearer ', ' ']) {
  test(`a long line of ${JSON.stringify(piece)} does not hold up the process`, () => {
    // With an unbounded repetition this runs for minutes: the run's own limit fails it.
    assert.ok(redactSecrets(piece.repeat(200_000 / piece.length)).length > 0);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortDuration } from '../../src/cli/duration.ts';
import { statusLines } from '../../src/cli/status.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { type Language, t } from '../../src/i18n.ts';
import { incident, now, service, snapshot } from './fake-control.ts';

function terminal(language: Language, paint: Terminal['paint'] = (_, text) => text): Terminal {
  const nowhere = (): void => {};
  return { language, out: nowhere, err: nowhere, hint: nowhere, say: (key, args) => t(language, key, args), paint };
}

test('columns are aligned under their headings', () => {
  const [, , heading = '', first = '', second = ''] = statusLines(snapshot(), terminal('en'));
  for (const [column, values] of [
    ['STATE', ['waiting', 'running']],
    ['HEALTH', ['unhealthy', 'healthy']],
    ['FOR', ['12s', '3h 25m']],
    ['RESTARTS', ['4', '0']],
  ] as const) {
    const at = heading.indexOf(column);
    assert.ok(first.startsWith(values[0], at) && second.startsWith(values[1], at), `${column}\n${first}\n${second}`);
  }
});

test('colours do not shift columns', () => {
  const plain = statusLines(snapshot(), terminal('en'));
  const painted = statusLines(
    snapshot(),
    terminal('en', (colour, text) => `<${colour}>${text}</>`),
  );
  assert.notDeepEqual(painted, plain);
  assert.deepEqual(
    painted.map((line) => line.replace(/<[/\w]*>/g, '')),
    plain,
  );
});

test('the row of a service in trouble says who acts, why, and when it is tried again', () => {
  const row = statusLines(snapshot(), terminal('en')).find((line) => line.startsWith('shop_bot')) ?? '';
  assert.match(row, /being restarted by Vera, for 12s \(1m 40s at most\); .+; next try in 8s$/);
});

test('Telegram is mentioned only when it has trouble', () => {
  const of = (state: 'polling' | 'conflict', waiting: number) =>
    statusLines(
      snapshot({ telegram: { ...snapshot().telegram, state, since: now - 60_000, waiting } }),
      terminal('en'),
    ).join('\n');
  assert.doesNotMatch(of('polling', 0), /Telegram|message/);
  assert.match(of('conflict', 0), /Telegram: another program uses the bot's token for 1m/);
  assert.match(of('polling', 1), /1 message waits/);
});

test('Russian has its plurals', () => {
  const head = (count: number): string => {
    return statusLines(snapshot({ incidents: Array(count).fill(incident) }), terminal('ru'))[0] ?? '';
  };
  assert.match(head(0), /открытых тревог нет/);
  assert.match(head(1), /1 открытая тревога/);
  assert.match(head(2), /2 открытые тревоги/);
  assert.match(head(5), /5 открытых тревог/);
});

test('no services: said, not an empty table', () => {
  assert.equal(statusLines(snapshot({ services: [] }), terminal('en')).at(-1), 'No services are configured.');
});

test('open alerts follow the services, with who has them; mutes stand at the top with what is left of them', () => {
  const mute = { id: 3, kind: 'mute', scope: { covers: 'service', service: 'redis' }, by: 'Vera' } as const;
  const lines = statusLines(
    snapshot({
      incidents: [{ ...incident, acknowledgedBy: 'Oleg' }],
      mutes: [{ ...mute, from: now, until: now + 1_800_000 }],
    }),
    terminal('en'),
  );
  assert.equal(lines[1], 'redis is muted for 30m more, by Vera (number 3)');
  assert.match(lines.slice(-3).join('\n'), /^Open alerts:\nID .*\n1 +error +shop_bot +down +0s +Oleg /);
});

test('a running service counts from its start, also when it was adopted', () => {
  const adopted = service('redis', { since: now - 1_000, startedAt: now - 2 * 86_400_000 });
  assert.match(statusLines(snapshot({ services: [adopted], incidents: [] }), terminal('en')).at(-1) ?? '', /\b2d\b/);
});

test('durations', () => {
  const said = [-5, 0, 420, 9_999, 12_000, 60_000, 61_000, 3_600_000, 3_660_000, 90_000_000, 86_400_000 + 12 * 60_000];
  assert.deepEqual(
    said.map((ms) => shortDuration('en', ms)),
    ['0s', '0s', '0.4s', '9.9s', '12s', '1m', '1m 1s', '1h', '1h 1m', '1d 1h', '1d'],
  );
});

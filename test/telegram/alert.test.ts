import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Incident, incidentKinds } from '../../src/core/incident.ts';
import type { Mute } from '../../src/core/mute.ts';
import { reason } from '../../src/core/reason.ts';
import { hasMessage } from '../../src/i18n.ts';
import { decode } from '../../src/telegram/callback-data.ts';
import { incidentAlert, recoveryAlert } from '../../src/telegram/screens/alert.ts';
import { codeOf } from '../../src/telegram/screens/chart.ts';
import { plainText, splitHtml } from '../../src/telegram/split.ts';
import type { IncidentNotice } from '../../src/telegram/telegram.ts';
import { parseHtml } from '../world/telegram/html.ts';
import { serviceView } from '../world/views.ts';
import { noon, token } from './stage.ts';

const opened = noon - 252_000;

const incident: Incident = {
  id: 1,
  key: 'shop/down',
  service: 'shop',
  kind: 'down',
  level: 'error',
  openedAt: opened,
  resolvedAt: null,
  resolution: null,
  acknowledgedBy: null,
  acknowledgedAt: null,
  saidAt: opened,
  escalatedAt: null,
  reason: reason('exit-code', { code: '1' }),
  attempts: [
    { at: opened, what: reason('restarting-in', { seconds: 10 }) },
    { at: opened + 11_000, what: reason('start-did-not-work') },
  ],
  lines: ['old', 'one', 'two', '<b>three</b> & four', `\u2028token ${token}`, 'redis://u:hunter2@h'],
};

function notice(more: Partial<Incident> = {}, rest: Partial<IncidentNotice> = {}): IncidentNotice {
  return {
    incident: { ...incident, ...more },
    service: serviceView('shop', noon, { title: 'Shop <bot>' }),
    affects: [],
    mute: null,
    settledAs: null,
    counts: { down: 1, total: 3 },
    delayedBy: null,
    repeat: false,
    now: noon,
    ...rest,
  };
}

const show = (given: IncidentNotice, language: 'en' | 'ru' = 'en') => {
  const { text, buttons } = incidentAlert(language, given, 'Europe/Moscow', 'operator');
  // What Telegram would refuse throws here.
  return { lines: parseHtml(text).text.split('\n'), buttons };
};

test('an open alert says what, why, since when, what was done, how the log ended, and how bad it is', () => {
  const { lines, buttons } = show(notice());
  assert.equal(lines[0], '🔴 Shop <bot> is down');
  assert.match(lines[1] ?? '', /^Why: .*code 1/);
  assert.equal(lines[2], 'Since 14:55:48 (4 min 12 s)');
  assert.match(lines[3] ?? '', /^• 14:55:48 .*10/);
  assert.match(lines[4] ?? '', /^• 14:55:59 ./);
  assert.deepEqual(lines.slice(5), [
    'Last lines of its log:',
    'one',
    'two',
    '<b>three</b> & four',
    '\u2028token 4200:[redacted]',
    'redis://u:[redacted]@h',
    '1 of 3 services down',
  ]);
  assert.deepEqual(
    buttons.map((row) => row.map(({ text, data }) => [text, decode(data)])),
    [
      [
        ['Acknowledge', { kind: 'ack', incident: 1 }],
        ['Restart', { kind: 'act', verb: 'restart', service: 'shop' }],
      ],
      [
        ['Logs', { kind: 'logs', service: 'shop' }],
        ['Chart', { kind: 'chart', service: 'shop' }],
      ],
      [
        ['Mute 30 min', { kind: 'mute', length: 'half-hour', incident: 1 }],
        ['Mute 2 h', { kind: 'mute', length: 'two-hours', incident: 1 }],
        ['Till morning', { kind: 'mute', length: 'morning', incident: 1 }],
      ],
    ],
  );
});

test('a number out of bounds is said with its name, its unit and its limit, and has a picture of its own', () => {
  const args = { metric: 'disk:/var', value: 96.21, limit: 90, unit: '%', lasted: 300_000 };
  const given = notice({
    ...{ kind: 'rule', level: 'warning', attempts: [], lines: [], reason: reason('rule-over', args) },
    subject: { key: 'rule:host/disk:/var>90', title: 'Shop <bot> (host: disk:/var)', advice: null },
  });
  const english = show(given);
  assert.deepEqual(english.lines.slice(0, 2), [
    '🟡 Shop <bot> (host: disk:/var) is out of bounds',
    'Why: Disk /var 96.2 %, over 90 % for 5 min',
  ]);
  assert.deepEqual(show(given, 'ru').lines.slice(0, 2), [
    '🟡 Shop <bot> (host: disk:/var): вне нормы',
    'Почему: Диск /var 96,2 %, больше 90 % уже 5 мин',
  ]);
  const chart = english.buttons.flat().find(({ text }) => text === 'Chart');
  assert.deepEqual(decode(chart?.data ?? ''), { kind: 'draw', which: codeOf('host/disk:/var'), service: 'shop' });
});

test('what cannot be asked says for how long, and that nothing is done for it', () => {
  const given = notice({
    ...{ kind: 'unknown', level: 'warning', lines: [], reason: reason('check-hung', { seconds: 10 }) },
    attempts: [{ at: opened, what: reason('could-not-ask', { seconds: 95 }) }],
    subject: { key: 'unknown:http', title: 'Shop <bot> (http)', advice: null },
  });
  const { lines } = show(given);
  assert.equal(lines[0], '🟡 Shop <bot> (http) cannot be asked');
  assert.match(lines.join('\n'), /could not ask for 95 s; not counted as healthy, and nothing is restarted/);
  assert.match(show(given, 'ru').lines[0] ?? '', /не удаётся спросить/);
});

test('a signal is named', () => {
  const { lines } = show(notice({ reason: reason('exit-signal', { signal: 'SIGKILL' }) }));
  assert.match(lines[1] ?? '', /SIGKILL/);
});

test('giving up names the loop and offers to start again', () => {
  const why = reason('crash-loop-code', { exits: 6, minutes: 4, code: '1' });
  const { lines, buttons } = show(notice({ level: 'critical', reason: why }));
  assert.equal(lines[0], '🚨 Shop <bot> is down, and the manager gave up');
  assert.match(lines[1] ?? '', /6 exits in 4 min.*code 1/);
  assert.deepEqual(buttons[0]?.[1]?.text, 'Start again');
  assert.deepEqual(decode(buttons[0]?.[1]?.data ?? ''), { kind: 'act', verb: 'start', service: 'shop' });
});

test('a resolved alert says how long it lasted and what was tried, in both languages', () => {
  const over = notice({ resolvedAt: noon, resolution: 'recovered' });
  const { lines, buttons } = show(over);
  assert.equal(lines[0], '✅ Shop <bot> is back after 4 min 12 s');
  assert.ok(lines.some((line) => line.startsWith('• 14:55:59')));
  assert.deepEqual(
    buttons.flat().map(({ text }) => text),
    ['Logs', 'Chart'],
  );
  assert.equal(show(over, 'ru').lines[0], '✅ Shop <bot> снова работает, через 4 мин 12 с');
  assert.equal(plainText(recoveryAlert('en', over).text), '✅ Shop <bot> is back after 4 min 12 s');
  assert.deepEqual(recoveryAlert('en', over).buttons, []);
});

test('other ends are not called a recovery', () => {
  const stopped = show(notice({ resolvedAt: noon, resolution: 'stopped-by-operator' })).lines[0];
  assert.equal(stopped, '☑️ Shop <bot> was stopped by an operator after 4 min 12 s of trouble');
  const worse = show(notice({ kind: 'unhealthy', resolvedAt: noon, resolution: 'superseded' })).lines[0];
  assert.match(worse ?? '', /went from bad to worse/);
  const healthy = show(notice({ kind: 'unhealthy', resolvedAt: noon, resolution: 'recovered' })).lines[0];
  assert.equal(healthy, '✅ Shop <bot> is healthy again after 4 min 12 s');
});

test('what comes late says how late, what may be a copy says so', () => {
  assert.ok(show(notice({}, { delayedBy: 240_000 })).lines.includes('delayed 4 min: Telegram could not be reached'));
  assert.ok(!show(notice({}, { delayedBy: 9_999 })).lines.some((line) => line.startsWith('delayed')));
  assert.ok(show(notice({}, { delayedBy: 10_000 })).lines.some((line) => line.startsWith('delayed 10 s')));
  assert.ok(show(notice({}, { repeat: true })).lines.some((line) => /got this already/.test(line)));
  const over = notice({ resolvedAt: noon, resolution: 'recovered' }, { delayedBy: 240_000 });
  assert.match(recoveryAlert('en', over).text, /delayed 4 min/);
});

test('a service that is only watched, or not configured any more, offers no action on it', () => {
  const watched = show(notice({}, { service: serviceView('shop', noon, { driver: 'external', can: [] }) }));
  assert.deepEqual(
    watched.buttons.flat().map(({ text }) => text),
    ['Acknowledge', 'Logs', 'Chart', 'Mute 30 min', 'Mute 2 h', 'Till morning'],
  );
  const gone = show(notice({}, { service: null }));
  assert.equal(gone.lines[0], '🔴 shop is down');
  assert.deepEqual(
    gone.buttons.flat().map(({ text }) => text),
    ['Acknowledge', 'Mute 30 min', 'Mute 2 h', 'Till morning'],
  );
});

test('what it explains is named', () => {
  const { lines } = show(notice({}, { affects: ['Shop <api>', 'Panel'] }));
  assert.ok(lines.includes('Affects: Shop <api>, Panel'));
});

test('the longest of everything is still one valid message', () => {
  const long = 'Ж<&>"'.repeat(2_000);
  const what = { at: noon, what: reason('telegram-refused', { detail: long }) };
  const worst = notice(
    {
      reason: reason('telegram-refused', { detail: long }),
      attempts: Array(8).fill(what),
      lines: Array(50).fill(long),
    },
    { service: serviceView('shop', noon, { title: long }), delayedBy: 1e9, repeat: true, affects: [long] },
  );
  for (const language of ['en', 'ru'] as const) {
    const { text } = incidentAlert(language, worst, 'UTC', 'operator');
    parseHtml(text);
    assert.equal(splitHtml(text).length, 1);
  }
});

test('who has taken it on is said with the time, and takes the button away', () => {
  const { lines, buttons } = show(notice({ acknowledgedBy: 'Vera <b>', acknowledgedAt: noon - 60_000 }));
  assert.equal(lines[3], '👤 Taken on by Vera <b> at 14:59:00');
  assert.deepEqual(buttons[0]?.[0]?.text, 'Restart');
  const over = show(
    notice({ acknowledgedBy: 'Vera', acknowledgedAt: noon - 60_000, resolvedAt: noon, resolution: 'recovered' }),
  );
  assert.ok(over.lines.includes('👤 Taken on by Vera at 14:59:00'));
});

test('what is muted says until when and by whom, with one button that ends it', () => {
  const mute: Mute = {
    ...{ id: 5, kind: 'mute', from: noon, until: noon + 1_800_000, by: 'Oleg' },
    scope: { covers: 'service', service: 'shop' },
  };
  const { lines, buttons } = show(notice({}, { mute }));
  assert.equal(lines[3], '🔕 Shop <bot>: muted until 15:30 (Oleg)');
  assert.deepEqual(
    buttons.at(-1)?.map(({ text, data }) => [text, decode(data)]),
    [['Unmute', { kind: 'unmute', mute: 5, incident: 1 }]],
  );
  const all = show(notice({}, { mute: { ...mute, scope: { covers: 'all' }, until: noon + 20 * 3600_000 } }));
  assert.equal(all.lines[3], '🔕 Everything is muted until 24 Nov, 11:00 (Oleg)');
  assert.equal(all.buttons.at(-1)?.[0]?.text, 'Unmute everything');
  const work = show(notice({}, { mute: { ...mute, kind: 'maintenance' } }), 'ru');
  assert.equal(work.lines[3], '🛠 Shop <bot>: работы до 15:30 (Oleg)');
});

test('what nobody reacted to says for how long; what is said again, for how long it lasts', () => {
  const escalated = show(notice({ level: 'critical', openedAt: noon - 1_200_000, escalatedAt: noon - 300_000 }));
  assert.equal(escalated.lines[3], '⏫ Nobody has reacted for 15 min');
  const taken = show(notice({ escalatedAt: noon, acknowledgedBy: 'Vera', acknowledgedAt: noon }));
  assert.ok(!taken.lines.some((line) => line.startsWith('⏫')));
  const again = notice({ openedAt: noon - 7_200_000, saidAt: noon });
  assert.equal(show(again).lines[0], '🔴 Shop <bot> is still down, for 2 h');
  const critical = notice({ openedAt: noon - 7_200_000, saidAt: noon, level: 'critical' });
  assert.equal(show(critical).lines[0], '🚨 Shop <bot> is still down, for 2 h; the manager gave up');
});

test('the end of flapping says how it stands now, and a bad one is not green', () => {
  const over = { kind: 'flapping', resolvedAt: noon, resolution: 'recovered' } as const;
  const first = (settledAs: IncidentNotice['settledAs']) => show(notice(over, { settledAs })).lines[0];
  assert.equal(first('healthy'), '✅ Shop <bot> is stable again: healthy (after 4 min 12 s)');
  assert.equal(first('unhealthy'), '🔴 Shop <bot> is stable again: unhealthy (after 4 min 12 s)');
  assert.equal(first('unknown'), '⚪ Shop <bot> is stable again: health not known (after 4 min 12 s)');
  assert.equal(first(null), '✅ Shop <bot> is stable again after 4 min 12 s');
});

test('a viewer is offered no action', () => {
  const { buttons } = incidentAlert('en', notice(), 'UTC', 'viewer');
  assert.deepEqual(
    buttons.flat().map(({ text }) => text),
    ['Logs', 'Chart'],
  );
});

test('every kind of incident has its words wherever it is shown', () => {
  for (const kind of [...incidentKinds, 'gave-up'])
    for (const language of ['en', 'ru'] as const)
      for (const key of [
        ...[`incident-${kind}`, `incident-${kind}-still`, `chat-alert-${kind}`, `cli-what-${kind}`],
        ...(kind === 'gave-up' ? [] : [`incident-${kind}-over`]),
      ])
        assert.ok(hasMessage(language, key), `${language}: ${key}`);
});

test('numbers take their Russian forms', () => {
  const counted = (down: number, total: number) => show(notice({}, { counts: { down, total } }), 'ru').lines.at(-1);
  assert.equal(counted(1, 1), 'Не работает 1 из 1 сервиса');
  assert.equal(counted(2, 21), 'Не работает 2 из 21 сервиса');
  assert.equal(counted(5, 12), 'Не работает 5 из 12 сервисов');
});

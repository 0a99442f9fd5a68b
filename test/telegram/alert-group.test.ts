import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incident } from '../../src/core/incident.ts';
import type { Mute } from '../../src/core/mute.ts';
import { reason } from '../../src/core/reason.ts';
import type { Role } from '../../src/core/role.ts';
import { decode } from '../../src/telegram/callback-data.ts';
import { alertOf } from '../../src/telegram/screens/alert-group.ts';
import type { IncidentNotice } from '../../src/telegram/telegram.ts';
import { parseHtml } from '../world/telegram/html.ts';
import { serviceView } from '../world/views.ts';
import { noon } from './stage.ts';

function notice(id: number, more: Partial<Incident> = {}, rest: Partial<IncidentNotice> = {}): IncidentNotice {
  const name = `s${id}`;
  return {
    incident: {
      ...{ id, key: `${name}/down`, service: name, kind: 'down', level: 'error', openedAt: noon - 60_000 },
      ...{ resolvedAt: null, resolution: null, acknowledgedBy: null, acknowledgedAt: null, escalatedAt: null },
      ...{ saidAt: noon - 60_000, reason: reason('exit-code', { code: '1' }), attempts: [], lines: [] },
      ...more,
    },
    service: serviceView(name, noon, { title: `Service ${id}` }),
    ...{ affects: [], mute: null, settledAs: null, counts: { down: 3, total: 9 } },
    ...{ delayedBy: null, repeat: false, now: noon },
    ...rest,
  };
}

const mute: Mute = {
  ...{ id: 5, kind: 'mute', from: noon, until: noon + 1_800_000, by: 'Oleg' },
  scope: { covers: 'all' },
};
const taken = { acknowledgedBy: 'Vera', acknowledgedAt: noon };

const show = (notices: readonly IncidentNotice[], role: Role = 'operator') => {
  const { text, buttons } = alertOf('en', notices, 'UTC', role);
  const said = buttons.map((row) => row.map(({ text: label, data }) => [label, decode(data)?.kind]));
  return { lines: parseHtml(text).text.split('\n'), buttons: said };
};

test('several at once: worst first, what each takes down with it, and buttons for all of them', () => {
  const { lines, buttons } = show([notice(1), notice(2, { level: 'critical' }, { affects: ['Shop bot', 'Panel'] })]);
  assert.equal(lines[0], '🚨 2 problems at once');
  assert.equal(lines[1], '🚨 Service 2: ended with exit code 1, 1 min · affects: Shop bot, Panel');
  assert.equal(lines[2], '🔴 Service 1: ended with exit code 1, 1 min');
  assert.deepEqual(buttons, [
    [['Acknowledge all', 'ack-all']],
    [['Mute all 30 min', 'mute-all']],
    [['Show alerts', 'show-alerts']],
  ]);
});

test('what is taken on and what is muted is marked; when all of it is, the buttons follow', () => {
  const some = show([notice(1, taken), notice(2, {}, { mute })]);
  assert.match(some.lines[1] ?? '', /Service 1: .* · 👤 Vera$/);
  assert.match(some.lines[2] ?? '', /Service 2: .* · 🔕$/);
  assert.deepEqual(some.buttons[0], [['Acknowledge all', 'ack-all']]);
  const all = show([notice(1, taken, { mute: { ...mute, until: noon + 60_000 } }), notice(2, taken, { mute })]);
  assert.equal(all.lines[1], '🔕 All of these are muted until 12:01 (Oleg)');
  assert.deepEqual(all.buttons, [[['Unmute all', 'unmute-all']], [['Show alerts', 'show-alerts']]]);
});

test('a viewer can only look, and what is over needs no button', () => {
  assert.deepEqual(show([notice(1), notice(2)], 'viewer').buttons, [[['Show alerts', 'show-alerts']]]);
  const over = { resolvedAt: noon, resolution: 'recovered' } as const;
  assert.deepEqual(show([notice(1, over), notice(2, over)]).buttons, []);
});

test('eighty with the longest of everything are all named in one message', () => {
  const long = reason('telegram-refused', { detail: 'Ж<&>"'.repeat(200) });
  const affects = ['Ж'.repeat(300)];
  const many = Array.from({ length: 80 }, (_, n) => notice(n, { reason: long, ...taken }, { affects, mute }));
  for (const language of ['en', 'ru'] as const) {
    const { text } = alertOf(language, many, 'UTC', 'operator');
    const shown = parseHtml(text).text;
    assert.ok(shown.length <= 4096, `${shown.length}`);
    for (let n = 0; n < 80; n++) assert.ok(shown.includes(`Service ${n}`));
  }
});

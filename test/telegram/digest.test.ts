import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '../../src/core/digest.ts';
import { sayMoment } from '../../src/telegram/say.ts';
import { digestText } from '../../src/telegram/screens/digest.ts';
import { noDigest } from '../world/delivery.ts';
import { until } from '../world/until.ts';
import { png as pngOf } from '../world-tests/bare-client.ts';
import { noon, setStage } from './stage.ts';

const DAY = 86_400_000;
const span = { from: noon - DAY, to: noon };
const titles: Readonly<Record<string, string>> = { bot: 'Shop <bot>', redis: 'Redis' };
const titleOf = (name: string) => titles[name] ?? name;
const say = (language: 'en' | 'ru', more: Partial<Digest>) =>
  digestText(language, { ...noDigest, ...span, services: 7, ...more }, titleOf, noon, 'UTC');

const known = (share: number, unknown = 0) => ({ share, unknown });
const busy: Partial<Digest> = {
  ...{ fine: false, level: 'critical' },
  broke: [
    { service: 'redis', subject: null, level: 'critical', times: 1, lasted: 300_000, open: true },
    { service: 'bot', subject: null, level: 'error', times: 3, lasted: 724_000, open: false },
    { service: 'panel:main', subject: 'Node <nl-1>', level: 'warning', times: 2, lasted: 60_000, open: false },
  ],
  starts: [{ service: 'bot', times: 4 }],
  slow: [{ service: 'bot', usual: 840, most: 2100 }],
  availability: [
    { service: 'bot', day: known(0.99999, 2_040_000), week: known(0.998), month: known(0.9995) },
    { service: 'redis', day: known(1), week: known(1), month: known(1) },
  ],
  mutes: [{ id: 1, kind: 'mute', scope: { covers: 'all' }, from: 0, until: noon + 3600_000, by: 'Vera' }],
  disks: [{ service: 'host', path: '/var', usedPercent: 71.4, fullIn: 12 * DAY }],
};

test('a good day is one line, in both languages', () => {
  assert.equal(say('en', {}), `✅ All fine: 7 services, nothing broke since ${sayMoment('en', span.from, 'UTC')}.`);
  assert.equal(say('ru', {}), `✅ Всё хорошо: 7 сервисов, с ${sayMoment('ru', span.from, 'UTC')} ничего не ломалось.`);
});

test('a bad day says what broke and how all stands', () => {
  assert.equal(
    say('en', busy),
    [
      `📋 <b>Summary, ${sayMoment('en', span.from, 'UTC')} – ${sayMoment('en', noon, 'UTC')}</b>`,
      '',
      '<b>What broke</b>',
      '🚨 Redis: once, 5 min in all, not over yet',
      '🔴 Shop &lt;bot&gt;: 3 times, 12 min 4 s in all',
      '🟡 Node &lt;nl-1&gt;: 2 times, 1 min in all',
      '',
      '<b>Starts</b>',
      'Shop &lt;bot&gt; 4×',
      '',
      '<b>Slowest answers</b>',
      'Shop &lt;bot&gt;: 840 ms on average, 2.1 s at most',
      '',
      '<b>Available: day / week / month</b>',
      'Shop &lt;bot&gt;: 99.999 % / 99.8 % / 99.95 % (34 min not known, counted as not up)',
      '1 service: always',
      '',
      '<b>Muted</b>',
      '🔕 Everything is muted until 13:00 (Vera)',
      '',
      '<b>Disks</b>',
      '/var: 71 % taken, full in 12 d if it goes on like this',
    ].join('\n'),
  );
  const russian = say('ru', busy);
  assert.match(russian, /Redis: 1 раз, всего 5 мин, ещё не устранено/);
  assert.match(russian, /Shop &lt;bot&gt;: 3 раза, всего 12 мин 4 с/);
  assert.doesNotMatch(russian, /digest-|\{/);
});

test('never rounds up to always', () => {
  const nearly = known(0.999_999_9);
  const text = say('en', { ...busy, availability: [{ service: 'bot', day: nearly, week: nearly, month: nearly }] });
  assert.match(text, /99\.999 % \/ 99\.999 % \/ 99\.999 %/);
});

test('stays short on a terrible day', () => {
  const names = Array.from({ length: 300 }, (_, i) => `service-${i}-with-a-long-name`);
  const text = say('en', {
    ...{ fine: false, level: 'critical' },
    broke: names.map((service) => {
      return { service, subject: null, level: 'critical', times: 9, lasted: 1000, open: true };
    }),
    starts: names.map((service) => ({ service, times: 3 })),
    availability: names.map((service) => ({ service, day: known(0.5), week: known(0.5), month: known(0.5) })),
  });
  assert.ok(text.length < 4096, `${text.length}`);
  assert.match(text, /and 288 more/);
});

test('/digest and the button of the menu send it, with the picture', async (t) => {
  const asked: { from: number; to: number }[] = [];
  const png = pngOf(160, 80);
  const stage = await setStage(t, {
    telegram: {
      digests: {
        report(asking) {
          asked.push(asking);
          return { ...noDigest, ...asking, ...(asked.length > 1 ? busy : {}) };
        },
        picture: async () => png,
      },
    },
  });
  stage.control.add('bot');
  const vera = stage.world.user({ id: 7, first_name: 'Vera', language_code: 'en' });
  await stage.heard();
  vera.start();
  await stage.world.waitForMessage(vera, /as of/);
  vera.sends('/digest');
  const photo = await stage.world.waitForMessage(vera, /^✅ All fine/);
  assert.ok(photo.photo);
  assert.deepEqual(asked, [{ from: stage.now - DAY, to: stage.now }]);
  vera.sends('/menu');
  await until(() => vera.last()?.buttons.flat().includes('Summary') === true, 'the menu');
  await vera.taps(vera.last() ?? photo, 'Summary');
  await stage.world.waitForMessage(vera, /What broke/);
});

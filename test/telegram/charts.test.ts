import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createCanvas } from 'canvas';
import type { Series } from '../../src/core/history.ts';
import type { Picture, Pictures } from '../../src/core/picture.ts';
import { rangeNames } from '../../src/core/picture.ts';
import { reason } from '../../src/core/reason.ts';
import { decode, encode } from '../../src/telegram/callback-data.ts';
import { codeOf } from '../../src/telegram/screens/chart.ts';
import { deferred } from '../world/deferred.ts';
import { until } from '../world/until.ts';
import { setStage, vera } from './stage.ts';

type Asked = Parameters<Pictures['chart']>[0] | Parameters<Pictures['dashboard']>[0];

/** A bot whose pictures are blank, each of another colour, and remembers what it was asked to draw. */
async function setCharts(
  test: TestContext,
  series: readonly Series[] = [...seriesOf('shop'), ...seriesOf('redis', [])],
  { services = [], timezone = null }: { readonly services?: readonly string[]; readonly timezone?: string | null } = {},
) {
  const asked: Asked[] = [];
  const world = { fails: false, hold: Promise.resolve() };
  const draw = async (what: Asked): Promise<Picture> => {
    asked.push(what);
    await world.hold;
    if (world.fails) return { ok: false, reason: reason('chart-no-data') };
    const canvas = createCanvas(160, 80);
    const pen = canvas.getContext('2d');
    pen.fillStyle = `rgb(${asked.length * 20}, 0, 0)`;
    pen.fillRect(0, 0, 160, 80);
    return { ok: true, png: canvas.toBuffer('image/png') };
  };
  const stage = await setStage(test, {
    telegram: {
      admins: [{ ...vera, timezone }],
      history: {
        bytes: () => 0,
        series: (name) => series.filter(({ service }) => name === undefined || service === name),
      },
      pictures: { chart: draw, dashboard: draw },
    },
  });
  stage.control.add('shop', { title: 'Shop bot' });
  stage.control.add('redis', { title: 'Redis' });
  for (const name of services) stage.control.add(name, { title: name });
  const user = stage.world.user({ id: 7, first_name: 'Vera', language_code: 'en' });
  await stage.heard();
  user.start();
  await stage.world.waitForMessage(user, /as of/);
  const sends = async (text: string, answer: RegExp) => {
    const since = stage.world.revision;
    user.sends(text);
    return stage.world.waitForMessage(user, answer, { since });
  };
  return { ...stage, world: stage.world, user, asked, knobs: world, sends };
}

function seriesOf(
  service: string,
  extra: readonly string[] = ['threads', 'disk:/var/lib/a-rather-long-path'],
): Series[] {
  return ['cpu', 'memory', ...extra].map((metric) => ({ service, check: 'process', metric, unit: '%' }));
}

const lines = (asked: Asked | undefined) =>
  asked !== undefined && 'lines' in asked
    ? asked.lines.map(({ service, metric }) => `${service} ${metric}`)
    : 'dashboard';

test('/metrics sends the picture of everything, with ranges that redraw the same message', async (t) => {
  const { world, user, asked, sends } = await setCharts(t);
  const photo = await sends('/metrics', /^Everything, the last 24 h$/);
  assert.ok(photo.photo, 'a photo');
  assert.deepEqual(photo.buttons, [
    ['1 h', '6 h', '• 24 h', '7 d', '30 d'],
    ['CPU of all', 'Memory of all'],
    ['Shop bot', 'Redis'],
  ]);
  assert.ok(world.callsOf('sendChatAction').some(({ params }) => params.action === 'upload_photo'));
  await user.taps(photo, '7 d');
  const edited = await world.waitForMessage(user, /^Everything, the last 7 d$/);
  assert.equal(edited.id, photo.id);
  assert.notEqual(edited.photo?.fileId, photo.photo.fileId);
  assert.deepEqual(asked.map(lines), ['dashboard', 'dashboard']);
  assert.deepEqual(
    asked.map(({ range }) => range),
    ['24h', '7d'],
  );
});

test('/metrics service range shows CPU and memory; buttons lead to other numbers, to all, and back', async (t) => {
  const { world, user, asked, sends } = await setCharts(t);
  const photo = await sends('/metrics Shop bot 1h', /^Shop bot, the last 1 h$/);
  assert.deepEqual(lines(asked.at(-1)), ['shop cpu', 'shop memory']);
  assert.deepEqual(photo.buttons.slice(1), [
    ['Other numbers'],
    ['CPU of all', 'Memory of all'],
    ['All services', 'Service'],
  ]);
  await user.taps(photo, 'Other numbers');
  const numbers = await world.waitFor(() => {
    const now = user.messages().find(({ id }) => id === photo.id);
    return now?.buttons.flat().includes('Threads') ? now : null;
  });
  assert.deepEqual(numbers.buttons, [['CPU', 'Memory'], ['Threads', 'Disk /var/lib/a-rather-long…'], ['Back']]);
  assert.equal(numbers.photo?.fileId, photo.photo?.fileId, 'the picture stays');
  await user.taps(numbers, /^Disk/);
  await until(() => asked.length === 2, 'the other number');
  assert.deepEqual(lines(asked.at(-1)), ['shop disk:/var/lib/a-rather-long-path']);
  await world.waitFor(() =>
    user.messages().some(({ id, buttons }) => id === photo.id && buttons.flat().includes('CPU and memory')),
  );
  await user.taps(photo.id, '6 h');
  await world.waitForMessage(user, /the last 6 h/);
  assert.deepEqual(
    lines(asked.at(-1)),
    ['shop disk:/var/lib/a-rather-long-path'],
    'the range does not change the number',
  );
  await user.taps(photo.id, 'All services');
  const all = await world.waitForMessage(user, /^Everything, the last 6 h/);
  await user.taps(all, 'Memory of all');
  await until(() => asked.length === 5, 'the comparison');
  assert.deepEqual(lines(asked.at(-1)), ['shop memory', 'redis memory']);
});

test('any number that others have too can be compared from the picture of one', async (t) => {
  const latencies = ['shop', 'redis', 'web'].map((service) => ({
    service,
    check: 'http',
    metric: 'latency',
    unit: 'ms',
  }));
  const { world, user, asked, sends } = await setCharts(t, [...seriesOf('shop'), ...latencies] as Series[], {
    services: ['web'],
  });
  const photo = await sends('/metrics shop', /^Shop bot/);
  assert.ok(!photo.buttons.flat().includes('CPU of all'), 'nobody else has a CPU');
  await user.taps(photo, 'Other numbers');
  await world.waitFor(() => user.messages().some(({ buttons }) => buttons.flat().includes('Latency')));
  await user.taps(photo.id, 'Latency');
  await world.waitFor(() => user.messages().some(({ buttons }) => buttons.flat().includes('Latency of all')));
  await user.taps(photo.id, 'Latency of all');
  const compared = await world.waitForMessage(user, /^Latency by service, the last 6 h$/);
  assert.equal(compared.id, photo.id);
  assert.deepEqual(new Set(lines(asked.at(-1))), new Set(['shop latency', 'redis latency', 'web latency']));
  await user.taps(compared, '7 d');
  await world.waitForMessage(user, /^Latency by service, the last 7 d$/);
});

test('of many services each is on some page', async (t) => {
  const many = Array.from({ length: 23 }, (_, n) => `svc${n}`);
  const { world, user, asked, sends } = await setCharts(t, seriesOf('shop'), { services: many });
  const first = await sends('/metrics', /^Everything/);
  assert.equal(first.buttons.slice(2).flat().length, 12 + 1);
  assert.deepEqual(first.buttons.at(-1), ['Next ›']);
  await user.taps(first, 'Next ›');
  await world.waitFor(() => user.messages().some(({ buttons }) => buttons.flat().includes('‹ Previous')));
  await user.taps(first.id, 'Next ›');
  const last = await world.waitFor(
    () => user.messages().find(({ buttons }) => buttons.at(-1)?.join() === '‹ Previous') ?? null,
  );
  assert.equal(last.id, first.id);
  assert.deepEqual(
    asked.map((each) => ('page' in each ? each.page : null)),
    [0, 1, 2],
  );
});

test('the times in a picture are those where the person is', async (t) => {
  const { asked, sends } = await setCharts(t, seriesOf('shop'), { timezone: 'Asia/Kathmandu' });
  await sends('/metrics', /^Everything/);
  assert.equal(asked.at(-1)?.timezone, 'Asia/Kathmandu');
  // 12:00 UTC on the stage.
  await sends('/status', /as of 17:45:00/);
});

test('the service screen and its alert have a Chart button; Service leads back', async (t) => {
  const { world, user } = await setCharts(t);
  const menu = user.last();
  assert.ok(menu);
  await user.taps(menu, 'Shop bot');
  const screen = await world.waitForMessage(user, /Restarts|restarts/);
  assert.deepEqual(screen.buttons.flat().slice(2, 5), ['Logs', 'Chart', 'Refresh']);
  await user.taps(screen, 'Chart');
  const photo = await world.waitForMessage(user, /^Shop bot, the last 6 h$/);
  assert.notEqual(photo.id, screen.id, 'the screen stays');
  const since = world.revision;
  await user.taps(photo, 'Service');
  await world.waitForMessage(user, /Shop bot/, { since });
  await user.forges(photo.id, encode({ kind: 'chart', service: 'redis' }));
  await world.waitForMessage(user, /^Redis, the last 6 h$/);
});

test('without data it says what to do, and the same message becomes a picture once there is some', async (t) => {
  const { world, user, knobs, sends } = await setCharts(t);
  knobs.fails = true;
  const text = await sends('/metrics shop 1h', /nothing was measured/);
  assert.equal(text.photo, null);
  assert.match(text.text, /pick a longer range/);
  knobs.fails = false;
  await user.taps(text, '7 d');
  const photo = await world.waitForMessage(user, /^Shop bot, the last 7 d$/);
  assert.equal(photo.id, text.id);
  assert.ok(photo.photo);
  knobs.fails = true;
  await user.taps(photo, '30 d');
  const failed = await world.waitForMessage(user, /the last 30 d\n⚠️ nothing was measured/);
  assert.equal(failed.id, photo.id);
  assert.ok(failed.photo, 'the old picture, and why there is no new one');
});

test('a slow picture holds nobody up, and a deleted message is sent anew', async (t) => {
  const { world, user, knobs, sends } = await setCharts(t);
  const photo = await sends('/metrics shop', /Shop bot, the last 6 h/);
  const hold = deferred();
  knobs.hold = hold.answer;
  await user.taps(photo, '24 h');
  await sends('/help', /What you can do here/);
  hold.give();
  assert.equal((await world.waitForMessage(user, /Shop bot, the last 24 h/)).id, photo.id);
  await user.forges(photo.id + 1000, encode({ kind: 'plot', range: '30d', which: 'usual', target: 'shop' }));
  assert.ok((await world.waitForMessage(user, /Shop bot, the last 30 d/)).id > photo.id);
});

test('names that are not there are said, and those that are gone lead to everything', async (t) => {
  const { world, user, asked, sends } = await setCharts(t);
  const said = await sends('/metrics <b>nope</b> 7d', /no service/);
  assert.match(said.text, /<b>nope<\/b>/);
  assert.match(said.text, /shop.*redis|redis.*shop/);
  const photo = await sends('/metrics shop', /Shop bot/);
  const gone = encode({ kind: 'plot', range: '1h', which: 'usual', target: 'gone' });
  await user.forges(photo.id, gone);
  await world.waitForMessage(user, /^Everything, the last 1 h/);
  assert.equal(lines(asked.at(-1)), 'dashboard');
});

test('in Russian too', async (t) => {
  const { user, sends } = await setCharts(t);
  user.speaks('ru');
  const photo = await sends('/metrics shop 24h', /^Shop bot, 24 ч$/);
  assert.deepEqual(photo.buttons[1], ['Другие показатели']);
});

test('every button fits into the 64 bytes that Telegram has for it', () => {
  const target = 'a'.repeat(32);
  for (const range of rangeNames) {
    const text = encode({ kind: 'plot', range, which: codeOf('process/a metric with any name ж'), target });
    assert.ok(Buffer.byteLength(text) <= 64);
    assert.equal(decode(text)?.kind, 'plot');
  }
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import { fill, fillAsShop, startRedis } from '../world/redis.ts';
import { makeStores, noStores, redisAt } from '../world/stores.ts';
import type { ShownMessage } from '../world/telegram/view.ts';
import { until } from '../world/until.ts';
import { serviceView } from '../world/views.ts';
import { guest, noon, oleg, setStage, vera } from './stage.ts';

describe('Redis in the chat', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  before(async () => {
    redis = await startRedis();
  });
  beforeEach(() => fillAsShop(redis.admin));
  after(() => redis.stop());

  /** A person in a chat with the manager that watches this Redis. */
  async function open(t: TestContext, who: { readonly id: number } = vera, url = redis.url, language = 'en') {
    const known = await makeStores({ redis: [redisAt(url, { clear_url: redis.url })] });
    await known.round();
    const stage = await setStage(t, { telegram: { stores: known.stores } });
    stage.control.services.set('redis', serviceView('redis', noon, { title: 'Cache' }));
    t.after(known.close);
    await stage.heard();
    const { world } = stage;
    const person = world.user({ id: who.id, first_name: 'P', language_code: language });
    let since = world.revision;
    const next = async (pattern: RegExp): Promise<ShownMessage> => {
      const options = { since, timeoutMs: 20_000 };
      const found = await world.waitForMessage(
        who.id,
        (message) => message.fromBot && pattern.test(message.text),
        options,
      );
      since = world.revision;
      return found;
    };
    return { stage, person, next, audit: known.audit, round: known.round };
  }

  const own = async (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(await redis.admin.info())?.[1]);

  it('shows the numbers that the server itself says, by taps from the menu', async (t) => {
    const { person, next, round } = await open(t);
    await redis.admin.call('NOSUCHCOMMAND').catch(() => undefined);
    await round();
    await person.sends('/menu');
    const screen = await (async () => {
      await person.taps(await next(/Cache/), 'Redis');
      return next(/Key patterns/);
    })();
    assert.match(screen.text, /^🟢 Cache · 127\.0\.0\.1:\d+\n/);
    assert.match(screen.text, /Keys: 15,000 \(15,000 expire\)/);
    assert.match(screen.text, new RegExp(`of ${(await own('maxclients')).toLocaleString('en')}, 0 blocked`));
    assert.match(screen.text, /no maxmemory \([\d.]+ % of the machine's/);
    assert.match(screen.text, /0 evicted, 0 expired, 0 turned away/);
    assert.match(screen.text, /Errors given: ERR 1/);
    assert.match(screen.text, /Snapshots: off/);
    assert.match(screen.text, /primary, no replica/);
    assert.match(screen.text, /user:\*:balance 12,000 · \d+ B each · (?:\d+ min|1 h)/);
    assert.ok(screen.buttons.flat().includes('Clear…'));
    await person.taps(screen, 'Service');
    await person.taps(await next(/Restarts/), 'Redis');
    await next(/Key patterns/);
    assert.ok([...screen.text].length < 1500, 'fits a phone');
  });

  it('clears one of the patterns that are there: counted first, asked once, audited', async (t) => {
    const { person, next, audit } = await open(t);
    await person.sends('/cache');
    await person.taps(await next(/Key patterns/), 'Clear…');
    const what = await next(/What shall be cleared in Cache/);
    await person.taps(what, 'user:*:lang · 3,000');
    const question = await next(/Remove 3,000 keys from Cache\?/);
    assert.match(question.text, /user:\*:lang: 20 % of all 15,000 keys/);
    assert.match(question.text, /user:\d+:lang\n/);
    assert.match(question.text, /Only Vera can confirm/);
    assert.equal(await redis.admin.dbsize(), 15_000);
    await person.taps(question, 'Yes, remove 3,000');
    const done = await next(/3,000 keys of user:\*:lang removed in/);
    assert.equal(await redis.admin.dbsize(), 12_000);
    assert.deepEqual(
      audit.map(({ by, refused, note }) => [by, refused, note?.code, note?.args?.removed]),
      [
        ['Vera', null, 'cache-begun', undefined],
        ['Vera', null, 'cache-cleared', 3000],
      ],
    );
    await person.taps(done, 'Back');
    await next(/Keys: 12,000/);
  });

  it('takes a typed pattern; Cancel removes nothing; a pattern of everything is refused and audited', async (t) => {
    const { person, next, audit } = await open(t);
    await person.sends('/cache');
    await person.taps(await next(/Key patterns/), 'Clear…');
    await next(/What shall be cleared/);
    await person.sends('user:1*:lang');
    const question = await next(/Remove 1,111 keys/);
    await person.taps(question, 'Cancel');
    const left = await next(/Nothing was removed/);
    await person.taps(left, 'Clear more…');
    await next(/What shall be cleared/);
    await person.sends('*');
    await next(/the pattern \* is every key/);
    assert.equal(await redis.admin.dbsize(), 15_000);
    assert.deepEqual(
      audit.map(({ refused }) => refused),
      ['cache-everything'],
    );
  });

  it('most of the keys are refused to an operator, and to an owner until the number is typed', async (t) => {
    const operator = await open(t);
    await operator.person.sends('/cache');
    await operator.person.taps(await operator.next(/Key patterns/), 'Clear…');
    await operator.person.taps(await operator.next(/What shall/), 'user:*:balance · 12,000');
    await operator.next(/covers 12,000 keys, 80 % of all: an owner has to type the number/);
    assert.deepEqual(
      operator.audit.map(({ refused }) => refused),
      ['cache-needs-count'],
    );

    const { person, next, audit } = await open(t, oleg);
    await person.sends('/cache');
    await person.taps(await next(/Key patterns/), 'Clear…');
    await person.taps(await next(/What shall/), 'user:*:balance · 12,000');
    const question = await next(/Remove 12,000 keys/);
    assert.ok(!question.buttons.flat().some((label) => label.startsWith('Yes')));
    await person.taps(question, 'Type the number…');
    await next(/Send the number of keys \(12,000\)/);
    await person.sends('1200');
    const refused = await next(/❌/);
    assert.equal(await redis.admin.dbsize(), 15_000);
    await person.taps(refused, 'Clear more…');
    await person.taps(await next(/What shall/), 'user:*:balance · 12,000');
    await person.taps(await next(/Remove 12,000 keys/), 'Type the number…');
    await next(/Send the number/);
    await person.sends('12 000');
    await next(/12,000 keys of user:\*:balance removed/);
    assert.equal(await redis.admin.dbsize(), 3000);
    assert.deepEqual(
      audit.map(({ refused, note }) => refused ?? note?.code),
      ['cache-other-count', 'cache-begun', 'cache-cleared'],
    );
  });

  it('a viewer sees, and is offered nothing; forged presses and the question of another are refused', async (t) => {
    const { stage, person, next } = await open(t, guest);
    await person.sends('/cache');
    const screen = await next(/Key patterns/);
    assert.ok(!screen.buttons.flat().includes('Clear…'));
    const [, , handle] = (
      screen.keyboard.flat().find((button) => button.callback_data?.startsWith('redis:'))?.callback_data ?? ''
    ).split(':');
    const refused = await person.forges(screen.id, `clear:${handle}`);
    assert.match(refused?.text ?? '', /look, but not act/);
    const other = stage.world.user({ id: vera.id, first_name: 'Vera', language_code: 'en' });
    other.sends('/cache');
    const hers = await stage.world.waitForMessage(vera.id, /Key patterns/);
    await other.taps(hers, 'Clear…');
    const what = await stage.world.waitForMessage(vera.id, /What shall/);
    await other.taps(what, 'user:*:lang · 3,000');
    const question = await stage.world.waitForMessage(vera.id, /Remove 3,000/);
    const yes = question.keyboard.flat()[0]?.callback_data ?? '';
    const foreign = await person.forges(screen.id, yes);
    assert.match(foreign?.text ?? '', /Only Vera can confirm/);
    stage.now += 61_000;
    const late = await other.taps(question, 'Yes, remove 3,000');
    assert.match(late?.text ?? '', /no longer open/);
    assert.equal(await redis.admin.dbsize(), 15_000);
  });

  it('Stop ends it between two batches, and the rest is there', async (t) => {
    const { stage, person, next } = await open(t);
    await fill(redis.admin, 150_000, (n) => `stop:${n}`);
    await fill(redis.admin, 200_000, (n) => `keep:${n}`);
    await person.sends('/cache');
    await person.taps(await next(/Key patterns/), 'Clear…');
    await next(/What shall/);
    await person.sends('stop:*');
    const question = await next(/Remove 150,000/);
    // The bot's clock goes on, so that progress is shown.
    const ticking = setInterval(() => {
      stage.now += 100;
    }, 5);
    t.after(() => clearInterval(ticking));
    await person.taps(question, 'Yes, remove 150,000');
    await person.taps(await next(/removing stop:\*…/), 'Stop');
    const stopped = await next(/stopped\. [\d,]+ keys of about 150,000/);
    const removed = Number((/stopped\. ([\d,]+)/.exec(stopped.text)?.[1] ?? '').replaceAll(',', ''));
    assert.equal(await redis.admin.dbsize(), 365_000 - removed);
    assert.ok(removed < 150_000);
  });

  it('says what is missing with lesser rights, and which right would bring it', async (t) => {
    const watcher = await redis.addWatcher(
      'resetkeys %R~* resetchannels -@all +ping +info +dbsize +scan +client|setname +select',
    );
    const { person, next } = await open(t, vera, watcher);
    await person.sends('/cache');
    const screen = await next(/Key patterns/);
    assert.match(screen.text, /Slow commands: unknown/);
    assert.match(screen.text, /grant \+config\|get \+slowlog\|get \+slowlog\|len \+latency\|latest/);
    assert.doesNotMatch(screen.text, /each/);
  });

  it('slow commands with their arguments cut', async (t) => {
    await redis.admin.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    await redis.admin.set('user:4711:secret-<b>', 'the-value-of-a-customer');
    const { person, next } = await open(t);
    await person.sends('/cache');
    await person.taps(await next(/Key patterns/), 'Slow commands');
    const slow = await next(/Keys are shown as patterns/);
    await redis.admin.call('CONFIG', 'SET', 'slowlog-log-slower-than', '10000');
    assert.doesNotMatch(slow.text, /the-value-of-a-customer|4711/);
    await person.taps(slow, 'Keys');
    await next(/all 15,00\d keys seen/);
  });

  it('one that is away says why, and Refresh finds it again', async (t) => {
    const { person, next } = await open(t);
    await redis.kill();
    await person.sends('/cache');
    const away = await next(/refuses the connection/);
    await redis.restart();
    await person.taps(away, 'Refresh');
    await next(/Keys: 0/);
  });

  it('without one, the screen says what to add; of several one is chosen', async (t) => {
    const stage = await setStage(t);
    await stage.heard();
    const person = stage.world.user({ id: vera.id, first_name: 'V', language_code: 'ru' });
    person.sends('/cache');
    const empty = await stage.world.waitForMessage(vera.id, /не опрашивает/);
    assert.match(empty.text, /checks: \[\{ type: redis, url: "redis:\/\/127\.0\.0\.1:6379\/0" \}\]/);

    const two = await makeStores({ a: [redisAt(redis.url), redisAt(redis.url, { id: 'second' })] });
    t.after(two.close);
    const other = await setStage(t, { telegram: { stores: two.stores } });
    await other.heard();
    const chooser = other.world.user({ id: vera.id, first_name: 'V', language_code: 'en' });
    chooser.sends('/cache');
    const choice = await other.world.waitForMessage(vera.id, /Which one/);
    await chooser.taps(choice, 'a (second)');
    await other.world.waitForMessage(vera.id, /a \(second\) · 127/);
  });
});

describe('screens whose figures have to be asked for', () => {
  const ref = { id: 'redis', service: 'redis', check: 'redis', title: 'Cache' };
  const away = { ok: false, reason: reason('net-timeout', { address: 'here' }) } as const;

  it('what was pressed since wins over what comes late', async (t) => {
    const waiting: (() => void)[] = [];
    const redis = () => new Promise<typeof away>((resolve) => waiting.push(() => resolve(away)));
    const stage = await setStage(t, { telegram: { stores: { ...noStores, redises: () => [ref], redis } } });
    stage.control.services.set('redis', serviceView('redis', noon, { title: 'Cache' }));
    await stage.heard();
    const { world } = stage;
    const person = world.user({ id: vera.id, first_name: 'V', language_code: 'en' });
    person.sends('/menu');
    const menu = await world.waitForMessage(vera.id, /Cache/);
    await person.taps(menu, 'Redis');
    await until(() => waiting.length === 1, 'the question');
    await person.taps(menu, 'Settings');
    const settings = await world.waitForMessage(vera.id, /Settings/);
    waiting[0]?.();
    person.sends('/cache');
    await until(() => waiting.length === 2, 'the second question');
    waiting[1]?.();
    await world.waitForMessage(
      vera.id,
      (message) => message.id !== settings.id && /does not answer/.test(message.text),
    );
    const shown = await world.waitForMessage(vera.id, (message) => message.id === settings.id);
    assert.match(shown.text, /^Settings/);
  });

  it('a mistake of ours is said, not swallowed', async (t) => {
    const redis = () => Promise.reject(new Error('a bug'));
    const stage = await setStage(t, { telegram: { stores: { ...noStores, redises: () => [ref], redis } } });
    await stage.heard();
    const person = stage.world.user({ id: vera.id, first_name: 'V', language_code: 'en' });
    person.sends('/cache');
    await stage.world.waitForMessage(vera.id, /Something went wrong here/);
    assert.ok(stage.log.some((line) => line.includes('a bug')));
  });
});

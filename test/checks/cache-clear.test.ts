import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type CacheClearer, createCacheClearer } from '../../src/checks/cache-clear.ts';
import type { KeyCount } from '../../src/core/stores.ts';
import { fill, fillAsShop, startRedis, watcherRights } from '../world/redis.ts';
import { say } from './asking.ts';

describe('clearing a cache', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let cache: CacheClearer;
  const soon = () => AbortSignal.timeout(20_000);

  before(async () => {
    redis = await startRedis();
    cache = createCacheClearer(redis.url);
  });
  beforeEach(async () => {
    await fillAsShop(redis.admin);
    await fill(redis.admin, 100, (n) => `notif:1d:${n}`);
  });
  after(async () => {
    await cache.close();
    await redis.stop();
  });

  const size = () => redis.admin.dbsize();
  const unheard = () => {};

  async function count(pattern: string): Promise<KeyCount> {
    const counted = await cache.count(pattern, soon(), unheard);
    assert.ok(counted.ok, counted.ok ? '' : say(counted.reason));
    return counted.value;
  }

  it('offers the patterns that are there', async () => {
    const sample = await cache.sample(soon(), Date.now());
    assert.ok(sample.ok);
    assert.deepEqual(
      sample.value.patterns.map(({ pattern, keys }) => [pattern, keys]),
      [
        ['user:*:balance', 12_000],
        ['user:*:lang', 3000],
        ['notif:1d:*', 100],
      ],
    );
  });

  it('counts without changing anything', async () => {
    const counted = await count('user:*:lang');
    assert.deepEqual([counted.matching, counted.total, Math.round(counted.percent)], [3000, 15_100, 20]);
    assert.equal(counted.needsCount, false);
    assert.equal(counted.examples.length, 5);
    assert.match(counted.examples[0] ?? '', /^user:\d+:lang$/);
    assert.equal(await size(), 15_100);
    const told: (readonly [number, number])[] = [];
    await cache.count('user:*:lang', soon(), (looked, of) => told.push([looked, of]));
    assert.deepEqual(told.at(-1), [15_100, 15_100]);
    assert.ok(told.length > 5, 'it says how far it is');
  });

  it('removes what was counted, and nothing else, telling how far it is', async () => {
    const told: (readonly [number, number])[] = [];
    const result = await cache.clear(await count('user:*:lang'), {
      confirmedCount: null,
      signal: soon(),
      onProgress: (removed, expected) => told.push([removed, expected]),
    });
    assert.ok(result.ok && !result.stopped);
    assert.equal(result.removed, 3000);
    assert.ok(result.took > 0);
    assert.equal(await size(), 12_100);
    assert.deepEqual(told.at(-1), [3000, 3000]);
    assert.ok(told.length > 3, 'step by step');
  });

  for (const pattern of ['*', '**', '?*', '*?', '[a-z]*', '[^x]*', ' ', '']) {
    it(`refuses “${pattern}”, whatever was typed`, async () => {
      const counted = await cache.count(pattern, soon(), unheard);
      assert.ok(!counted.ok);
      assert.equal(counted.reason.code, 'cache-everything');
      say(counted.reason);
      const forged = { pattern, matching: 15_100, total: 15_100, percent: 100, examples: [], needsCount: false };
      const result = await cache.clear(forged, { confirmedCount: 15_100, signal: soon(), onProgress: unheard });
      assert.ok(!result.ok);
      assert.equal(await size(), 15_100);
    });
  }

  it('refuses most of the keys until their number was typed', async () => {
    const counted = await count('user:*');
    assert.equal(counted.needsCount, true);
    const clear = (confirmedCount: number | null) =>
      cache.clear(counted, { confirmedCount, signal: soon(), onProgress: unheard });
    const untyped = await clear(null);
    assert.ok(!untyped.ok);
    assert.equal(say(untyped.reason), 'user:* covers 15,000 keys, 99 % of all: an owner has to type the number');
    const mistyped = await clear(1500);
    assert.ok(!mistyped.ok && mistyped.reason.code === 'cache-other-count');
    say(mistyped.reason);
    assert.equal(await size(), 15_100, 'nothing was removed');
    const steps: number[] = [];
    const typed = await cache.clear(counted, {
      confirmedCount: 15_000,
      signal: soon(),
      onProgress: (removed) => steps.push(removed),
    });
    assert.ok(typed.ok);
    assert.equal(await size(), 100);
    assert.ok(
      steps.every((removed, n) => removed - (steps[n - 1] ?? 0) <= 500),
      'never more than a batch at once',
    );
  });

  it('stops between two batches; what was removed is known', async () => {
    const stop = new AbortController();
    const result = await cache.clear(await count('user:*:lang'), {
      confirmedCount: null,
      signal: stop.signal,
      onProgress: (removed) => removed >= 1000 && stop.abort(),
    });
    assert.ok(result.ok && result.stopped);
    assert.ok(result.removed >= 1000 && result.removed < 3000, String(result.removed));
    assert.equal(await size(), 15_100 - result.removed);
  });

  it('stops after the batch that is on its way', async () => {
    const stop = new AbortController();
    const result = await cache.clear(await count('user:*'), {
      confirmedCount: 15_000,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    assert.ok(result.ok && result.stopped);
    assert.equal(result.removed, 500);
    assert.equal(await size(), 14_600);
  });

  it('a pattern with nothing behind it removes nothing', async () => {
    const result = await cache.clear(await count('nothing:*'), {
      confirmedCount: null,
      signal: soon(),
      onProgress: () => assert.fail('there is no progress'),
    });
    assert.ok(result.ok && result.removed === 0);
  });

  it('the watching user may count, but not remove', async () => {
    const watcher = createCacheClearer(await redis.addWatcher());
    const counted = await watcher.count('user:*:lang', soon(), unheard);
    assert.ok(counted.ok);
    const result = await watcher.clear(counted.value, { confirmedCount: null, signal: soon(), onProgress: unheard });
    assert.ok(!result.ok);
    assert.match(say(result.reason), /the user may not UNLINK$/);
    assert.equal(await size(), 15_100);
    await watcher.close();
  });

  it('the rights that docs/least-rights.md tells to give are enough, each for its purpose', async () => {
    const text = readFileSync(new URL('../../docs/least-rights.md', import.meta.url), 'utf8');
    const rightsOf = (user: string) => new RegExp(`ACL SETUSER ${user} on >PASSWORD (.*)`).exec(text)?.[1] ?? '';
    assert.equal(rightsOf('orbitmon'), watcherRights);
    const clearing = createCacheClearer(await redis.addWatcher(rightsOf('orbitclear')));
    const sample = await clearing.sample(soon(), Date.now());
    assert.ok(sample.ok && (sample.value.patterns[0]?.bytes ?? 0) > 0);
    const counted = await clearing.count('user:*:lang', soon(), unheard);
    assert.ok(counted.ok);
    const clear = { confirmedCount: null, signal: soon(), onProgress: unheard };
    const result = await clearing.clear(counted.value, clear);
    assert.ok(result.ok && result.removed === 3000);
    await redis.admin.set('sessions:1', 'not of the cache');
    const others = await clearing.count('sessions:*', soon(), unheard);
    assert.ok(others.ok);
    const refused = await clearing.clear(others.value, clear);
    assert.ok(!refused.ok);
    assert.match(say(refused.reason), /may not touch these keys$/);
    await clearing.close();
  });

  it('a Redis that is away is said so', async () => {
    const away = createCacheClearer('redis://127.0.0.1:1');
    const counted = await away.count('a:*', soon(), unheard);
    assert.ok(!counted.ok && counted.reason.code === 'net-refused');
  });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { worstFindings } from '../../src/checks/findings.ts';
import { isRedisUrl } from '../../src/checks/redis-connection.ts';
import { redisDeltas } from '../../src/checks/redis-deltas.ts';
import { parseInfo } from '../../src/checks/redis-info.ts';
import { judgeRedis } from '../../src/checks/redis-judge.ts';
import { patternOf } from '../../src/checks/redis-keys.ts';
import { cut } from '../../src/checks/redis-slowlog.ts';
import type { RedisDeltas } from '../../src/core/redis-details.ts';
import { say } from './asking.ts';

const megabyte = 1024 ** 2;

/** INFO of a healthy master, with changes. */
const info = (changes: Readonly<Record<string, string | number>> = {}) =>
  parseInfo(
    Object.entries({
      redis_version: '7.0.15',
      run_id: 'one',
      uptime_in_seconds: 1000,
      connected_clients: 10,
      blocked_clients: 0,
      maxclients: 1000,
      used_memory: 10 * megabyte,
      maxmemory: 100 * megabyte,
      maxmemory_policy: 'noeviction',
      total_system_memory: 1000 * megabyte,
      mem_fragmentation_ratio: 1.1,
      loading: 0,
      rdb_last_bgsave_status: 'ok',
      aof_enabled: 0,
      role: 'master',
      master_repl_offset: 5000,
      keyspace_hits: 0,
      keyspace_misses: 0,
      db0: 'keys=1000,expires=10,avg_ttl=5',
      ...changes,
    })
      .map(([name, value]) => `${name}:${value}`)
      .join('\r\n'),
  );

const noDeltas: RedisDeltas = {
  ms: 30_000,
  evicted: 0,
  expired: 0,
  rejected: 0,
  cpu: 1,
  received: 1,
  sent: 1,
  errors: [],
  keysBefore: 1000,
};

const judge = (changes: Readonly<Record<string, string | number>>, deltas: Partial<RedisDeltas> = {}) =>
  worstFindings(judgeRedis(info(changes), { ...noDeltas, ...deltas })).map(({ verdict, reason }) => {
    say(reason);
    return `${verdict} ${reason.code}`;
  });

describe('the thresholds of redis', () => {
  type Case = readonly [string, Readonly<Record<string, string | number>>, Partial<RedisDeltas>, readonly string[]];
  const cases: readonly Case[] = [
    ['nothing wrong', {}, {}, []],
    ['85 % of the limit', { used_memory: 85 * megabyte }, {}, []],
    ['86 % of the limit', { used_memory: 86 * megabyte }, {}, ['degraded redis-memory']],
    ['96 % with noeviction', { used_memory: 96 * megabyte }, {}, ['unhealthy redis-memory-full']],
    [
      '96 % of a cache that evicts',
      { used_memory: 96 * megabyte, maxmemory_policy: 'allkeys-lru' },
      {},
      ['degraded redis-memory'],
    ],
    ['96 % of the machine', { used_memory: 960 * megabyte, maxmemory: 0 }, {}, ['degraded redis-memory']],
    ['fragmentation of a little memory', { mem_fragmentation_ratio: 5 }, {}, []],
    [
      'fragmentation of much',
      { mem_fragmentation_ratio: 1.6, used_memory: 101 * megabyte, maxmemory: 0 },
      {},
      ['degraded redis-fragmented'],
    ],
    ['81 % of the clients', { connected_clients: 810 }, {}, ['degraded redis-clients']],
    ['rejected connections', {}, { rejected: 2 }, ['unhealthy redis-rejected']],
    ['evictions', {}, { evicted: 1 }, ['degraded redis-evicted']],
    ['refused writes', {}, { errors: [{ code: 'OOM', count: 1 }] }, ['unhealthy redis-refused-writes']],
    ['other errors', {}, { errors: [{ code: 'WRONGTYPE', count: 9 }] }, []],
    ['a journal that fails', { aof_enabled: 1, aof_last_write_status: 'err' }, {}, ['unhealthy redis-aof-failed']],
    ['a journal that is off', { aof_enabled: 0, aof_last_write_status: 'err' }, {}, []],
    [
      'a journal not rewritten',
      { aof_enabled: 1, aof_last_bgrewrite_status: 'err' },
      {},
      ['degraded redis-aof-rewrite-failed'],
    ],
    ['loading', { loading: 1 }, {}, ['unhealthy redis-is-loading']],
    [
      'a link down for a moment',
      { role: 'slave', master_link_status: 'down', master_link_down_since_seconds: 20 },
      {},
      [],
    ],
    [
      'a link down for long',
      { role: 'slave', master_link_status: 'down', master_link_down_since_seconds: 31 },
      {},
      ['unhealthy redis-link-down'],
    ],
    [
      'a replica that is syncing',
      { slave0: 'ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=0' },
      {},
      ['degraded redis-replica'],
    ],
    ['half of the keys gone', {}, { keysBefore: 2000 }, []],
    ['most of the keys gone', {}, { keysBefore: 5001 }, ['degraded redis-keys-dropped']],
  ];
  for (const [title, changes, deltas, expected] of cases)
    it(title, () => assert.deepEqual(judge(changes, deltas), expected));
});

describe('INFO', () => {
  it('replicas, databases and errors', () => {
    const read = info({
      slave0: 'ip=10.0.0.2,port=6379,state=online,offset=4900,lag=1',
      db3: 'keys=7,expires=0,avg_ttl=0',
      errorstat_NOPERM: 'count=4',
    });
    assert.deepEqual(read.replicas, [{ address: '10.0.0.2:6379', state: 'online', lag: 100 }]);
    assert.deepEqual(
      read.databases.map(({ db, keys }) => [db, keys]),
      [
        [0, 1000],
        [3, 7],
      ],
    );
    assert.equal(read.errors.NOPERM, 4);
  });

  it('an older server that says less', () => {
    const old = parseInfo('run_id:x\r\nuptime_in_seconds:1\r\nconnected_clients:1\r\nused_memory:1\r\n');
    assert.deepEqual([old.maxclients, old.evicted_keys, old.role], [null, null, '?']);
    assert.deepEqual(worstFindings(judgeRedis(old, null)), []);
  });

  it('something else is refused', () => assert.throws(() => parseInfo('<html>')));

  it('another run is no step', () => {
    const before = { at: 0, info: info() };
    assert.equal(redisDeltas(before, { at: 1000, info: info({ run_id: 'two' }) }), null);
    assert.equal(redisDeltas(before, { at: 1000, info: info({ db0: 'keys=5,expires=0' }) })?.keysBefore, 1000);
  });
});

describe('patterns of keys', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['user:123456789:balance', 'user:*:balance'],
    ['notif:expired:42', 'notif:expired:*'],
    ['notif:1d:42:2026-11-23', 'notif:1d:*:*'],
    ['notif:3d:42:2026-11-23 10:00:00', 'notif:3d:*:*'],
    ['auto_renewal:42:20261123', 'auto_renewal:*:*'],
    ['marzban:s001:node_metrics', 'marzban:s001:node_metrics'],
    ['group:-100123:x', 'group:*:x'],
    ['session:6f1c2a34-1111-2222-3333-444455556666', 'session:*'],
    ['token:0123456789abcdef', 'token:*'],
    ['odd:[a]*?', 'odd:\\[a\\]\\*\\?'],
    ['plain', 'plain'],
  ];
  for (const [key, pattern] of cases) it(`${key} is ${pattern}`, () => assert.equal(patternOf(key), pattern));
});

describe('slow commands', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['get', 'user:42:balance'], 'GET user:*:balance'],
    [['SET', 'user:42:balance', 'secret'], 'SET user:*:balance … +1'],
    [['EVAL', 'return 1', '0'], 'EVAL … +2'],
    [['AUTH', 'password'], 'AUTH … +1'],
    [['CONFIG', 'set', 'requirepass', 'secret'], 'CONFIG SET … +2'],
    [['KEYS', '*'], 'KEYS … +1'],
    [['PING'], 'PING'],
  ];
  for (const [words, text] of cases) it(text, () => assert.equal(cut(words), text));
});

it('addresses that are understood', () => {
  for (const url of [
    'redis://h',
    'redis://:p@h:1/2',
    'rediss://u:p@h',
    'unix:///run/redis.sock?db=1',
    'redis://[::1]:6379',
  ])
    assert.ok(isRedisUrl(url), url);
  for (const url of ['', 'localhost', 'http://h', 'redis://', 'redis://h/x', 'unix://'])
    assert.ok(!isRedisUrl(url), url);
});

it('what empties, lists or halts a server is nowhere in the code', () => {
  const src = new URL('../../src/', import.meta.url).pathname;
  const asked =
    /['"`](?:KEYS|FLUSHALL|FLUSHDB|MONITOR|DEBUG|SHUTDOWN|SWAPDB|DEL)['"`]|\.(?:keys|flushall|flushdb|monitor|debug)\('/;
  for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    if (!/redis/i.test(text)) continue;
    for (const line of text.split('\n')) {
      // The words by which the slow log's entries of others are told apart are not sent to anybody.
      if (entry.name === 'redis-slowlog.ts' && /^ {2}'DEBUG',$|^const alone/.test(line)) continue;
      assert.doesNotMatch(line, asked, entry.name);
    }
  }
});

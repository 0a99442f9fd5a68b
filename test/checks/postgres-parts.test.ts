import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { worstFindings } from '../../src/checks/findings.ts';
import { type PostgresReading, postgresDeltas } from '../../src/checks/postgres-deltas.ts';
import { judgePostgres } from '../../src/checks/postgres-judge.ts';
import { showQuery } from '../../src/checks/postgres-look.ts';
import { isPostgresUrl } from '../../src/checks/postgres-target.ts';
import type { PostgresDeltas, PostgresState } from '../../src/core/postgres-details.ts';
import { say } from './asking.ts';

const server: PostgresState['server'] = {
  version: '15.18',
  version_number: 150_018,
  started: 1_800_000_000,
  standby: false,
  max_connections: 103,
  reserved: 3,
  sees_all: true,
};
const connections: PostgresState['connections'] = {
  total: 10,
  used: 10,
  hidden: 0,
  active: 1,
  idle: 9,
  idle_in_transaction: 0,
  aborted: 0,
  waiting: 0,
  slow: 0,
  longest_wait: null,
  longest_transaction: null,
  longest_query: null,
  longest_idle: null,
};
const deltas: PostgresDeltas = {
  ms: 60_000,
  transactions: 1,
  rollbacks: 0,
  rowsRead: 1,
  rowsWritten: 1,
  deadlocks: 0,
  conflicts: 0,
  tempFiles: 0,
  tempBytes: 0,
  blocksRead: 0,
  cacheHit: 100,
};
const calm: PostgresState = {
  server,
  connections,
  deltas,
  replicas: [],
  standby: null,
  slots: [],
  archiver: null,
  wraparound: { name: 'shop', xid_age: 200_000_000, freeze_max: 200_000_000, percent: 9.3 },
  tables: [],
};

const judge = (changes: Partial<PostgresState>) =>
  worstFindings(judgePostgres({ ...calm, ...changes }, 'orbit_monitor')).map(({ verdict, reason }) => {
    say(reason);
    return `${verdict} ${reason.code}`;
  });

const sessions = (changes: Partial<typeof connections>) => ({ connections: { ...connections, ...changes } });
const table = (live: number, dead: number) => ({
  tables: [
    {
      schema: 'public',
      name: 'payments',
      live,
      dead,
      seq_tup_read: 0,
      idx_scan: 0,
      last_vacuum: null,
      last_analyze: null,
      about_bytes: 0,
    },
  ],
});
const slot = (gigabytes: number, active = false, wal_status = 'reserved') => ({
  slots: [{ name: 's', active, wal_status, retained_bytes: gigabytes * 1024 ** 3 }],
});
const archiver = (last_archived: number | null, last_failed: number | null) => ({
  archiver: { archived: 5, failed: 2, last_failed_wal: null, last_archived, last_failed },
});
const age = (xid_age: number, percent: number) => ({
  wraparound: { name: 'shop', xid_age, freeze_max: 200_000_000, percent },
});

describe('the thresholds of postgres', () => {
  const cases: readonly (readonly [string, Partial<PostgresState>, readonly string[]])[] = [
    ['nothing wrong', {}, []],
    ['80 % of the connections', sessions({ used: 80 }), []],
    ['81 %', sessions({ used: 81 }), ['degraded postgres-connections']],
    ['96 %', sessions({ used: 96 }), ['unhealthy postgres-connections']],
    ['a query of 30 s', sessions({ longest_query: 30 }), []],
    ['a query of 31 s', sessions({ longest_query: 31 }), ['degraded postgres-long-query']],
    ['idle in a transaction for 61 s', sessions({ longest_idle: 61 }), ['degraded postgres-idle-in-transaction']],
    ['waiting for a lock for 10 s', sessions({ waiting: 1, longest_wait: 10 }), []],
    ['waiting for a lock for 11 s', sessions({ waiting: 2, longest_wait: 11 }), ['degraded postgres-blocked']],
    ['a deadlock', { deltas: { ...deltas, deadlocks: 1 } }, ['degraded postgres-deadlocks']],
    ['a cold cache, few reads', { deltas: { ...deltas, cacheHit: 50, blocksRead: 1000 } }, []],
    [
      'a cold cache, many reads',
      { deltas: { ...deltas, cacheHit: 94, blocksRead: 1001 } },
      ['degraded postgres-cache'],
    ],
    ['a warm cache, many reads', { deltas: { ...deltas, cacheHit: 95, blocksRead: 99_999 } }, []],
    ['many dead rows of very many', table(100_000, 20_000), []],
    ['few dead rows, most of a table', table(10, 9000), []],
    ['many and a large share', table(30_000, 10_001), ['degraded postgres-dead-rows']],
    ['older than it may get', age(300_000_001, 14), ['degraded postgres-wraparound']],
    ['near the end', age(1_700_000_000, 79), ['unhealthy postgres-wraparound']],
    ['archiving that failed once and went on', archiver(200, 100), []],
    ['archiving that fails', archiver(100, 200), ['degraded postgres-archiver']],
    ['archiving that never worked', archiver(null, 200), ['degraded postgres-archiver']],
    ['a slot that is read', slot(5, true), []],
    ['a forgotten slot, little kept', slot(1), []],
    ['a forgotten slot', slot(1.1), ['degraded postgres-slot']],
    ['a lost slot', slot(0, false, 'lost'), ['degraded postgres-slot-lost']],
    ['a standby that is fed', { server: { ...server, standby: true }, standby: { status: 'streaming', lag_s: 0 } }, []],
    [
      'a standby alone',
      { server: { ...server, standby: true }, standby: { status: null, lag_s: 90 } },
      ['degraded postgres-standby'],
    ],
    [
      'hidden sessions',
      { ...sessions({ hidden: 3 }), server: { ...server, sees_all: false } },
      ['unknown postgres-hidden'],
    ],
    [
      'hidden sessions, and something worse',
      { ...sessions({ hidden: 3, used: 99 }), server: { ...server, sees_all: false } },
      ['unhealthy postgres-connections', 'unknown postgres-hidden'],
    ],
  ];
  for (const [title, changes, expected] of cases) it(title, () => assert.deepEqual(judge(changes), expected));
});

describe('steps between two readings', () => {
  const reading = (at: number, changes: Partial<PostgresReading['counters']> = {}): PostgresReading => ({
    at,
    started: 1,
    counters: {
      xact_commit: 1000,
      xact_rollback: 10,
      blks_read: 100,
      blks_hit: 900,
      tup_returned: 0,
      tup_written: 0,
      conflicts: 0,
      temp_files: 0,
      temp_bytes: 0,
      deadlocks: 0,
      stats_reset: 5,
      ...changes,
    },
  });

  it('rates and shares are of the time between', () => {
    const step = postgresDeltas(reading(0), reading(10_000, { xact_commit: 1500, blks_read: 125, blks_hit: 975 }));
    assert.equal(step?.transactions, 50);
    assert.equal(step?.cacheHit, 75, 'not 88, which is of its whole life');
  });

  it('no block was asked for: no share', () => assert.equal(postgresDeltas(reading(0), reading(1))?.cacheHit, null));

  it('reset counters, by hand or by a crash, are a baseline', () => {
    assert.equal(postgresDeltas(reading(0), reading(10_000, { stats_reset: 6, xact_commit: 2000 })), null);
    assert.equal(postgresDeltas(reading(0), reading(10_000, { xact_commit: 5 })), null);
    assert.equal(postgresDeltas(null, reading(0)), null);
  });
});

describe('a query that is shown', () => {
  const cases: readonly (readonly [string, string])[] = [
    ["SELECT  *\n FROM users WHERE name = 'Vera'", "SELECT * FROM users WHERE name = '…'"],
    ["ALTER ROLE bot PASSWORD 'it''s secret'", "ALTER ROLE bot PASSWORD '…'"],
    ["INSERT INTO x VALUES ('cut off in the midd", "INSERT INTO x VALUES ('…'"],
    ['DO $$ secret $$', 'DO $…$'],
    ['SELECT $1', 'SELECT $1'],
  ];
  for (const [sql, shown] of cases) it(shown, () => assert.equal(showQuery(sql), shown));
  it('is cut', () => assert.equal(showQuery('SELECT 1 + '.repeat(100)).length, 120));
});

it('addresses that are understood', () => {
  const good = [
    'postgresql://bot:pw@localhost:5432/shop',
    'postgres://bot@db/shop?sslmode=require',
    'postgresql+asyncpg://bot:p%40ss@localhost/shop',
    'postgresql://bot@/shop?host=/var/run/postgresql',
  ];
  for (const url of good) assert.ok(isPostgresUrl(url), url);
  for (const url of ['', 'localhost', 'mysql://a@b/c', 'shop']) assert.ok(!isPostgresUrl(url), url);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'libsql';
import { pino } from 'pino';
import { changeIncident } from '../../src/core/incident.ts';
import { reason } from '../../src/core/reason.ts';
import { openStore, type SqlStore } from '../../src/store/database.ts';
import { createIncidentTable } from '../../src/store/incidents.ts';
import { createSamples, type SampleOptions } from '../../src/store/samples.ts';
import { migrations } from '../../src/store/schema.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const noon = Date.UTC(2026, 10, 23, 12);

function keep(test: TestContext, folder = ':memory:', more: Partial<SampleOptions> = {}) {
  const store = openStore(folder);
  const log: string[] = [];
  const world = { now: noon };
  const samples = createSamples({
    store,
    retentionDays: 30,
    freeBytes: () => null,
    clock: () => world.now,
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    ...more,
  });
  let closed = false;
  const close = () => {
    if (!closed) store.close();
    closed = true;
  };
  test.after(close);
  const { history } = samples;
  return Object.assign(world, {
    ...{ store, samples, history, log, close },
    /** `values` of one number, ten seconds apart. */
    measure(values: readonly number[], metric = 'cpu', check = 'process', service = 'shop'): void {
      for (const value of values) {
        samples.add(service, check, [{ name: metric, value, unit: '%' }], world.now);
        world.now += 10 * SECOND;
        samples.tick();
      }
    },
    values(from: number, to: number, step?: number): readonly (readonly number[])[] {
      const answer = history.query({ service: 'shop', metric: 'cpu', from, to, ...(step !== undefined && { step }) });
      return (answer?.points ?? []).map(({ at, min, avg, max, last, count }) => [
        at - noon,
        min,
        avg,
        max,
        last,
        count,
      ]);
    },
  });
}

function rowsOf(store: SqlStore, table: 'samples' | 'rollups' | 'ten_minutes'): number {
  return Number(Object(store.connection.prepare(`SELECT count(*) AS n FROM ${table}`).get()).n);
}

async function folder(test: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'orbit-samples-'));
  test.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('the history', () => {
  it('gives back what was measured, what still waits in memory included', (test) => {
    const world = keep(test);
    world.samples.add('shop', 'process', [{ name: 'cpu', value: 5, unit: '%' }], noon);
    assert.deepEqual(world.values(noon, noon + MINUTE), [[0, 5, 5, 5, 5, 1]]);
    world.samples.flush();
    assert.deepEqual(world.values(noon, noon + MINUTE), [[0, 5, 5, 5, 5, 1]]);
  });

  it('rolls up to minutes and ten minutes, and shows the newest although it is not rolled up yet', (test) => {
    const world = keep(test);
    world.measure(Array.from({ length: 200 }, (_, index) => index));
    assert.deepEqual([rowsOf(world.store, 'rollups'), rowsOf(world.store, 'ten_minutes')], [33, 3]);
    assert.deepEqual(world.values(noon, noon + 40 * MINUTE, 10 * MINUTE), [
      [0, 0, 29.5, 59, 59, 60],
      [10 * MINUTE, 60, 89.5, 119, 119, 60],
      [20 * MINUTE, 120, 149.5, 179, 179, 60],
      [30 * MINUTE, 180, 189.5, 199, 199, 20],
    ]);
    assert.equal(world.values(noon, noon + 40 * MINUTE, MINUTE).length, 34);
  });

  it('lets go of each tier in its time', (test) => {
    const world = keep(test);
    world.measure([1, 2, 3, 4, 5, 6]);
    const counts = () =>
      ['SELECT count(*) AS n FROM samples', `SELECT count(*) AS n FROM rollups WHERE step = ${MINUTE}`].map((sql) =>
        Number(Object(world.store.connection.prepare(sql).get()).n),
      );
    world.now += 2 * MINUTE;
    world.samples.tick();
    assert.deepEqual(counts(), [6, 1]);
    world.now += DAY;
    world.samples.tick();
    assert.deepEqual(counts(), [0, 1]);
    assert.deepEqual(world.values(noon, noon + HOUR, MINUTE), [[0, 1, 3.5, 6, 6, 6]]);
    world.now += 3 * DAY;
    world.samples.tick();
    assert.deepEqual(counts(), [0, 0]);
    assert.equal(world.values(noon, noon + HOUR).length, 1);
    world.now += 31 * DAY;
    world.samples.tick();
    assert.equal(world.values(noon, noon + HOUR).length, 0);
    assert.deepEqual(world.history.series(), []);
    assert.equal(rowsOf(world.store, 'ten_minutes'), 0);
  });

  it('asks the process where nothing is said, and the check that is named', (test) => {
    const world = keep(test);
    world.measure([1], 'memory', 'cache');
    world.measure([2], 'memory', 'process');
    const ask = { service: 'shop', metric: 'memory', from: noon, to: noon + HOUR };
    assert.equal(world.history.query(ask)?.series.check, 'process');
    assert.equal(world.history.query({ ...ask, check: 'cache' })?.points[0]?.last, 1);
    assert.equal(world.history.query({ ...ask, check: 'none' }), null);
    assert.deepEqual(
      world.history.series('shop').map(({ check, metric }) => `${check}/${metric}`),
      ['process/memory', 'cache/memory'],
    );
  });

  it('marks starts and incidents, those that are still open too', (test) => {
    const world = keep(test);
    const incidents = createIncidentTable(world.store);
    const problem = { type: 'problem', kind: 'down', level: 'error', attempt: null, lines: [] } as const;
    const opened = changeIncident(null, 'shop', { ...problem, reason: reason('control-busy') }, () => 1, noon + HOUR);
    assert.ok(opened);
    incidents.save({ ...opened.incident, resolvedAt: noon + 2 * HOUR });
    incidents.save({ ...opened.incident, id: 2, openedAt: noon + 3 * HOUR });
    world.samples.started('shop', noon + HOUR + MINUTE);
    world.samples.started('other', noon + HOUR);
    world.samples.flush();
    assert.deepEqual(world.history.marks('shop', noon + 90 * MINUTE, noon + 4 * HOUR), {
      starts: [],
      incidents: [
        { from: noon + HOUR, to: noon + 2 * HOUR, level: 'error' },
        { from: noon + 3 * HOUR, to: null, level: 'error' },
      ],
    });
    assert.deepEqual(world.history.marks('shop', noon, noon + 2 * HOUR).starts, [noon + HOUR + MINUTE]);
  });
});

describe('trouble', () => {
  it('a killed manager loses what it had not written yet, and rolls up the rest as if nothing had been', async (test) => {
    const path = await folder(test);
    const script = `
      import { openStore } from ${JSON.stringify(new URL('../../src/store/database.ts', import.meta.url).href)};
      import { createSamples } from ${JSON.stringify(new URL('../../src/store/samples.ts', import.meta.url).href)};
      let now = ${noon};
      const log = { warn() {}, info() {} };
      const samples = createSamples({ store: openStore(${JSON.stringify(path)}), retentionDays: 30, freeBytes: () => null, clock: () => now, log });
      const add = (value) => samples.add('shop', 'process', [{ name: 'cpu', value, unit: '%' }], now);
      for (let n = 0; n < 9; n += 1) { add(n); now += 10_000; samples.tick(); }
      add(1000);
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: new URL('../..', import.meta.url).pathname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const world = keep(test, path);
    world.now = noon + 5 * MINUTE;
    world.samples.tick();
    assert.deepEqual(world.values(noon, noon + 5 * MINUTE, MINUTE), [
      [0, 0, 2.5, 5, 5, 6],
      [MINUTE, 6, 7, 8, 8, 3],
    ]);
  });

  it('a full disk drops samples, says so once, and goes on when there is room', async (test) => {
    const world = keep(test, await folder(test));
    world.measure([1]);
    const { connection } = world.store;
    const pages = Number(Object(connection.prepare('SELECT page_count AS n FROM pragma_page_count()').get()).n);
    connection.exec(`PRAGMA max_page_count = ${pages}`);
    world.measure(Array.from({ length: 2000 }, (_, n) => n));
    const said = world.log.filter((line) => line.includes('dropped'));
    assert.equal(said.length, 1, said.join(''));
    connection.exec('PRAGMA max_page_count = 1000000');
    const back = world.now;
    world.measure([7, 8]);
    assert.equal(world.log.filter((line) => line.includes('kept again')).length, 1);
    assert.deepEqual(
      world.values(back, back + MINUTE).map((row) => row[4]),
      [7, 8],
    );
  });

  it('leaves the last room on a disk to the alerts', (test) => {
    let free = 10 * 1024 * 1024;
    const world = keep(test, ':memory:', { freeBytes: () => free });
    world.measure([1, 2]);
    assert.deepEqual(world.values(noon, noon + HOUR), []);
    free = 1024 * 1024 * 1024;
    world.measure([3]);
    assert.deepEqual(
      world.values(noon, noon + HOUR).map((row) => row[4]),
      [3],
    );
  });

  it('stays within its bound', (test) => {
    const world = keep(test, ':memory:', { mostBytes: 300_000 });
    const metrics = Array.from({ length: 100 }, (_, n) => ({
      name: `n${n}`,
      value: Math.random(),
      unit: '%' as const,
    }));
    let most = 0;
    for (let n = 0; n < 900; n += 1) {
      world.samples.add('shop', 'process', metrics, world.now);
      world.now += 10 * SECOND;
      world.samples.tick();
      most = Math.max(most, world.history.bytes());
    }
    assert.ok(most < 700_000, String(most));
  });

  it('survives a clock that was set back', (test) => {
    const world = keep(test);
    world.measure([1, 1, 1, 1, 1, 1]);
    world.now += DAY;
    world.measure([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    world.now = noon + HOUR;
    world.measure([3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    assert.deepEqual(
      world.values(noon + HOUR, noon + HOUR + MINUTE, MINUTE).map((row) => row.slice(1)),
      [[3, 3, 3, 3, 6]],
    );
  });

  it('takes no numbers that are none, and no end of names', (test) => {
    const world = keep(test);
    world.measure([Number.NaN, Number.POSITIVE_INFINITY]);
    assert.deepEqual(world.history.series(), []);
    for (let n = 0; n < 5100; n += 1)
      world.samples.add('shop', 'log', [{ name: `n${n}`, value: 1, unit: 'count' }], world.now);
    assert.equal(world.history.series().length, 5000);
    assert.equal(world.log.filter((line) => line.includes('too many')).length, 1);
  });

  it('lets go of the oldest ten minutes of each number in turn', (test) => {
    const world = keep(test);
    for (let n = 0; n < 25; n++) world.samples.add('shop', `check-${n}`, [{ name: 'x', value: n, unit: 'ms' }], noon);
    world.now += 20 * MINUTE;
    world.samples.tick();
    world.samples.tick();
    assert.equal(rowsOf(world.store, 'ten_minutes'), 25);
    world.now += 30 * DAY - HOUR;
    for (let n = 0; n < 25; n++)
      world.samples.add('shop', `check-${n}`, [{ name: 'x', value: n, unit: 'ms' }], world.now);
    for (let minute = 0; minute < 75; minute++) {
      world.now += MINUTE;
      world.samples.tick();
    }
    assert.equal(rowsOf(world.store, 'ten_minutes'), 25, 'the new ones are there, the old ones are not');
    assert.equal(world.history.series().length, 25);
  });

  it('takes over what an older version has kept by ten minutes', async (test) => {
    const path = await folder(test);
    const version = migrations.findIndex((sql) => sql.includes('CREATE TABLE ten_minutes'));
    assert.ok(version > 0);
    const old = new Database(join(path, 'orbit.db'));
    for (const sql of migrations.slice(0, version)) old.exec(sql);
    old.exec(`PRAGMA user_version = ${version}`);
    old.exec(`INSERT INTO series VALUES (1, 'shop', 'process', 'cpu', '%', ${noon})`);
    for (let slot = 0; slot < 100; slot++)
      for (const step of [MINUTE, 10 * MINUTE])
        old.exec(`INSERT INTO rollups VALUES (${step}, ${noon / step - 200 + slot}, 1, 1, 2, 3, ${slot}, 60)`);
    old.close();
    const world = keep(test, path);
    assert.deepEqual([rowsOf(world.store, 'rollups'), rowsOf(world.store, 'ten_minutes')], [100, 100]);
    const kept = world.values(noon - 30 * DAY, noon, HOUR);
    assert.equal(kept.length, 21, 'the last three hours by the minute');
    assert.equal(kept[17]?.[4], 99);
  });
});

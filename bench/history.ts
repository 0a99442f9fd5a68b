/**
 * The history at 1,000 series: what taking in costs, what a sample takes on disk, how fast a 30-day chart is read.
 * `timeout 300 node --import tsx bench/history.ts [series]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { RAW_STEP, tiersOf } from '../src/core/history.ts';
import { openStore } from '../src/store/database.ts';
import { createSamples } from '../src/store/samples.ts';
import { head, quantile, row } from './figures.ts';

const count = Number(process.argv[2] ?? 1000);
const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** Each service has a CPU, a memory, a latency and seven more. */
const PER_SERVICE = 10;

const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
let now = Math.floor(Date.now() / DAY) * DAY;
const store = openStore(folder);
const log = pino({ level: 'silent' });
const samples = createSamples({
  store,
  retentionDays: 30,
  freeBytes: () => null,
  clock: () => now,
  log,
  mostBytes: 2 ** 40,
});
const { history } = samples;
const units = ['%', 'bytes', 'ms', 'count', 'per_s', '%', 'bytes', 'ms', 'count', 's'] as const;

function measure(): void {
  for (let n = 0; n < count / PER_SERVICE; n += 1)
    samples.add(
      `service${n}`,
      'process',
      units.map((unit, index) => ({
        ...{ name: `number${index}`, unit },
        value: unit === 'bytes' ? Math.round(Math.random() * 1e9) : unit === 'count' ? n : Math.random() * 100,
      })),
      now,
    );
}

try {
  const empty = history.bytes();
  const rounds = 360;
  const took: number[] = [];
  const before = process.cpuUsage();
  for (let n = 0; n < rounds; n += 1) {
    measure();
    now += RAW_STEP;
    const began = performance.now();
    samples.tick();
    took.push(performance.now() - began);
  }
  const { user, system } = process.cpuUsage(before);
  const bytes = history.bytes() - empty;
  const size = (sql: string) => Number(Object(store.connection.prepare(sql).get()).n);
  console.log(`${count} series every 10 s, ${rounds} rounds (one hour of simulated time)`);
  console.log(`CPU: ${(((user + system) / 1000 / (rounds * RAW_STEP)) * 100).toFixed(2)} % of a core`);
  console.log(head);
  console.log(row('one round: write, roll up, let go', took));
  console.log(`longest round ${quantile(took, 1).toFixed(1)} ms`);
  console.log(`bytes per sample, rollups included: ${(bytes / (rounds * count)).toFixed(1)}`);

  // A month as the tiers keep it; straight into the table, since a month of rounds would take hours.
  const [raw, , tens] = tiersOf(30);
  const rows = size('SELECT (SELECT count(*) FROM rollups) + (SELECT count(*) FROM ten_minutes) AS n');
  const kept10 = size('SELECT count(*) AS n FROM ten_minutes');
  const start = history.bytes();
  store.connection.exec(
    `INSERT OR IGNORE INTO ten_minutes
     WITH RECURSIVE slots (slot) AS (
       SELECT ${(now - 30 * DAY) / 600_000} UNION ALL SELECT slot + 1 FROM slots WHERE slot < ${now / 600_000})
     SELECT id, slot, 1.5, 50.25 + (slot * 7919 + id) % 1000 / 7.0, 99.125, 60.5, 60 FROM series, slots`,
  );
  // A month in one transaction leaves a log as large, through which every read would go; a manager's is small.
  store.connection.pragma('wal_checkpoint(TRUNCATE)');
  const added = size('SELECT count(*) AS n FROM ten_minutes') - kept10;
  const perRow = (history.bytes() - start) / added;
  console.log(`bytes per rollup row: ${perRow.toFixed(1)}`);
  const kept = { raw: raw.keep / RAW_STEP, minutes: (3 * DAY) / 60_000, tens: (tens?.keep ?? 0) / 600_000 };
  const rawBytes = (bytes - rows * perRow) / (rounds * count);
  const month = kept.raw * rawBytes + (kept.minutes + kept.tens) * perRow;
  const alone = ((30 * DAY) / RAW_STEP) * rawBytes;
  console.log(
    `raw sample ${rawBytes.toFixed(1)} bytes; a series for 30 days ${(month / 1024).toFixed(0)} KB, raw alone ${(alone / 1024).toFixed(0)} KB`,
  );

  for (const [name, span] of [
    ['1 h', HOUR],
    ['24 h', DAY],
    ['7 d', 7 * DAY],
    ['30 d', 30 * DAY],
  ] as const) {
    const times: number[] = [];
    let points = 0;
    for (let n = 0; n < 50; n += 1) {
      const began = performance.now();
      const answer = history.query({ service: `service${n}`, metric: 'number1', from: now - span, to: now });
      times.push(performance.now() - began);
      points = answer?.points.length ?? 0;
    }
    console.log(row(`query ${name} of one series (${points} points)`, times));
  }
} finally {
  store.close();
  rmSync(folder, { recursive: true });
}

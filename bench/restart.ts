/**
 * kill -9 of a service → its new process at work, `restart_delay: 0`: our process driver beside a bare Node loop that
 * spawns again on 'exit', the same service, kills in turn, so that whatever else the machine does hits both alike.
 *
 *   node --import tsx bench/restart.ts [kills]
 *
 * The clock runs in this process from right before the signal until the new service's first act, a write into a pipe
 * on which this process waits without polling.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from './figures.ts';

const kills = Number(process.argv[2] ?? 50);
const titles = {
  bare: 'bare Node: spawn again on exit',
  orbit: 'orbit, process driver',
  adopted: 'orbit, after kill -9 of itself',
};
type Way = keyof typeof titles;
const ways: readonly Way[] = ['bare', 'orbit', 'adopted'];

interface Contender {
  readonly way: Way;
  readonly host: ChildProcess;
  readonly pipe: number;
  readonly folder: string;
  readonly times: number[];
  pid: number;
}

const root = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
const buffer = Buffer.alloc(256);
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Blocks until a service is born; its pid. */
function birth(pipe: number): number {
  const length = readSync(pipe, buffer, 0, buffer.length, null);
  return Number(buffer.toString('latin1', 0, length).trim().split('\n').at(-1));
}

async function contender(way: Way): Promise<Contender> {
  const folder = join(root, way);
  mkdirSync(folder);
  execFileSync('mkfifo', [join(folder, 'born')]);
  // Both ends, so that opening waits for nobody.
  const pipe = openSync(join(folder, 'born'), constants.O_RDWR);
  const run = () =>
    fork(new URL('restart-host.ts', import.meta.url), [way === 'bare' ? 'bare' : 'orbit', folder], {
      execArgv: ['--import', 'tsx'],
    });
  const first = run();
  const pid = birth(pipe);
  if (way !== 'adopted') return { way, host: first, pipe, folder, times: [], pid };
  first.kill('SIGKILL');
  await once(first, 'exit');
  return { way, host: run(), pipe, folder, times: [], pid };
}

function measure(one: Contender): void {
  // Spread over a tenth of a second, so that a tool with a tick would be hit at every phase.
  Atomics.wait(pause, 0, 0, 50 + Math.random() * 100);
  const start = process.hrtime.bigint();
  process.kill(one.pid, 'SIGKILL');
  one.pid = birth(one.pipe);
  one.times.push(Number(process.hrtime.bigint() - start) / 1e6);
}

const contenders: Contender[] = [];
for (const way of ways) contenders.push(await contender(way));
Atomics.wait(pause, 0, 0, 2000);
const warmUp = 5;
for (let round = 0; round < kills + warmUp; round += 1) for (const one of contenders) measure(one);

console.log(
  `crash → running again, ms (${kills} kills each, in turn; ${cpus().length} cores, Node ${process.version})\n`,
);
console.log(`${''.padEnd(30)}    min  median     p95     p99   beside bare`);
let floor = Number.NaN;
let met = true;
for (const { way, times } of contenders) {
  const measured = times.slice(warmUp);
  const median = quantile(measured, 0.5);
  if (way === 'bare') floor = median;
  else met &&= median <= floor;
  const cells = [0, 0.5, 0.95, 0.99].map((part) => quantile(measured, part).toFixed(2).padStart(7));
  console.log(`${titles[way].padEnd(30)}${cells.join(' ')}   ${(median / floor).toFixed(2)}×`);
}
console.log(`\naim: median at or below the bare loop: ${met ? 'met' : 'MISSED'}`);

for (const one of contenders) {
  one.host.disconnect();
  await once(one.host, 'exit');
  closeSync(one.pipe);
}
rmSync(root, { recursive: true, force: true });

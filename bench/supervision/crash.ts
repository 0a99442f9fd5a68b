/** kill -9 → its successor's first act, ms. All at once and in turn, so that whatever else the machine does hits all. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../figures.ts';
import { type Births, openBirths } from './births.ts';
import { type Contender, contenders, inFolder, type Supervised } from './contenders.ts';
import { kill, sleep } from './processes.ts';
import type { Table } from './table.ts';

interface Runner {
  readonly title: string;
  readonly births: Births;
  readonly running: Supervised;
  readonly times: number[];
  pid: number;
}

const pause = new Int32Array(new SharedArrayBuffer(4));
const WARM_UP = 5;
/** Those that wait a second by design get fewer kills: their figure does not vary. */
const slow = new Set(['s6', 'supervisord']);
const SLOW_KILLS = 10;

/** One kill; the clock runs while this process is blocked and disturbs nobody. */
function killOne(runner: Runner): void {
  // Spread over a second's part, so that tools with a tick are hit at every phase. With seven in turn each service
  // lives for a second and more: runit waits before it starts anew what lived for less.
  Atomics.wait(pause, 0, 0, 250 + Math.random() * 150);
  runner.births.poll();
  const start = process.hrtime.bigint();
  kill(runner.pid);
  const [born] = runner.births.wait();
  runner.times.push(Number(process.hrtime.bigint() - start) / 1e6);
  runner.pid = born?.pid ?? 0;
}

async function begin(contender: Contender, folder: string): Promise<Runner> {
  mkdirSync(folder);
  const births = openBirths(folder);
  const services = new Map([['svc', `${births.script('svc')}; exec sleep 100000`]]);
  const running = await contender.supervise(folder, services, { stopTimeout: 5, restarts: 'quick' });
  return { title: contender.title, births, running, times: [], pid: await births.first() };
}

export function crash(kills: number): Promise<Table> {
  return inFolder(async (folder) => {
    const runners: Runner[] = [];
    for (const [index, contender] of contenders.entries())
      if (contender.missing() === null) runners.push(await begin(contender, join(folder, String(index))));
    // An adoption, a first health check and the compiler's first passes are over by then.
    await sleep(3000);
    for (let round = 0; round < kills + WARM_UP; round++)
      for (const runner of runners) if (!slow.has(runner.title) || round < SLOW_KILLS + WARM_UP) killOne(runner);
    await Promise.all(runners.map(({ running }) => running.end()));

    let floor = Number.NaN;
    const rows = contenders.map((contender) => {
      const runner = runners.find(({ title }) => title === contender.title);
      if (runner === undefined) return [contender.title, contender.missing() ?? ''];
      const times = runner.times.slice(WARM_UP);
      const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
      if (Number.isNaN(floor)) floor = p50;
      return [runner.title, String(times.length), p50.toFixed(2), p99.toFixed(2), `${(p50 / floor).toFixed(2)}×`];
    });
    for (const { births } of runners) births.close();
    return { title: 'Crash → running again, delay 0 (ms)', head: ['', 'kills', 'p50', 'p99', 'beside bare'], rows };
  });
}

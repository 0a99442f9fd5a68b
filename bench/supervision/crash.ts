/** kill -9 → its successor's first act. All at once and in turn, so that whatever else the machine does hits all. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../figures.ts';
import { type Births, openBirths } from './births.ts';
import { type Contender, inFolder, type Supervised } from './contender.ts';
import { contenders } from './contenders.ts';
import type { Part } from './part.ts';
import { kill, sleep } from './processes.ts';

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
const SLOW_KILLS = 8;
/** Each service lives for a second and more between two kills: runit waits before it starts anew what lived for less. */
const ROUND_MS = 1200;

/** One kill; the clock runs while this process is blocked and disturbs nobody. */
function killOne(runner: Runner, pauseMs: number): void {
  // Spread over a part of a second, so that tools with a tick are hit at every phase.
  Atomics.wait(pause, 0, 0, pauseMs * (0.8 + Math.random() * 0.5));
  runner.births.poll();
  const pid = runner.running.outer?.(runner.pid) ?? runner.pid;
  const start = process.hrtime.bigint();
  kill(pid);
  const [born] = runner.births.wait();
  runner.times.push(Number(process.hrtime.bigint() - start) / 1e6);
  runner.pid = born?.pid ?? 0;
}

async function begin(contender: Contender, folder: string): Promise<Runner> {
  mkdirSync(folder);
  const births = openBirths(folder);
  const services = new Map([['svc', `${births.script('svc')}; ${births.stay}`]]);
  const running = await contender.supervise(folder, services, { stopTimeout: 5, restarts: 'quick' });
  const pid = await births.first();
  if (pid === 0) throw new Error(`${contender.title} starts nothing`);
  return { title: contender.title, births, running, times: [], pid };
}

export function crash(kills: number): Promise<Part> {
  return inFolder(async (folder) => {
    const runners: Runner[] = [];
    for (const [index, contender] of contenders.entries())
      if (contender.missing() === null) runners.push(await begin(contender, join(folder, String(index))));
    // An adoption, a first health check and the compiler's first passes are over by then.
    await sleep(3000);
    for (let round = 0; round < kills + WARM_UP; round++)
      for (const runner of runners)
        if (!slow.has(runner.title) || round < SLOW_KILLS + WARM_UP) killOne(runner, ROUND_MS / runners.length);
    await Promise.all(runners.map(({ running }) => running.end()));
    for (const { births } of runners) births.close();

    const found = new Map(
      runners.map(({ title, times }) => {
        const counted = times.slice(WARM_UP);
        return [title, { p50: quantile(counted, 0.5), p99: quantile(counted, 0.99) }] as const;
      }),
    );
    const floor = found.get('bare Node spawn')?.p50 ?? Number.NaN;
    const rows = Object.fromEntries(
      [...found].map(([title, { p50, p99 }]) => [
        title,
        [`${p50.toFixed(2)} ms`, `${(p50 / floor).toFixed(2)}×`, `${p99.toFixed(1)} ms`],
      ]),
    );
    const aims = ['orbit', 'orbit, after kill -9 of itself'].flatMap((title) => {
      const { p50 = Number.NaN, p99 = Number.NaN } = found.get(title) ?? {};
      const peers = [...found].filter(([name]) => !name.startsWith('orbit') && !name.startsWith('bare'));
      const [best, time] = peers.reduce((a, b) => (b[1].p99 < a[1].p99 ? b : a), ['nobody', { p50: 0, p99: 1e9 }]);
      return [
        {
          aim: `${title}: crash → running again at or below the bare loop (median)`,
          measured: `${(p50 / floor).toFixed(2)}×`,
          met: p50 <= floor,
        },
        {
          aim: `${title}: crash → running again ahead of every peer (p99)`,
          measured: `${p99.toFixed(1)} ms, ${best} ${time.p99.toFixed(1)} ms`,
          met: p99 < time.p99,
        },
      ];
    });
    return { heads: ['crash → running, median', 'beside bare', 'p99'], rows, aims };
  });
}

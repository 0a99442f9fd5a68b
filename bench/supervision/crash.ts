/** kill -9 → its successor's first act, ms. */
import { quantile } from '../figures.ts';
import { type Births, openBirths } from './births.ts';
import { type Contender, contenders, inFolder } from './contenders.ts';
import { kill, sleep } from './processes.ts';
import type { Table } from './table.ts';

const pause = new Int32Array(new SharedArrayBuffer(4));

/** One kill; the clock runs while this process is blocked and disturbs nobody. */
function killOne(births: Births, pid: number): { readonly ms: number; readonly next: number } {
  // Spread over a second's part, so that tools with a tick are hit at every phase.
  Atomics.wait(pause, 0, 0, 50 + Math.random() * 150);
  births.poll();
  const start = process.hrtime.bigint();
  kill(pid);
  const [born] = births.wait();
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, next: born?.pid ?? 0 };
}

function measure(contender: Contender, kills: number): Promise<readonly number[]> {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const services = new Map([['svc', `${births.script('svc')}; exec sleep 100000`]]);
    const running = await contender.supervise(folder, services, { stopTimeout: 5, restarts: 'quick' });
    let pid = await births.first();
    // An adoption, a first health check and the compiler's first passes are over by then.
    await sleep(3000);
    const times: number[] = [];
    for (let round = 0; round < kills + 5; round++) {
      const { ms, next } = killOne(births, pid);
      if (round >= 5) times.push(ms);
      pid = next;
    }
    await running.end();
    births.close();
    return times;
  });
}

/** Those that wait a second by design get fewer kills: their figure does not vary. */
const slow = new Set(['s6', 'supervisord']);

export async function crash(kills: number): Promise<Table> {
  const rows: string[][] = [];
  let floor = Number.NaN;
  for (const contender of contenders) {
    const why = contender.missing();
    if (why !== null) {
      rows.push([contender.title, why]);
      continue;
    }
    const times = await measure(contender, slow.has(contender.title) ? 10 : kills);
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    if (Number.isNaN(floor)) floor = p50;
    rows.push([contender.title, String(times.length), p50.toFixed(2), p99.toFixed(2), `${(p50 / floor).toFixed(2)}×`]);
  }
  const title = 'Crash → running again, delay 0 (ms)';
  return { title, head: ['', 'kills', 'p50', 'p99', 'beside bare'], rows };
}

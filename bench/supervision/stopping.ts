/** Ten services are stopped together; one of them ignores every signal that can be ignored. */
import { openBirths } from './births.ts';
import { type Contender, contenders, inFolder } from './contenders.ts';
import { lives, sleep, soon } from './processes.ts';
import type { Table } from './table.ts';

const TIMEOUT_S = 5;
const GIVEN_UP_MS = 20_000;

function measure(contender: Contender) {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const names = Array.from({ length: 10 }, (_, number) => `s${number}`);
    const deaf = "trap '' TERM INT HUP QUIT; ";
    const services = new Map(
      names.map((name) => [name, `${name === 's0' ? deaf : ''}${births.script(name)}; exec sleep 100000`]),
    );
    const running = await contender.supervise(folder, services, { stopTimeout: TIMEOUT_S, restarts: 'quick' });
    const pids = new Map<string, number>();
    await soon(() => {
      for (const { name, pid } of births.poll()) pids.set(name, pid);
      return pids.size === 10;
    }, 20_000);
    await sleep(2500);
    const start = performance.now();
    let said = Number.NaN;
    const stopping = running.stop().then(() => {
      said = performance.now() - start;
    });
    const gone = new Map<string, number>();
    await soon(
      () => {
        for (const [name, pid] of pids) if (!gone.has(name) && !lives(pid)) gone.set(name, performance.now() - start);
        return gone.size === 10;
      },
      GIVEN_UP_MS,
      1,
    );
    await Promise.race([stopping, sleep(1000)]);
    await running.end();
    births.close();
    const others = names.slice(1).map((name) => gone.get(name) ?? Number.POSITIVE_INFINITY);
    return { others: Math.max(...others), deaf: gone.get('s0') ?? Number.POSITIVE_INFINITY, said };
  });
}

export async function stopping(): Promise<Table> {
  const rows: string[][] = [];
  const ms = (value: number) => (Number.isFinite(value) ? `${Math.round(value)} ms` : `not in ${GIVEN_UP_MS / 1000} s`);
  for (const contender of contenders.filter(({ title }) => !title.includes('kill -9'))) {
    const why = contender.missing();
    if (why !== null) {
      rows.push([contender.title, why]);
      continue;
    }
    const found = await measure(contender);
    rows.push([contender.title, ms(found.others), ms(found.deaf), ms(found.said)]);
  }
  const title = `Ten stopped, one ignores the signal (timeout ${TIMEOUT_S} s)`;
  return { title, head: ['', 'the other nine gone', 'the stubborn one gone', 'said to be done'], rows };
}

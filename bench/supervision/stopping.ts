/** Ten services are stopped together; one of them ignores every signal that can be ignored. */
import { openBirths } from './births.ts';
import { type Contender, inFolder } from './contender.ts';
import { programs } from './contenders.ts';
import type { Part } from './part.ts';
import { lives, sleep, soon } from './processes.ts';

const TIMEOUT_S = 3;
const GIVEN_UP_MS = 10_000;

function measure(contender: Contender) {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const names = Array.from({ length: 10 }, (_, number) => `s${number}`);
    const deaf = "trap '' TERM INT HUP QUIT; ";
    const services = new Map(
      names.map((name) => [name, `${name === 's0' ? deaf : ''}${births.script(name)}; ${births.stay}`]),
    );
    const running = await contender.supervise(folder, services, { stopTimeout: TIMEOUT_S, restarts: 'quick' });
    const pids = new Map<string, number>();
    await soon(() => {
      for (const { name, pid } of births.poll()) pids.set(name, running.outer?.(pid) ?? pid);
      return pids.size === 10;
    }, 20_000);
    await sleep(1500);
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
    births.close();
    await running.end();
    const others = names.slice(1).map((name) => gone.get(name) ?? Number.POSITIVE_INFINITY);
    return { others: Math.max(...others), deaf: gone.get('s0') ?? Number.POSITIVE_INFINITY, said };
  });
}

export async function stopping(): Promise<Part> {
  const rows: Record<string, string[]> = {};
  const ms = (value: number) => (Number.isFinite(value) ? `${Math.round(value)} ms` : `not in ${GIVEN_UP_MS / 1000} s`);
  let own = { others: Number.NaN, deaf: Number.NaN };
  for (const contender of programs) {
    if (contender.missing() !== null) continue;
    const found = await measure(contender);
    if (contender.title === 'orbit') own = found;
    rows[contender.title] = [ms(found.others), ms(found.deaf)];
  }
  return {
    heads: ['ten stopped: nine gone', `one ignores it (${TIMEOUT_S} s)`],
    rows,
    aims: [
      {
        aim: 'ten stopped: nine gone at once, the one that ignores the signal at its timeout',
        measured: `${ms(own.others)}, ${ms(own.deaf)}`,
        met: own.others < 500 && own.deaf >= TIMEOUT_S * 1000 && own.deaf < TIMEOUT_S * 1000 + 500,
      },
    ],
  };
}

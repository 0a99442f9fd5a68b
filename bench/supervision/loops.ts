/** A service that ran well for a while and then crashes at every start: how often it is started in 20 s. */
import { existsSync, writeFileSync } from 'node:fs';
import { openBirths } from './births.ts';
import { type Contender, inFolder } from './contender.ts';
import { programs } from './contenders.ts';
import type { Part } from './part.ts';
import { cpuOf, sleep, soon } from './processes.ts';

const WATCHED_MS = 20_000;
/** `max_restarts` of a service that says nothing of it: more starts than these no window of ten minutes allows. */
const ALLOWED = 5;

async function measure(contender: Contender, afters: readonly number[]) {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const name = (after: number) => `after${after}`;
    const broken = (after: number) => `${folder}/broken-${after}`;
    const mended = (after: number) => `${folder}/mended-${after}`;
    const script = (after: number) =>
      [
        `[ -e ${mended(after)} ] && ${births.stay}`,
        births.script(name(after)),
        `[ -e ${broken(after)} ] && exit 1`,
        `${folder}/sleep ${after}; : >${broken(after)}; exit 1`,
      ].join('; ');
    const services = new Map(afters.map((after) => [name(after), script(after)]));
    const running = await contender.supervise(folder, services, { stopTimeout: 5, restarts: 'default' });
    await births.first();
    const found: { starts: number; cpu: number }[] = [];
    // One after the other, so that each has its own share of the manager's time.
    for (const after of afters) {
      await soon(() => existsSync(broken(after)), after * 1000 + 10_000);
      births.poll();
      const all = [...running.manager(), ...running.beside()];
      const before = cpuOf(all);
      let starts = 0;
      for (const end = performance.now() + WATCHED_MS; performance.now() < end; await sleep(20))
        starts += births.poll().filter((born) => born.name === name(after)).length;
      found.push({ starts, cpu: cpuOf(all) - before });
      writeFileSync(mended(after), '');
    }
    births.close();
    await running.end();
    return found;
  });
}

/** `afters`: seconds from the first start to the first crash, each at least 21 more than the one before. */
export async function loops(afters: readonly number[]): Promise<Part> {
  const rows: Record<string, string[]> = {};
  let own: readonly { starts: number; cpu: number }[] = [];
  // Side by side: starts are counted, and processor time is each one's own. The bare loop would take all of it.
  await Promise.all(
    programs.map(async (contender) => {
      if (contender.missing() !== null || contender.title.startsWith('bare')) return;
      const found = await measure(contender, afters);
      if (contender.title === 'orbit') own = found;
      rows[contender.title] = found.map(({ starts, cpu }) => `${starts} (${Math.round(cpu)} ms)`);
    }),
  );
  const heads = afters.map((after, index) => `loop after ${after} s: starts${index === 0 ? ' in 20 s (CPU)' : ''}`);
  return {
    heads,
    rows,
    aims: [
      {
        aim: `a crash loop: never more starts than the window allows (${ALLOWED}), CPU below 1 %`,
        measured: own.map(({ starts, cpu }) => `${starts} (${(cpu / 200).toFixed(2)} %)`).join(', '),
        met: own.length > 0 && own.every(({ starts, cpu }) => starts <= ALLOWED && cpu / 200 < 1),
      },
    ],
  };
}

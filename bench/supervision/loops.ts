/** A service that ran well for a while and then crashes at every start: how often it is started in 20 s. */
import { openBirths } from './births.ts';
import { type Contender, contenders, inFolder } from './contenders.ts';
import { cpuOf, lives, sleep, soon } from './processes.ts';
import type { Table } from './table.ts';

const WATCHED_MS = 20_000;

function measure(contender: Contender, after: number, restarts: 'default' | 'quick') {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const flag = `${folder}/broken`;
    const script = `${births.script('svc')}; [ -e ${flag} ] && exit 1; sleep ${after}; : >${flag}; exit 1`;
    const running = await contender.supervise(folder, new Map([['svc', script]]), { stopTimeout: 5, restarts });
    const first = await births.first();
    await soon(() => !lives(first), after * 1000 + 5000);
    const before = cpuOf([...running.manager(), ...running.beside()]);
    const end = performance.now() + WATCHED_MS;
    let starts = 0;
    while (performance.now() < end) {
      await sleep(20);
      starts += births.poll().length;
    }
    const cpu = cpuOf([...running.manager(), ...running.beside()]) - before;
    await running.end();
    births.close();
    return [String(starts), `${Math.round(cpu)} ms`] as const;
  });
}

export async function loops(): Promise<Table> {
  const rows: string[][] = [];
  const peers = contenders.filter(({ title }) => !title.includes('kill -9') && !title.startsWith('bare'));
  const ways = peers.flatMap((contender) =>
    contender.title === 'orbit'
      ? (['default', 'quick'] as const).map((way) => [contender, way] as const)
      : [[contender, 'default'] as const],
  );
  for (const [contender, way] of ways) {
    const title =
      way === 'quick' ? `${contender.title}, delay 0, 1000 exits a minute` : `${contender.title}, as it comes`;
    const why = contender.missing();
    if (why !== null) {
      rows.push([title, why]);
      continue;
    }
    // The two side by side: neither takes a processor for itself.
    const [soonCrash, lateCrash] = await Promise.all([measure(contender, 3, way), measure(contender, 25, way)]);
    rows.push([title, ...soonCrash, ...lateCrash]);
  }
  const head = ['', '3 s: starts', 'CPU', '25 s: starts', 'CPU'];
  return { title: 'Crash loop beginning 3 s or 25 s after the start: starts in 20 s', head, rows };
}

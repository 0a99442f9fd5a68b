/** Grandchildren of a service that was stopped, that crashed, that was given up: gone? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBirths } from './births.ts';
import { type Contender, inFolder } from './contender.ts';
import { programs } from './contenders.ts';
import type { Part } from './part.ts';
import { kill, lives, sleep, soon } from './processes.ts';

const ends = ['stop', 'crash', 'failed'] as const;
type End = (typeof ends)[number];
const PATIENCE_MS = 6000;

/** Whether the one in the service's process group is gone, and the one in a session of its own. */
function measure(contender: Contender, end: End): Promise<readonly boolean[]> {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const own = `setsid sh -c 'echo $$ >>${folder}/own; ${births.stay}' &`;
    const same = `"${folder}/sleep" 100000 & echo $! >>${folder}/same;`;
    const wait = `while [ ! -s ${folder}/own ]; do sleep 0.01; done;`;
    const services = new Map([['svc', `${own} ${same} ${wait} ${births.script('svc')}; ${births.stay}`]]);
    const restarts = end === 'failed' ? 'once' : 'quick';
    const running = await contender.supervise(folder, services, { stopTimeout: 5, restarts });
    const outer = (pid: number) => running.outer?.(pid) ?? pid;
    const pid = outer(await births.first());
    await sleep(1500);
    const first = ['same', 'own'].map((name) => outer(Number(readFileSync(join(folder, name), 'utf8').split('\n')[0])));
    if (end === 'stop') await running.stop(['svc']);
    else {
      kill(pid);
      if (end === 'crash') await soon(() => births.poll().length > 0, PATIENCE_MS);
    }
    await soon(() => !first.some(lives), PATIENCE_MS);
    const gone = first.map((each) => !lives(each));
    births.close();
    await running.end();
    return gone;
  });
}

/** These know no giving up: they start again for ever. */
const endless = new Set(['bare Node spawn', 'runit', 's6']);

export async function trees(): Promise<Part> {
  const rows: Record<string, string[]> = {};
  let own: readonly boolean[] = [];
  // Side by side: what counts is yes or no.
  await Promise.all(
    programs.map(async (contender) => {
      if (contender.missing() !== null) return;
      const found = await Promise.all(
        ends.map((end) => (end === 'failed' && endless.has(contender.title) ? null : measure(contender, end))),
      );
      if (contender.title === 'orbit') own = found.flatMap((gone) => gone ?? []);
      rows[contender.title] = found.map((gone) => gone?.map((yes) => (yes ? 'yes' : 'no')).join(' / ') ?? 'n/a');
    }),
  );
  const heads = ends.map((end, index) => `gone after ${end}${index === 0 ? ' (group / own session)' : ''}`);
  return {
    heads,
    rows,
    aims: [
      {
        aim: 'grandchildren gone after stop, crash and failed, in the same group and in a session of their own',
        measured: `${own.filter(Boolean).length} of 6`,
        met: own.length === 6 && own.every(Boolean),
      },
    ],
  };
}

/** Grandchildren of a service that was stopped, that crashed, that was given up: gone? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBirths } from './births.ts';
import { type Contender, contenders, inFolder } from './contenders.ts';
import { kill, lives, sleep, soon } from './processes.ts';
import type { Table } from './table.ts';

type End = 'stop' | 'crash' | 'failed';
const PATIENCE_MS = 5000;

function measure(contender: Contender, end: End): Promise<readonly [string, string]> {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const own = `setsid sh -c 'echo $$ >>${folder}/own; exec sleep 100000' &`;
    const same = `sleep 100000 & echo $! >>${folder}/same;`;
    const wait = `while [ ! -s ${folder}/own ]; do sleep 0.01; done;`;
    const services = new Map([['svc', `${own} ${same} ${wait} ${births.script('svc')}; exec sleep 100000`]]);
    const restarts = end === 'failed' ? 'once' : 'quick';
    const running = await contender.supervise(folder, services, { stopTimeout: 5, restarts });
    const pid = await births.first();
    await sleep(1500);
    const first = ['same', 'own'].map((name) => Number(readFileSync(join(folder, name), 'utf8').split('\n')[0]));
    if (end === 'stop') await running.stop(['svc']);
    else {
      kill(pid);
      if (end === 'crash') await soon(() => births.poll().length > 0, PATIENCE_MS);
    }
    await soon(() => !first.some(lives), PATIENCE_MS);
    const [inGroup, inSession] = first.map((each) => (lives(each) ? 'no' : 'yes'));
    await running.end();
    births.close();
    return [inGroup ?? '?', inSession ?? '?'] as const;
  });
}

export async function trees(): Promise<Table> {
  const rows: string[][] = [];
  for (const contender of contenders.filter(({ title }) => !title.includes('kill -9'))) {
    const why = contender.missing();
    if (why !== null) {
      rows.push([contender.title, why]);
      continue;
    }
    const cells: string[] = [];
    // These know no giving up: they start again for ever.
    const endless = ['bare Node spawn', 'runit', 's6'].includes(contender.title);
    for (const end of ['stop', 'crash', 'failed'] as const)
      cells.push(...(end === 'failed' && endless ? ['n/a', 'n/a'] : await measure(contender, end)));
    rows.push([contender.title, ...cells]);
  }
  const head = [
    '',
    'stop, group',
    'stop, session',
    'crash, group',
    'crash, session',
    'failed, group',
    'failed, session',
  ];
  return { title: 'Grandchildren gone (same process group / a session of their own)', head, rows };
}

/** Our manager and what stands beside its services, killed at random moments, while they work. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBirths } from './births.ts';
import { inFolder } from './contender.ts';
import { attendantsIn, configureOrbit, controlOf, startOrbit } from './ours.ts';
import type { Part } from './part.ts';
import { kill, lives, ofFolder, sleep, soon } from './processes.ts';

/** Longer than the manager takes to be at work, so that its start is hit too. */
const UP_TO_MS = 1500;
const CALM_EVERY = 4;
/** Managers side by side, each with services of its own. */
const SIDE_BY_SIDE = 4;

interface Found {
  readonly downtime: number;
  readonly doubled: number;
  readonly orphans: number;
  readonly lost: number;
  readonly asked: number;
  readonly stuck: number;
}

function killRepeatedly(rounds: number): Promise<Found> {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const steady = ['s0', 's1', 's2'];
    const code = join(folder, 'code');
    writeFileSync(code, '0');
    const services = new Map([
      ...steady.map((name) => [name, `${births.script(name)}; ${births.stay}`] as const),
      ['moved', `${births.script('moved')}; ${births.stay}`],
      // Ends with the code that stands in the file, when it is told to.
      [
        'crasher',
        `trap 'read -r code <${code}; exit "$code"' USR1; ${births.script('crasher')}; while :; do ${folder}/sleep 0.05; done`,
      ],
    ]);
    configureOrbit(folder, services, { stopTimeout: 3, restarts: 'quick' });
    const client = controlOf(folder, 3000);

    /** All that was ever born and lives, by service. */
    const alive = new Map<string, Set<number>>();
    const down = new Map<string, number>();
    let doubled = 0;
    let seen = performance.now();
    const look = (): void => {
      for (const { name, pid } of births.poll()) alive.set(name, (alive.get(name) ?? new Set()).add(pid));
      const now = performance.now();
      for (const [name, pids] of alive) {
        for (const pid of pids) if (!lives(pid)) pids.delete(pid);
        if (pids.size > 1) doubled += 1;
        if (pids.size === 0 && steady.includes(name)) down.set(name, (down.get(name) ?? 0) + now - seen);
      }
      seen = now;
    };
    const watch = setInterval(look, 20);

    let manager: ChildProcess = startOrbit(folder);
    const calm = async (): Promise<boolean> => {
      for (let tries = 0; tries < 200; tries++) {
        const shot = await client.snapshot();
        // An operator's stop that was cut off before its start is remembered, rightly.
        const settled = ({ name, state }: { readonly name: string; readonly state: string }) =>
          state === 'running' || (name === 'moved' && state === 'stopped');
        if (shot.ok && shot.value.services.every(settled)) return true;
        await sleep(50);
      }
      return false;
    };
    const lastExit = async (): Promise<number | null> => {
      const shot = await client.snapshot();
      return shot.ok ? (shot.value.services.find(({ name }) => name === 'crasher')?.lastExit?.code ?? null) : null;
    };
    const crash = (round: number): void => {
      writeFileSync(code, String(1 + (round % 100)));
      for (const pid of alive.get('crasher') ?? []) kill(pid, 'SIGUSR1');
    };

    let lost = 0;
    let asked = 0;
    let stuck = 0;
    if (!(await calm())) stuck += 1;
    for (let round = 0; round < rounds; round++) {
      const calmly = round % CALM_EVERY === CALM_EVERY - 1;
      if ((calmly || round % CALM_EVERY === 0) && !(await calm())) stuck += 1;
      await sleep(Math.random() * UP_TO_MS);
      if (round % 3 === 0) void client.act('moved', 'restart');
      if (round % 3 === 1) void client.act('moved', 'stop').then(() => client.act('moved', 'start'));
      if (round % 3 === 2 && !calmly) crash(round);
      await sleep(Math.random() * 20);
      manager.kill('SIGKILL');
      const besideToo = round % 2 === 0;
      if (besideToo) for (const pid of attendantsIn(folder)) kill(pid);
      await soon(() => !lives(manager.pid ?? 0), 5000);
      // Ends while nobody of ours is there but what stands beside it.
      const pid = [...(alive.get('crasher') ?? [])].at(-1);
      const tell = calmly && !besideToo && pid !== undefined && lives(pid);
      if (tell) {
        crash(round);
        await soon(() => !lives(pid), 3000);
      }
      manager = startOrbit(folder);
      if (!tell) continue;
      asked += 1;
      if (!(await calm())) stuck += 1;
      if ((await lastExit()) !== 1 + (round % 100)) lost += 1;
    }
    await client.act('moved', 'start');
    if (!(await calm())) stuck += 1;
    await sleep(1000);
    look();
    clearInterval(watch);
    await client.actAll('stop');
    manager.kill('SIGTERM');
    await soon(() => !lives(manager.pid ?? 0), 10_000);
    const orphans = ofFolder(folder).length;
    births.close();
    const downtime = [...down.values()].reduce((sum, ms) => sum + ms, 0);
    return { downtime, doubled, orphans, lost, asked, stuck };
  });
}

export async function kills(rounds: number): Promise<Part> {
  const each = Math.ceil(rounds / SIDE_BY_SIDE);
  const all = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => killRepeatedly(each)));
  const sum = (key: keyof Found) => all.reduce((total, found) => total + found[key], 0);
  const [downtime, doubled, orphans, lost, stuck] = (['downtime', 'doubled', 'orphans', 'lost', 'stuck'] as const).map(
    sum,
  );
  const cells = [`${Math.round(downtime ?? 0)} ms`, String(doubled), String(orphans), `${lost} of ${sum('asked')}`];
  return {
    heads: [`killed ${each * SIDE_BY_SIDE} times: downtime`, 'doubles', 'orphans', 'exit codes lost'],
    rows: { orbit: cells },
    aims: [
      {
        aim: 'killed at random moments: no downtime, no doubles, no orphans, no exit code lost, always calm again in 10 s',
        measured: `${cells.join(', ')}, not calm ${stuck} times`,
        met: downtime === 0 && doubled === 0 && orphans === 0 && lost === 0 && stuck === 0,
      },
    ],
  };
}

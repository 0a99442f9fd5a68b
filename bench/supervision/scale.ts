/** Many services: how soon they are up, what stands beside them, what watching them costs. */
import { openBirths } from './births.ts';
import { type Contender, inFolder } from './contender.ts';
import { programs } from './contenders.ts';
import { unmeasured } from './ours.ts';
import type { Part } from './part.ts';
import { cpuOf, pssOf, sleep } from './processes.ts';

const SETTLES_S = 4;
/** As long as our manager's rounds of measuring and of writing what it measured. */
const IDLE_S = 10;
/** What each service may cost, bytes. */
const MANAGER_AIM = 30 * 1024;
const BESIDE_AIM = 250 * 1024;

function measure(contender: Contender, count: number) {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const names = Array.from({ length: count }, (_, number) => `s${number}`);
    const services = new Map(names.map((name) => [name, `${births.script(name)}; ${births.stay}`]));
    const called = performance.now();
    const starting = contender.supervise(folder, services, { stopTimeout: 10, restarts: 'default' });
    const born = new Set<string>();
    let last = Number.NaN;
    while (born.size < count && performance.now() - called < 120_000) {
      await sleep(1);
      for (const { name } of births.poll()) born.add(name);
      last = performance.now();
    }
    const running = await starting;
    await sleep(1000 * (running.settles ?? SETTLES_S));
    const all = [...running.manager(), ...running.beside()];
    const before = cpuOf(all);
    if (count > 1) await sleep(IDLE_S * 1000);
    const cpu = (cpuOf(all) - before) / (IDLE_S * 10);
    const up = last - (running.began ?? called);
    const result = { up, born: born.size, manager: pssOf(running.manager()), beside: pssOf(running.beside()), cpu };
    births.close();
    await running.end();
    return result;
  });
}

export async function scale(count: number): Promise<Part> {
  const rows: Record<string, string[]> = {};
  const ups = new Map<string, number>();
  const idle: string[] = [];
  const grown = { manager: Number.NaN, beside: Number.NaN, cpu: Number.NaN };
  for (const contender of programs) {
    if (contender.missing() !== null) continue;
    const one = await measure(contender, 1);
    const many = await measure(contender, count);
    const manager = (many.manager - one.manager) / (count - 1);
    const beside = many.beside / count;
    let cpu = `${many.cpu.toFixed(2)} %`;
    if (contender.title === 'orbit') {
      const without = await measure(unmeasured, count);
      Object.assign(grown, { manager, beside, cpu: many.cpu });
      idle.push(`${cpu}, ${without.cpu.toFixed(2)} % without measuring each process`);
      cpu += ` (${without.cpu.toFixed(2)} % unmeasured)`;
    }
    if (many.born === count) ups.set(contender.title, many.up);
    rows[contender.title] = [
      many.born === count ? `${Math.round(many.up)} ms` : `only ${many.born} in 120 s`,
      `${(many.manager / 1024 / 1024).toFixed(1)} MB`,
      `${(manager / 1024).toFixed(1)} KB`,
      `${(beside / 1024).toFixed(0)} KB`,
      cpu,
    ];
  }
  const ahead = (ups.get('pm2') ?? Number.NaN) / (ups.get('orbit') ?? Number.NaN);
  return {
    heads: [`${count} up`, 'manager PSS', 'it grows by, each', 'stands beside each', 'idle CPU'],
    rows,
    aims: [
      {
        aim: `${count} services up three times sooner than by pm2`,
        measured: Number.isNaN(ahead) ? 'pm2 is not there' : `${ahead.toFixed(1)} times`,
        met: ahead >= 3,
      },
      {
        aim: 'the manager grows by less than 30 KB PSS a service',
        measured: `${(grown.manager / 1024).toFixed(1)} KB`,
        met: grown.manager < MANAGER_AIM,
      },
      {
        aim: 'what stands beside each service takes less than 250 KB PSS',
        measured: `${(grown.beside / 1024).toFixed(0)} KB`,
        met: grown.beside < BESIDE_AIM,
      },
      { aim: 'idle CPU below 1 % of a core', measured: idle.join(), met: grown.cpu < 1 },
    ],
  };
}

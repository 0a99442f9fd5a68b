/** Many services: how soon they are up, what stands beside them, what watching them costs. */
import { openBirths } from './births.ts';
import { type Contender, contenders, inFolder } from './contenders.ts';
import { cpuOf, pssOf, sleep } from './processes.ts';
import type { Table } from './table.ts';

const IDLE_S = 10;

function measure(contender: Contender, count: number) {
  return inFolder(async (folder) => {
    const births = openBirths(folder);
    const names = Array.from({ length: count }, (_, number) => `s${number}`);
    const services = new Map(names.map((name) => [name, `${births.script(name)}; exec sleep 100000`]));
    const start = performance.now();
    const starting = contender.supervise(folder, services, { stopTimeout: 5, restarts: 'quick' });
    const born = new Set<string>();
    let up = Number.NaN;
    while (born.size < count && performance.now() - start < 120_000) {
      await sleep(1);
      for (const { name } of births.poll()) born.add(name);
      up = performance.now() - start;
    }
    const running = await starting;
    await sleep(5000);
    const before = cpuOf([...running.manager(), ...running.beside()]);
    await sleep(IDLE_S * 1000);
    const cpu = (cpuOf([...running.manager(), ...running.beside()]) - before) / (IDLE_S * 10);
    const beside = running.beside();
    const result = { up, born: born.size, manager: pssOf(running.manager()), beside: pssOf(beside), cpu };
    await running.end();
    births.close();
    return result;
  });
}

export async function scale(count: number): Promise<Table> {
  const rows: string[][] = [];
  for (const contender of contenders.filter(({ title }) => !title.includes('kill -9'))) {
    const why = contender.missing();
    if (why !== null) {
      rows.push([contender.title, why]);
      continue;
    }
    const one = await measure(contender, 1);
    const many = await measure(contender, count);
    const each = (bytes: number) => `${(bytes / count / 1024).toFixed(1)} KB`;
    rows.push([
      contender.title,
      many.born === count ? `${Math.round(many.up)} ms` : `only ${many.born} in 120 s`,
      `${(many.manager / 1024 / 1024).toFixed(1)} MB`,
      each(many.manager - one.manager),
      each(many.beside),
      `${many.cpu.toFixed(2)} %`,
    ]);
  }
  const head = ['', 'all up', 'manager PSS', 'manager, per service', 'beside each', 'idle CPU'];
  return { title: `${count} services`, head, rows };
}

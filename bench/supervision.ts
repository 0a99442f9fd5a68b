/**
 * Supervision, measured beside the bare Node loop, runit, s6, supervisord, pm2 and systemd: one table.
 *
 *   node --import tsx bench/supervision.ts [--only crash,scale,stop,trees,loops,kills,sampling]
 *     [--crashes 40] [--services 500] [--kills 100] [--pids 10000] [--five-minutes]
 *
 * About a quarter of an hour on two cores. pm2 (npm) and supervisor (PyPI) are put into a temporary folder; runit and
 * s6 have to be there (`apt-get install --no-install-recommends runit s6`), and systemd, in namespaces of its own, needs
 * root. What is missing is said and left out. `--five-minutes`: the last crash loop begins 5 min after the start instead of
 * 65 s, which is as far beyond every tool's notion of "it runs" (ours: stable_after, 60 s); takes 4 min more.
 *
 * Milliseconds belong to the machine, ratios hold. Everything it starts ends with it, also after Ctrl-C.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clear } from './supervision/contender.ts';
import { contenders } from './supervision/contenders.ts';
import { build } from './supervision/ours.ts';
import { type Part, printTable } from './supervision/part.ts';
import { fetchPeers } from './supervision/peer-programs.ts';
import type { Options } from './supervision/section.ts';

const names = ['crash', 'scale', 'stop', 'trees', 'loops', 'kills', 'sampling'] as const;
/** A part that takes longer than this is stuck, and is left out. */
const STUCK_MS = 900_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: names.join() },
    crashes: { type: 'string', default: '40' },
    services: { type: 'string', default: '500' },
    kills: { type: 'string', default: '100' },
    pids: { type: 'string', default: '10000' },
    'five-minutes': { type: 'boolean', default: false },
  },
});
const options: Options = {
  crashes: Number(values.crashes),
  services: Number(values.services),
  kills: Number(values.kills),
  pids: Number(values.pids),
  loops: [3, 25, values['five-minutes'] ? 300 : 65],
};
const asked = names.filter((name) => values.only.split(',').includes(name));

// A name that no other run has, so that whatever is left can be found by it.
const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-all-'));
process.env.TMPDIR = folder;
let current: ChildProcess | null = null;

async function leave(code: number): Promise<never> {
  current?.kill('SIGKILL');
  await clear(folder);
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));

function measure(name: string): Promise<Part | null> {
  return new Promise((resolve) => {
    let found: Part | null = null;
    const child = fork(new URL('supervision/section.ts', import.meta.url), [name, JSON.stringify(options)], {
      execArgv: ['--import', 'tsx'],
      // Ctrl-C is for this process, which then ends the other and all that it started.
      detached: true,
    });
    current = child;
    const limit = setTimeout(() => child.kill('SIGKILL'), STUCK_MS);
    child.on('message', (part: Part) => {
      found = part;
    });
    child.on('exit', () => {
      clearTimeout(limit);
      current = null;
      resolve(found);
    });
  });
}

build(join(folder, 'built'));
fetchPeers(join(folder, 'peers'));
const parts: Part[] = [];
for (const name of asked) {
  const start = performance.now();
  process.stderr.write(`${name} …`);
  const part = await measure(name);
  process.stderr.write(` ${Math.round((performance.now() - start) / 1000)} s${part === null ? ', FAILED' : ''}\n`);
  if (part !== null) parts.push(part);
}

const absent = new Map(contenders.flatMap(({ title, missing }) => [[title, missing()] as const]));
const titles = [...new Set([...absent.keys(), ...parts.flatMap(({ rows }) => Object.keys(rows))])];
const rows = titles
  .filter((title) => parts.some(({ rows: cells }) => title in cells) || absent.get(title))
  .map((title) => {
    const why = absent.get(title);
    return [title, ...(why ? [why] : parts.flatMap(({ heads, rows: cells }) => cells[title] ?? heads.map(() => '–')))];
  });
console.log(`# Supervision (${cpus().length} cores, Node ${process.version})\n`);
console.log(printTable(['', ...parts.flatMap(({ heads }) => heads)], rows));
console.log();
const aims = parts.flatMap((part) => part.aims);
console.log(
  printTable(
    ['aim', 'measured', ''],
    aims.map(({ aim, measured, met }) => [aim, measured, met ? 'met' : 'MISSED']),
  ),
);
await leave(aims.every(({ met }) => met) && parts.length === asked.length ? 0 : 1);

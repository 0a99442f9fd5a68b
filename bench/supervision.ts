/**
 * Supervision, measured beside the bare Node loop and the peers that are installed (runit, s6, supervisord, pm2 in
 * PATH): one table a question.
 *
 *   node --import tsx bench/supervision.ts [crash|scale|stop|trees|loops|kills|sampling …]
 *
 * Milliseconds belong to the machine, ratios hold. All of it takes about twenty minutes; run it under `timeout`.
 */
import { cpus } from 'node:os';
import { crash } from './supervision/crash.ts';
import { kills } from './supervision/kills.ts';
import { loops } from './supervision/loops.ts';
import { sampling } from './supervision/sampling.ts';
import { scale } from './supervision/scale.ts';
import { stopping } from './supervision/stopping.ts';
import { print, type Table } from './supervision/table.ts';
import { trees } from './supervision/trees.ts';

const parts: Readonly<Record<string, () => Promise<Table>>> = {
  crash: () => crash(60),
  scale: () => scale(500),
  stop: stopping,
  trees,
  loops,
  kills: () => kills(100),
  sampling: () => sampling(10_000),
};

const asked = process.argv.slice(2);
console.log(`# Supervision (${cpus().length} cores, Node ${process.version})\n`);
for (const [name, measure] of Object.entries(parts))
  if (asked.length === 0 || asked.includes(name)) console.log(print(await measure()));
process.exit(0);

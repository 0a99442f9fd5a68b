/**
 * Whether alerts arrive: storms, an hour without Telegram, days of flapping, a million transitions, and a manager that is
 * killed again and again. Ledger and outbox are the manager's own, Telegram is the simulated one with its limits.
 *
 *   node --import tsx --expose-gc bench/delivery.ts [--only storm,offline,flapping,kills,crashes,memory]
 *     [--kills 100] [--crashes 900] [--transitions 1000000]
 *
 * storm: 200 services die within a second. offline: an hour without Telegram, 500 transitions. flapping: 24 h, quick and
 * slow. kills: SIGKILL of a real process. crashes: the same in one process, at the points that matter. memory: resident
 * size over very many transitions.
 */
import { parseArgs } from 'node:util';
import { crashes } from './delivery/crashes.ts';
import { flapping } from './delivery/flapping.ts';
import { kills } from './delivery/kills.ts';
import { memory } from './delivery/memory.ts';
import { offline } from './delivery/offline.ts';
import { storm } from './delivery/storm.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'storm,offline,flapping,kills,crashes,memory' },
    kills: { type: 'string', default: '100' },
    crashes: { type: 'string', default: '900' },
    transitions: { type: 'string', default: '1000000' },
  },
});

const parts: Readonly<Record<string, () => Promise<void>>> = {
  storm,
  offline,
  flapping,
  kills: () => kills(Number(values.kills)),
  crashes: () => crashes(Number(values.crashes)),
  memory: () => memory(Number(values.transitions)),
};

for (const name of values.only.split(',')) {
  const part = parts[name];
  if (part === undefined) throw new Error(`There is no part ${name}; there are ${Object.keys(parts).join(', ')}`);
  const start = performance.now();
  await part();
  console.log(`(${name} took ${((performance.now() - start) / 1000).toFixed(0)} s)\n`);
}
process.exit(0);

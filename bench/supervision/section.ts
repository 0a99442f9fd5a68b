/** One part of the benchmark in a process of its own: `section.ts <name> <options as JSON>`; answers by message. */
import { crash } from './crash.ts';
import { kills } from './kills.ts';
import { loops } from './loops.ts';
import type { Part } from './part.ts';
import { sampling } from './sampling.ts';
import { scale } from './scale.ts';
import { stopping } from './stopping.ts';
import { trees } from './trees.ts';

export interface Options {
  /** SIGKILLs per contender. */
  readonly crashes: number;
  readonly services: number;
  /** SIGKILLs of our manager. */
  readonly kills: number;
  readonly pids: number;
  /** When crash loops begin, s after the start. */
  readonly loops: readonly number[];
}

const parts: Readonly<Record<string, (options: Options) => Promise<Part>>> = {
  crash: (options) => crash(options.crashes),
  scale: (options) => scale(options.services),
  stop: stopping,
  trees,
  loops: (options) => loops(options.loops),
  kills: (options) => kills(options.kills),
  sampling: (options) => sampling(options.pids),
};

// Its parent is gone: so is all sense in going on.
process.on('disconnect', () => process.exit(1));

const [name = '', options = '{}'] = process.argv.slice(2);
const measure = parts[name];
if (measure === undefined) throw new Error(`no such part: ${name}`);
process.send?.(await measure(JSON.parse(options)), () => process.exit(0));

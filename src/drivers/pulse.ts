import { ProcessTable, readProcesses } from './proctree.ts';

/*
 * One timer for all drivers of this process, so that watching costs the same however many services there are: a tick
 * four times a second, and a reading of all processes as often as a small share of one core allows. Both are unreferenced:
 * watching alone keeps no program running.
 */

export interface Listener {
  /** How often `tick` is called: at each tick, four times a second, or once a second. */
  readonly every: 'tick' | 'second';
  /** Has to be cheap. */
  tick(): void;
  /** Every now and then, with all processes of this moment. Says whether the next one must not be far. */
  sample(table: ProcessTable): boolean;
}

const tickMs = 250;
const ticksPerSecond = 4;
/** All of /proc is read no more often than this, and no more than its own cost allows: 0.4 % of a core. */
const sampleMs = 1000;
const share = 250;
/** But at least this often: on a loaded machine a reading seems dear because it has to wait. */
const maxSampleMs = 5000;
/**
 * And at least this often where nobody can slip away between two, for a quarter of that share. It is what a killed
 * keeper, with its service in the same blow, leaves unknown at most: what had been forked since.
 */
const maxIdleSampleMs = 60_000;
const idleShare = 4 * share;

const listeners = new Set<Listener>();
/** Those of them that are called at each tick: hundreds of services are not gone through for the sake of a few. */
const quick = new Set<Listener>();
let once: (() => void)[] = [];
let ticks = 0;
let timer: NodeJS.Timeout | null = null;
let soon: NodeJS.Timeout | null = null;
let lastTable = new ProcessTable(new Map());
let lastReadAt = Number.NEGATIVE_INFINITY;
let lastSampleAt = 0;
/** How long the last reading and what was made of it took. */
let cost = 0;
/** Whether anybody has to be watched closely: who has to says so. */
let closely = false;

/** Joins the shared watch; returns how to leave it. */
export function joinPulse(listener: Listener): () => void {
  listeners.add(listener);
  if (listener.every === 'tick') quick.add(listener);
  if (timer === null) {
    timer = setInterval(tick, tickMs).unref();
    // Not in the midst of hundreds of first starts.
    lastSampleAt = performance.now();
  }
  return () => {
    listeners.delete(listener);
    quick.delete(listener);
    if (listeners.size > 0) return;
    if (timer) clearInterval(timer);
    if (soon) clearTimeout(soon);
    timer = null;
    soon = null;
    once = [];
  };
}

/** Does `work` once, at the next tick; not at all when everybody has left by then. */
export function atNextTick(work: () => void): void {
  once.push(work);
}

/** Asks for a reading within `ms`, for a service that has just started and may be about to fork. */
export function sampleWithin(ms: number): void {
  closely = true;
  soon ??= setTimeout(() => {
    soon = null;
    // Out of turn, so four times the usual share at most.
    if (performance.now() >= lastSampleAt + (cost * share) / 4) sample();
  }, ms).unref();
}

/** Reads all processes now, for a decision that needs the truth of this moment. */
export function readNow(): ProcessTable {
  lastTable = readProcesses();
  lastReadAt = performance.now();
  return lastTable;
}

let fresh: Promise<ProcessTable> | null = null;

/** A reading of the moment after this one, shared by all who ask in this one: stopping 500 services reads few times. */
export function readFresh(): Promise<ProcessTable> {
  fresh ??= new Promise((resolve) => {
    setImmediate(() => {
      fresh = null;
      resolve(readNow());
    });
  });
  return fresh;
}

/** A reading at most `maxAge` ms old: enough to find what was there before this program began, once for all services. */
export function readRecently(maxAge = 100): ProcessTable {
  return performance.now() - lastReadAt < maxAge ? lastTable : readNow();
}

function tick(): void {
  ticks += 1;
  const works = once;
  once = [];
  for (const work of works) work();
  // One that leaves meanwhile is left out, and one that joins may get its first tick at once.
  for (const listener of quick) listener.tick();
  if (ticks % ticksPerSecond === 0)
    listeners.forEach((listener) => {
      if (listener.every === 'second') listener.tick();
    });
  const pause = closely
    ? Math.min(maxSampleMs, Math.max(sampleMs, cost * share))
    : Math.min(maxIdleSampleMs, Math.max(maxSampleMs, cost * idleShare));
  if (performance.now() >= lastSampleAt + pause) sample();
}

function sample(): void {
  const start = performance.now();
  const table = readNow();
  closely = false;
  for (const listener of [...listeners]) if (listener.sample(table)) closely = true;
  lastSampleAt = performance.now();
  cost = lastSampleAt - start;
}

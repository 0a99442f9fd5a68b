import { setFlagsFromString } from 'node:v8';

/*
 * A manager allocates in a burst when it starts and next to nothing while it watches, which V8 answers with a nursery
 * of 32 MB and with garbage that it sees no reason to collect. For hundreds of services that is more than all that they
 * need. While it starts it may have both: with a small nursery a quarter of the start would be copying in it.
 */

/** Starts are over by then, and what the compiler will make of the loops it has made. */
const AFTER_START_MS = 15_000;

/**
 * What reading the configuration and starting everything left on the heap is given back, in small steps that V8 takes
 * within the next ten seconds: a collection at once would hold up everything for a tenth of a second.
 */
export function giveBackAfterStart(): void {
  setTimeout(() => {
    // From now on a fifth of garbage is enough to tidy up, instead of as much as there is in use and 8 MB at the least.
    setFlagsFromString('--heap-growing-percent=20');
    setFlagsFromString('--optimize-for-size');
    // The nursery is small by then: one thread has gone through it before others have woken up to help.
    setFlagsFromString('--no-parallel-scavenge');
  }, AFTER_START_MS).unref();
}

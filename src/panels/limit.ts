/** When one piece of work has to end. */
export interface Limit {
  readonly signal: AbortSignal;
  /** Whether its own time ran out (and not somebody else's patience). */
  timedOut(): boolean;
  /** Has to be called when the work is over, however it ended. */
  release(): void;
}

/**
 * Ends when any of `outer` does, or after `ms`. Not `AbortSignal.any`: in Node 20 each use of it leaves half a kilobyte
 * on a signal that lives as long as the program, which at our pace is hundreds of megabytes a day.
 */
export function limitTo(outer: readonly AbortSignal[], ms: number | null): Limit {
  const controller = new AbortController();
  let late = false;
  const end = () => controller.abort();
  const timer =
    ms === null
      ? null
      : setTimeout(() => {
          late = !controller.signal.aborted;
          end();
        }, ms);
  for (const signal of outer) {
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }
  return {
    signal: controller.signal,
    timedOut: () => late,
    release: () => {
      if (timer !== null) clearTimeout(timer);
      for (const signal of outer) signal.removeEventListener('abort', end);
    },
  };
}

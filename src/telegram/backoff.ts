import type { Backoff } from './timing.ts';

/** Waits that double from the first to the most, each with jitter: between half of it and all of it. */
export function createBackoff({ first, most }: Backoff, random: () => number = Math.random) {
  let tries = 0;
  return {
    /** The next wait, ms. */
    next(): number {
      const wait = Math.min(most, first * 2 ** Math.min(20, tries++));
      return wait * (0.5 + random() / 2);
    },
    reset(): void {
      tries = 0;
    },
  };
}

/** Resolves after `ms`, or at once when told to stop. */
export function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}

/** Whether `work` was done (or failed) within `ms`. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

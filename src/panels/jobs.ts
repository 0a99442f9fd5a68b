import { setMaxListeners } from 'node:events';

/** One thing that is done again and again. */
export interface Job {
  readonly name: string;
  /** ms between the end of one round and the start of the next, before jitter. */
  readonly every: number;
  /** Whether it makes sense at this moment. */
  readonly when?: () => boolean;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface Jobs {
  /** Starts what is due. Never the same twice at once. */
  tick(now: number): void;
  /** Runs one now (or waits for its running round). */
  now(name: string): Promise<void>;
  /** Sets when it is due next, epoch ms. */
  at(name: string, due: number): void;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
  /** Ends what runs and starts nothing more. */
  stop(): Promise<void>;
}

/** Periods differ by up to a fifth each way, so that twenty panels are not asked in the same second. */
const JITTER = 0.2;

/** Rounds of work by an injected clock. `onError` hears of bugs only: jobs deal with what can be expected. */
export function createJobs(
  jobs: readonly Job[],
  clock: () => number,
  random: () => number,
  onError: (error: unknown, job: string) => void,
): Jobs {
  const due = new Map(jobs.map((job) => [job.name, clock()]));
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  // A round may have many requests under way; each lets go of the signal when it is over.
  setMaxListeners(0, stopping.signal);

  function start(job: Job): Promise<void> {
    const known = running.get(job.name);
    if (known !== undefined) return known;
    // Not due again before it is over; a job may set another time while it runs.
    due.set(job.name, Number.POSITIVE_INFINITY);
    const round = job
      .run(stopping.signal)
      .catch((error: unknown) => onError(error, job.name))
      .then(() => {
        running.delete(job.name);
        if (due.get(job.name) !== Number.POSITIVE_INFINITY) return;
        due.set(job.name, clock() + job.every * (1 - JITTER + 2 * JITTER * random()));
      });
    running.set(job.name, round);
    return round;
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all(running.values());
  }

  return {
    idle,
    tick: (now) => {
      if (stopping.signal.aborted) return;
      for (const job of jobs) if ((due.get(job.name) ?? 0) <= now && (job.when?.() ?? true)) void start(job);
    },
    now: async (name) => {
      const job = jobs.find((each) => each.name === name);
      if (job !== undefined && !stopping.signal.aborted) await start(job);
    },
    at: (name, time) => void due.set(name, time),
    stop: async () => {
      stopping.abort();
      await idle();
    },
  };
}

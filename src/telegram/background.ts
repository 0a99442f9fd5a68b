import type { Desk } from './desk.ts';
import { classify, reasonOf } from './errors.ts';

/**
 * Goes on with `work` after its handler has returned; then nobody is there to catch: what Telegram refused is logged, and
 * what is a mistake of ours too. `what` did not get through then.
 */
export function inBackground(desk: Pick<Desk, 'jobs' | 'log'>, what: string, work: () => Promise<void>): void {
  const guarded = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const failure = classify(error);
      if (failure === null) throw error;
      desk.log.warn({ reason: reasonOf(failure) }, `${what} did not get through`);
    }
  };
  desk.jobs.run(guarded());
}

import cron from 'node-cron';
import type { Logger } from 'pino';

/**
 * The one clock that drives supervision: a node-cron task each second asks the loops what is due. One that fails does
 * not keep the others from their turn. `turned` is stamped at the end of each round, for the watchdog.
 */
export function createScheduler(ticks: readonly (() => void)[], clock: () => number, log: Logger) {
  let turned = clock();
  cron.setLogger({
    info: (message) => log.debug(String(message)),
    warn: (message) => log.debug(String(message)),
    error: (message, error) => log.error({ err: error ?? message }, 'cron'),
    debug: (message) => log.trace(String(message)),
  });
  const task = cron.createTask('* * * * * *', round, { noOverlap: true, suppressMissedWarning: true });

  function round(): void {
    for (const tick of ticks)
      try {
        tick();
      } catch (error) {
        log.error({ err: error }, 'a part of a round of supervision failed');
      }
    turned = clock();
  }

  return {
    async start(): Promise<void> {
      await task.start();
    },
    lastTurn: (): number => turned,
    async stop(): Promise<void> {
      await task.destroy();
    },
  };
}

export type Scheduler = ReturnType<typeof createScheduler>;

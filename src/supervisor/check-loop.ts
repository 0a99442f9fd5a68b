import type { Logger } from 'pino';
import type { CheckResult } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { concerns, type Managed, type ScheduledCheck } from './managed.ts';

/** Checks under way at once, over all services: enough to be on time, few enough for a small machine. */
const MAX_AT_ONCE = 32;
/** What a check that ignores its abort signal gets beyond its own deadline. */
const GRACE_MS = 1000;

export interface CheckLoopOptions {
  readonly services: ReadonlyMap<string, Managed>;
  readonly observeHealth: (service: Managed, run: string | null, id: string, result: CheckResult) => void;
  readonly clock: () => number;
  readonly log: Logger;
}

/** Asks what is due: each check on its own schedule, never twice at once, each with a deadline. */
export function createCheckLoop(options: CheckLoopOptions) {
  const { services, observeHealth, clock, log } = options;
  let running = 0;

  function tick(): void {
    const now = clock();
    for (const service of services.values()) {
      const { run, state } = service.record;
      if (state !== 'running' || run === null) continue;
      if (now - run.startedAt < service.config.start_grace) continue;
      for (const scheduled of service.checks) {
        if (scheduled.busy || scheduled.nextAt > now || running >= MAX_AT_ONCE) continue;
        if (!concerns(scheduled, run.pid)) continue;
        scheduled.nextAt = now + scheduled.every;
        ask(service, scheduled, run.id, run.pid).catch((error: unknown) =>
          log.error({ err: error, service: service.record.name, check: scheduled.check.id }, 'a check failed'),
        );
      }
    }
  }

  async function ask(service: Managed, scheduled: ScheduledCheck, run: string, pid: number | null): Promise<void> {
    const { check } = scheduled;
    scheduled.busy = true;
    running += 1;
    try {
      const result = await answer(service, scheduled, pid);
      observeHealth(service, run, check.id, result);
    } finally {
      running -= 1;
      scheduled.busy = false;
    }
  }

  async function answer(service: Managed, scheduled: ScheduledCheck, pid: number | null): Promise<CheckResult> {
    const timeout = service.config.health_check_timeout;
    const signal = AbortSignal.timeout(timeout);
    let limit: NodeJS.Timeout | undefined;
    const hung = new Promise<CheckResult>((resolve) => {
      const why = reason('check-hung', { seconds: timeout / 1000 });
      limit = setTimeout(resolve, timeout + GRACE_MS, { verdict: 'unknown', reason: why, metrics: [] });
    });
    const asked = scheduled.check.run({ pid, now: clock(), signal }).catch((error: unknown): CheckResult => {
      log.error({ err: error, service: service.record.name, check: scheduled.check.id }, 'a check threw');
      return { verdict: 'unknown', reason: reason('check-threw'), metrics: [] };
    });
    const result = await Promise.race([asked, hung]);
    clearTimeout(limit);
    return result;
  }

  return {
    tick,
    /** Ms by which the latest check that should have been asked by now is overdue; 0: all are on time. */
    late(): number {
      const now = clock();
      const overdue = [...services.values()].flatMap((service) => {
        const { run, state } = service.record;
        if (state !== 'running' || run === null) return [];
        const from = run.startedAt + service.config.start_grace;
        return service.checks
          .filter((each) => !each.busy && concerns(each, run.pid))
          .map(({ nextAt }) => now - Math.max(nextAt, from));
      });
      return Math.max(0, ...overdue);
    },
  };
}

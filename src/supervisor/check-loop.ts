import type { Logger } from 'pino';
import type { CheckContext } from '../checks/check.ts';
import type { CheckResult } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { concerns, type Managed, type ScheduledCheck } from './managed.ts';

/** Checks under way at once, over all services: enough to be on time, few enough for a small machine. */
const MAX_AT_ONCE = 32;
/** What a check that ignores its abort signal gets beyond its own deadline. */
const GRACE_MS = 1000;

interface Due {
  readonly service: Managed;
  readonly scheduled: ScheduledCheck;
}

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
  /** What the last tick found due and there was no room for, the longest overdue first. */
  let queue: Due[] = [];

  function tick(): void {
    const now = clock();
    queue = [];
    for (const service of services.values())
      for (const scheduled of service.checks) if (isDue(service, scheduled, now)) queue.push({ service, scheduled });
    queue.sort((a, b) => a.scheduled.nextAt - b.scheduled.nextAt);
    begin();
  }

  function isDue(service: Managed, scheduled: ScheduledCheck, now: number): boolean {
    // Further away than a whole interval: the clock was set back.
    const isTime = scheduled.nextAt <= now || scheduled.nextAt > now + scheduled.every;
    if (!isTime || scheduled.busy) return false;
    const { run, state } = service.record;
    if (state !== 'running' || run === null) return false;
    return now - run.startedAt >= service.config.start_grace && concerns(scheduled, run.pid);
  }

  /** Asks as many as there is room for; each answer makes room for the next. */
  function begin(): void {
    while (running < MAX_AT_ONCE) {
      const due = queue.shift();
      if (due === undefined) return;
      const now = clock();
      const { service, scheduled } = due;
      const { run } = service.record;
      const gone = services.get(service.record.name) !== service || !service.checks.includes(scheduled);
      if (run === null || gone || !isDue(service, scheduled, now)) continue;
      scheduled.nextAt = nextTime(scheduled, now);
      scheduled.second = undefined;
      ask(service, scheduled, run.id, run.pid);
    }
  }

  function ask(service: Managed, scheduled: ScheduledCheck, run: string, pid: number | null): void {
    const { check } = scheduled;
    const limit = service.config.health_check_timeout;
    let deadline: Deadline | null = null;
    const bound = () => {
      deadline ??= createDeadline(limit);
      return deadline;
    };
    const threw = (error: unknown): CheckResult => {
      log.error({ err: error, service: service.record.name, check: check.id }, 'a check threw');
      return { verdict: 'unknown', reason: reason('check-threw'), metrics: [] };
    };
    let asked: CheckResult | Promise<CheckResult>;
    try {
      asked = check.run(contextOf(pid, clock(), bound));
    } catch (error) {
      asked = threw(error);
    }
    if (!(asked instanceof Promise)) {
      take(service, run, check.id, asked);
      return;
    }
    scheduled.busy = true;
    running += 1;
    bound()
      .bounds(asked.catch(threw))
      .then((result) => {
        bound().end();
        running -= 1;
        scheduled.busy = false;
        take(service, run, check.id, result);
      })
      .finally(begin);
  }

  function take(service: Managed, run: string, id: string, result: CheckResult): void {
    try {
      observeHealth(service, run, id, result);
    } catch (error) {
      log.error({ err: error, service: service.record.name, check: id }, 'a check failed');
    }
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

/** What a check is told; most need no signal, and the machinery behind one costs more than asking a process. */
function contextOf(pid: number | null, now: number, deadline: () => Deadline): CheckContext {
  return {
    pid,
    now,
    get signal() {
      return deadline().signal();
    },
  };
}

/**
 * `ms` from now the signal aborts; who ignores that is not waited for any longer than {@link GRACE_MS}. What answers
 * within this turn of the event loop, as most checks of a process do, needs no timer.
 */
function createDeadline(ms: number) {
  const began = performance.now();
  let controller: AbortController | null = null;
  let passed = false;
  let over = false;
  let limit: NodeJS.Timeout | undefined;
  const abort = () => controller?.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));

  function arm(ignored: (result: CheckResult) => void): void {
    if (over) return;
    limit = setTimeout(
      () => {
        passed = true;
        abort();
        const why = reason('check-hung', { seconds: ms / 1000 });
        limit = setTimeout(ignored, GRACE_MS, { verdict: 'unknown', reason: why, metrics: [] });
      },
      Math.max(0, ms - (performance.now() - began)),
    );
  }

  return {
    /** The answer, or that there is none in time. */
    bounds: (asked: Promise<CheckResult>): Promise<CheckResult> =>
      new Promise((resolve, reject) => {
        asked.then(resolve, reject);
        setImmediate(arm, resolve);
      }),
    signal(): AbortSignal {
      controller ??= new AbortController();
      if (passed) abort();
      return controller.signal;
    },
    end(): void {
      over = true;
      clearTimeout(limit);
    },
  };
}

type Deadline = ReturnType<typeof createDeadline>;

/** From when it was due, not from now: else each little delay would stay for good, and 30 s become 31. */
function nextTime({ nextAt, every, second = every }: ScheduledCheck, now: number): number {
  const next = nextAt + second;
  if (next > now && next <= now + every) return next;
  // So late that some were left out, or the clock was set.
  const missed = Math.floor((now - next) / every) + 1;
  return missed > 0 ? next + missed * every : now + every;
}

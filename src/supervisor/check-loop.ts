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
    // Written so that no object is made for each service that has nothing due.
    services.forEach((service) => {
      const { checks } = service;
      for (let index = 0; index < checks.length; index += 1) {
        const scheduled = checks[index];
        if (scheduled !== undefined && isDue(service, scheduled, now)) queue.push({ service, scheduled });
      }
    });
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
    for (let asked = 0; running < MAX_AT_ONCE; asked += 1) {
      const due = queue.shift();
      if (due === undefined) return;
      const now = clock();
      const { service, scheduled } = due;
      const { run } = service.record;
      const gone = services.get(service.record.name) !== service || !service.checks.includes(scheduled);
      if (run === null || gone || !isDue(service, scheduled, now)) continue;
      scheduled.nextAt = nextTime(scheduled, now);
      scheduled.second = undefined;
      const result = answer(service, scheduled, run.pid);
      if (result instanceof Promise) void waitFor(result, service, scheduled, run.id);
      else take(result, service, scheduled, run.id);
      // Those that answer at once hold up nobody else for long, however many they are.
      if (asked < MAX_AT_ONCE) continue;
      setImmediate(begin);
      return;
    }
  }

  async function waitFor(
    asked: Promise<CheckResult>,
    service: Managed,
    scheduled: ScheduledCheck,
    run: string,
  ): Promise<void> {
    scheduled.busy = true;
    running += 1;
    const result = await asked;
    running -= 1;
    scheduled.busy = false;
    take(result, service, scheduled, run);
    begin();
  }

  function take(result: CheckResult, service: Managed, { check }: ScheduledCheck, run: string): void {
    try {
      observeHealth(service, run, check.id, result);
    } catch (error) {
      log.error({ err: error, service: service.record.name, check: check.id }, 'a check failed');
    }
  }

  /** Never throws, never rejects: what a check does that it should not is an answer, too. */
  function answer(service: Managed, { check }: ScheduledCheck, pid: number | null): CheckResult | Promise<CheckResult> {
    const threw = (error: unknown): CheckResult => {
      log.error({ err: error, service: service.record.name, check: check.id }, 'a check threw');
      return { verdict: 'unknown', reason: reason('check-threw'), metrics: [] };
    };
    const asking = new Asking(pid, clock(), service.config.health_check_timeout);
    try {
      const answered = check.run(asking);
      if (answered instanceof Promise)
        return Promise.race([answered.catch(threw), asking.ignored()]).finally(() => asking.end());
      asking.end();
      return answered;
    } catch (error) {
      asking.end();
      return threw(error);
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

/** What a check is told. Its deadline has a timer and a signal only where somebody waits: most answer at once. */
class Asking implements CheckContext {
  readonly pid: number | null;
  readonly now: number;
  private readonly ms: number;
  private controller: AbortController | null = null;
  private timer: NodeJS.Timeout | null = null;
  private passed = false;
  private giveUp: (result: CheckResult) => void = () => undefined;

  constructor(pid: number | null, now: number, ms: number) {
    this.pid = pid;
    this.now = now;
    this.ms = ms;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.passed) this.abort();
    this.timer ??= setTimeout(() => this.pass(), this.ms);
    return this.controller.signal;
  }

  /** What counts as the answer of a check that ignores its signal. */
  ignored(): Promise<CheckResult> {
    this.timer ??= setTimeout(() => this.pass(), this.ms);
    return new Promise((resolve) => {
      this.giveUp = resolve;
    });
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private pass(): void {
    this.passed = true;
    this.abort();
    const hung: CheckResult = {
      verdict: 'unknown',
      reason: reason('check-hung', { seconds: this.ms / 1000 }),
      metrics: [],
    };
    this.timer = setTimeout(() => this.giveUp(hung), GRACE_MS);
  }

  private abort(): void {
    this.controller?.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  }
}

/** From when it was due, not from now: else each little delay would stay for good, and 30 s become 31. */
function nextTime({ nextAt, every, second = every }: ScheduledCheck, now: number): number {
  const next = nextAt + second;
  if (next > now && next <= now + every) return next;
  // So late that some were left out, or the clock was set.
  const missed = Math.floor((now - next) / every) + 1;
  return missed > 0 ? next + missed * every : now + every;
}

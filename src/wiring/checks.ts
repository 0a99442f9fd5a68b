import type { Check } from '../checks/check.ts';
import type { CheckConfig, MetricConfig, ServiceConfig } from '../config/schema.ts';
import type { Driver } from '../drivers/driver.ts';

/** Kinds of checks that ask the service itself; what the others find (a full disk, a refused login) no restart mends. */
const LIVENESS: ReadonlySet<string> = new Set(['process', 'http', 'tcp', 'command']);

const SECOND = 1000;

/** The checks of a service, each with its place in time; `collectInterval` (ms) is for what is charted. */
export async function scheduleChecks(
  service: ServiceConfig,
  { measure }: Pick<Driver, 'measure'>,
  collectInterval: number,
  create: {
    readonly check: (check: CheckConfig) => Promise<Check>;
    readonly metric: (metric: MetricConfig) => Promise<Check>;
  },
  clock: () => number,
  random: () => number,
) {
  const { checks: configured, driver, health_check_interval: interval, health_check_retries } = service;
  // Whether its process lives, and what it uses, is asked of every service that has one, configured or not.
  const asked = driver === 'external' || configured.some((check) => check.type === 'process');
  const all: readonly CheckConfig[] = asked ? configured : [{ type: 'process', id: 'process' }, ...configured];
  // Of a unit that nothing else is asked about, systemd's own word is all there is when it has no process.
  const unitAlone = driver === 'systemd' && configured.every((check) => check.type === 'process');
  const checks = await Promise.all([
    ...all.map((check) =>
      check.type === 'process' && measure !== undefined
        ? measuredBy(measure, check.id)
        : create.check(check).then((made) => (unitAlone ? orNoProcess(made) : made)),
    ),
    ...service.metrics.map(create.metric),
  ]);
  // At whole seconds, since that is when the loop looks what is due.
  const within = (span: number) => Math.floor((random() * span) / SECOND) * SECOND;
  const now = Math.floor(clock() / SECOND) * SECOND;
  return checks.map((check, index) => {
    const every = check.kind === 'process' ? Math.min(collectInterval, interval) : interval;
    return {
      check,
      implied: !asked && index === 0 && measure === undefined && !unitAlone,
      restarts: LIVENESS.has(check.kind),
      judges: check.kind !== 'metric',
      // A log has its own window: a burst that is over at the next look was one all the same.
      retries: check.kind === 'log' ? 1 : health_check_retries,
      every,
      // The first time soon, but not all in the same second; from then on spread over all of the interval.
      nextAt: now + within(interval / 10),
      second: Math.min(every, SECOND + within(every)),
      busy: false,
    };
  });
}

/** A unit without a process (a timer, what only sets things up) is well while it is active. */
function orNoProcess(check: Check): Check {
  return {
    ...check,
    run: (context) => (context.pid === null ? { verdict: 'healthy', reason: null, metrics: [] } : check.run(context)),
  };
}

/** Its driver knows better how it is than a look at a process tells. */
function measuredBy(measure: NonNullable<Driver['measure']>, id: string): Check {
  return { id, kind: 'process', run: measure, close: async () => undefined };
}

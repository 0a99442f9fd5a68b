import type { Check } from '../checks/check.ts';
import type { CheckConfig, ServiceConfig } from '../config/schema.ts';

/** Kinds of checks that ask the service itself; what the others find (a full disk, a refused login) no restart mends. */
const LIVENESS: ReadonlySet<string> = new Set(['process', 'http', 'tcp', 'command']);

/** The checks of a service, each with its place in time; `collectInterval` (ms) is for what is charted. */
export async function scheduleChecks(
  service: ServiceConfig,
  collectInterval: number,
  createAnyCheck: (check: CheckConfig) => Promise<Check>,
  clock: () => number,
  random: () => number,
) {
  const { checks: configured, driver, health_check_interval: interval, health_check_retries } = service;
  // Whether its process lives, and what it uses, is asked of every service that has one, configured or not.
  const asked = driver === 'external' || configured.some((check) => check.type === 'process');
  const all: readonly CheckConfig[] = asked ? configured : [{ type: 'process', id: 'process' }, ...configured];
  const checks = await Promise.all(all.map(createAnyCheck));
  // Spread over a tenth of the interval, so that a hundred checks do not ask in the same millisecond.
  return checks.map((check, index) => ({
    check,
    implied: !asked && index === 0,
    restarts: LIVENESS.has(check.kind),
    judges: true,
    // A log has its own window: a burst that is over at the next look was one all the same.
    retries: check.kind === 'log' ? 1 : health_check_retries,
    every: check.kind === 'process' ? Math.min(collectInterval, interval) : interval,
    nextAt: clock() + (random() * interval) / 10,
    busy: false,
  }));
}

import type { Check } from '../checks/check.ts';
import type { ServiceConfig } from '../config/schema.ts';
import type { ServiceRecord } from '../core/service.ts';
import type { Operation, Verb } from '../core/snapshot.ts';
import type { Driver } from '../drivers/driver.ts';

/** One check of one service, with its place in time. */
export interface ScheduledCheck {
  readonly check: Check;
  /** Whether its failing means that the service itself has to be restarted. */
  readonly restarts: boolean;
  /** Whether it says anything about the service's health; a number that is only charted does not. */
  readonly judges: boolean;
  /** Failures in a row before it is unhealthy. */
  readonly retries: number;
  /** Nobody configured it: it is asked only where there is a process to ask about, and not missed elsewhere. */
  readonly implied: boolean;
  /** Ms between two askings. */
  readonly every: number;
  /** When it is asked next, epoch ms. */
  nextAt: number;
  /** Ms from the first time to the second, if other than `every`. */
  second?: number | undefined;
  /** Being asked at this moment: a second asking waits for the next round. */
  busy: boolean;
}

/** Whether a check has anything to ask of a service with this process; a unit that only sets things up has none. */
export function concerns({ implied }: ScheduledCheck, pid: number | null): boolean {
  return !implied || pid !== null;
}

/** What a service's configuration is made into. */
export interface Parts {
  readonly driver: Driver;
  readonly checks: readonly ScheduledCheck[];
}

/** A service in the hands of the supervisor: the only mutable state of supervision. */
export interface Managed {
  /** These three are exchanged by a reload of the configuration; the service itself stays the same. */
  config: ServiceConfig;
  driver: Driver;
  checks: readonly ScheduledCheck[];
  record: ServiceRecord;
  operation: Operation | null;
  /** Commits in the order of their events; each waits for the one before. */
  commits: Promise<void>;
  retry: NodeJS.Timeout | null;
}

/** Whether the manager could start it: a tmux session without a command can only be watched. */
export function startable(config: ServiceConfig): boolean {
  return config.driver === 'tmux' ? config.command !== null : config.driver !== 'external';
}

/** The verbs that make sense now, most useful first. */
export function possible(service: Managed): readonly Verb[] {
  if (service.operation !== null || service.config.driver === 'external') return [];
  const verbs = verbsIn[service.record.state];
  return startable(service.config) ? verbs : verbs.filter((verb) => verb === 'stop');
}

const verbsIn: Readonly<Record<ServiceRecord['state'], readonly Verb[]>> = {
  running: ['restart', 'stop'],
  starting: ['restart', 'stop'],
  stopping: [],
  stopped: ['start'],
  failed: ['start'],
  'backing-off': ['start', 'stop'],
  unknown: ['restart', 'stop', 'start'],
};

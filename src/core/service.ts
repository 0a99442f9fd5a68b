import { type HealthRecord, unaskedHealth } from './health.ts';
import type { Reason } from './reason.ts';

/** Where a service stands in its life. `failed` means: gave up restarting, an operator has to look. */
export type ServiceState = 'stopped' | 'starting' | 'running' | 'stopping' | 'backing-off' | 'failed' | 'unknown';

/** How a run ended. Both `code` and `signal` null: nobody can say (a pipeline hid it, or its keeper died too). */
export interface ExitInfo {
  readonly code: number | null;
  readonly signal: string | null;
  /** Epoch ms. */
  readonly at: number;
}

/** One life of a service, from a start to an exit. */
export interface Run {
  /** Identity that outlives pid reuse: boot id, pid and start time of the process, or what the engine calls it. */
  readonly id: string;
  /** The service's own process; null where the driver cannot know. */
  readonly pid: number | null;
  /** Epoch ms. */
  readonly startedAt: number;
}

/**
 * What others do about an end, where the service has somebody else to look after it: its own policy starts it again,
 * or leaves it down for good, or somebody stopped it by other means; or it was to end, and has ended well. Null: nobody
 * but the manager decides.
 */
export type Fate = 'restarts' | 'left' | 'stopped' | 'done';

export type Wanted = 'up' | 'down';

/** Where a service stood that is not to run, when it was lost sight of. */
export type LostFrom = Pick<ServiceRecord, 'reason' | 'retryAt' | 'since'> & {
  readonly state: 'stopped' | 'failed' | 'backing-off';
};

/** All that is remembered of a service between two events; one row in the store. */
export interface ServiceRecord {
  readonly name: string;
  readonly state: ServiceState;
  /** When `state` was entered, epoch ms. */
  readonly since: number;
  /** The operator's wish. `down` is remembered across restarts of the manager and never fought by recovery. */
  readonly wanted: Wanted;
  readonly run: Run | null;
  /** Whether the present run has lived through `start_grace`: only then is a start a success. */
  readonly settled: boolean;
  /** The id of the last run whose exit was dealt with, so that no exit is counted twice across managers. */
  readonly lastRun: string | null;
  readonly lastExit: ExitInfo | null;
  /** Times (epoch ms) of the exits that still count in the restart window. */
  readonly exits: readonly number[];
  /** Failures in a row since the last stable uptime: the exponent of the back-off. */
  readonly attempt: number;
  /** Restarts done by the manager since the operator last started the service. */
  readonly restarts: number;
  /** Restarts done by a policy that is not ours, as far as they were counted; null: none was ever told. */
  readonly foreignRestarts: number | null;
  /** When the next automatic start is due; only in `backing-off`. */
  readonly retryAt: number | null;
  /** Why the state is what it is, where that needs saying (failed, unknown). */
  readonly reason: Reason | null;
  /** Only in `unknown`: where it goes on when it is seen again as it was. Null: it ran, or was about to. */
  readonly lostFrom: LostFrom | null;
  readonly health: HealthRecord;
}

/** A job that has ended well: down because there is nothing left to do, and as good as one that runs. */
export function hasDoneItsWork({ state, reason }: Pick<ServiceRecord, 'state' | 'reason'>): boolean {
  return state === 'stopped' && reason?.code === 'work-done';
}

/** It runs, or it was there to do something once and has done it: what needs it can begin. */
export function isThere(service: Pick<ServiceRecord, 'state' | 'reason'>): boolean {
  return service.state === 'running' || hasDoneItsWork(service);
}

/** Its start is due, and put off until something else than time allows it. */
export function isHeld({ state, reason }: Pick<ServiceRecord, 'state' | 'reason'>): boolean {
  return state === 'backing-off' && reason !== null && reason.code.startsWith('held-');
}

/** A service that nobody has seen yet. */
export function newService(name: string, now: number): ServiceRecord {
  return {
    name,
    state: 'stopped',
    since: now,
    wanted: 'up',
    run: null,
    settled: false,
    lastRun: null,
    lastExit: null,
    exits: [],
    attempt: 0,
    restarts: 0,
    foreignRestarts: null,
    retryAt: null,
    reason: null,
    lostFrom: null,
    health: unaskedHealth(now),
  };
}

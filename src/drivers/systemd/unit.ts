import { type Reason, reason } from '../../core/reason.ts';
import type { ExitInfo, Fate, Run } from '../../core/service.ts';
import type { Observation } from '../driver.ts';
import { signalName } from '../signals.ts';
import type { UnitProperties } from './properties.ts';

/** As waitid says it. */
const exitedBySelf = 1;
const plainResults = new Set(['success', 'exit-code', 'signal', 'core-dump']);

export interface View {
  /** The properties are as they stand, not one step of several that systemd takes at once. */
  readonly asked: boolean;
  /** The unit's own Restart= counts. */
  readonly ownPolicy: boolean;
}

/**
 * What a unit's properties say of the service, as pure arithmetic on systemd's own record. null: between two states,
 * about to be told anew (a start whose process is not there yet, a stop that a queued start will follow).
 */
export function observeUnit(unit: UnitProperties, view: View): Observation | null {
  switch (unit.ActiveState) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return running(unit);
    case 'activating':
      if (awaitsRestart(unit)) return exited(unit, view);
      return unit.service === null || unit.service.MainPID > 0 ? running(unit) : null;
    case 'deactivating':
      // Its process may be dead while children that ignore SIGTERM are still waited for, minutes long.
      return mainEnded(unit) ? exited(unit, view) : null;
    case 'inactive':
    case 'failed':
      if (unit.InvocationID === '') return { state: 'absent' };
      return unit.Job === 0 ? exited(unit, view) : null;
    default:
      return { state: 'unknown', reason: reason('unit-state', { unit: unit.Id, state: unit.ActiveState }) };
  }
}

export function runOf(unit: UnitProperties): Run {
  const { service } = unit;
  const pid = service === null ? 0 : service.MainPID || service.ExecMainPID;
  const begun = service !== null && pid > 0 ? service.ExecMainStartTimestamp : 0;
  // What only sets things up (RemainAfterExit=, Debian's postgresql.service) is up without a process.
  const goneAndUp = service?.MainPID === 0 && unit.ActiveState === 'active';
  return {
    id: unit.InvocationID,
    pid: pid > 0 && !goneAndUp ? pid : null,
    startedAt: Math.floor((begun || unit.ActiveEnterTimestamp || unit.InactiveExitTimestamp) / 1000),
  };
}

export function exitOfUnit(unit: UnitProperties): ExitInfo {
  const { service } = unit;
  const ended = service?.ExecMainExitTimestamp || unit.InactiveEnterTimestamp || unit.ActiveExitTimestamp;
  const at = Math.floor(ended / 1000);
  if (service === null || service.ExecMainCode === 0) return { code: null, signal: null, at };
  if (service.ExecMainCode === exitedBySelf) return { code: service.ExecMainStatus, signal: null, at };
  return { code: null, signal: signalName(service.ExecMainStatus), at };
}

/** What systemd says beyond the exit code: out of memory, watchdog, no word of readiness, … */
export function resultReason(unit: UnitProperties): Reason | null {
  const result = unit.service?.Result ?? 'success';
  return plainResults.has(result) ? null : reason('unit-result', { unit: unit.Id, result });
}

/** Why a unit as it is loaded cannot be started at all. */
export function loadProblem(unit: UnitProperties): Reason | null {
  switch (unit.LoadState) {
    case 'loaded':
    case 'merged':
      return null;
    case 'not-found':
      return reason('unit-not-found', { unit: unit.Id });
    case 'masked':
      return reason('unit-masked', { unit: unit.Id });
    default:
      return reason('unit-broken', { unit: unit.Id, problem: unit.LoadError[1] || unit.LoadState });
  }
}

/** systemd's own exit codes for a process that it could not even start, where somebody has to change something. */
const setupProblems = new Map([
  [200, 'folder'],
  [203, 'command'],
  [216, 'group'],
  [217, 'user'],
]);

export function setupProblem(unit: UnitProperties): Reason | null {
  const { service } = unit;
  if (service === null || service.ExecMainCode !== exitedBySelf) return null;
  const what = setupProblems.get(service.ExecMainStatus);
  return what === undefined
    ? null
    : reason('unit-setup', { unit: unit.Id, what, status: String(service.ExecMainStatus) });
}

function running(unit: UnitProperties): Observation {
  const run = runOf(unit);
  return unit.service === null
    ? { state: 'running', run }
    : { state: 'running', run, restarts: unit.service.NRestarts };
}

function exited(unit: UnitProperties, view: View): Observation {
  const fate = fateOf(unit, view);
  const why = setupProblem(unit) ?? limitReason(unit, fate) ?? resultReason(unit);
  return {
    state: 'exited',
    run: runOf(unit),
    exit: exitOfUnit(unit),
    ...(why === null ? {} : { reason: why }),
    ...(fate === null ? {} : { fate }),
  };
}

function fateOf(unit: UnitProperties, view: View): Fate | null {
  if (stoppedByHand(unit)) return 'stopped';
  if (hasDoneItsWork(unit) && !restartsItself(unit)) return 'done';
  if (!view.ownPolicy || unit.service === null || unit.service.Restart === 'no') return null;
  // On its way to a restart a unit passes through "failed", too.
  const final = view.asked && unit.ActiveState !== 'deactivating';
  return awaitsRestart(unit) || (!final && restartsItself(unit)) ? 'restarts' : 'left';
}

/** Where the last run has failed systemd does not say that it was the limit on starts: it is what is left. */
function limitReason(unit: UnitProperties, fate: Fate | null): Reason | null {
  if (fate !== 'left' || unit.service === null || !restartsItself(unit)) return null;
  return reason('unit-start-limit', { unit: unit.Id, restarts: unit.service.NRestarts });
}

function awaitsRestart(unit: UnitProperties): boolean {
  return unit.ActiveState === 'activating' && unit.SubState.startsWith('auto-restart');
}

function mainEnded({ service }: UnitProperties): boolean {
  if (service === null || service.MainPID > 0 || service.ExecMainStartTimestamp === 0) return false;
  return service.ExecMainExitTimestamp >= service.ExecMainStartTimestamp;
}

/** What was started to do something once (a backup, a timer's unit) and has done it. */
function hasDoneItsWork({ service }: UnitProperties): boolean {
  return service?.Type === 'oneshot' && service.Result === 'success';
}

/**
 * It left its active state first and its process ended after that: somebody asked for it, systemd saw no failure. Or it
 * had remained active after its process, until somebody ended that.
 */
function stoppedByHand(unit: UnitProperties): boolean {
  const { service } = unit;
  if (service === null) return true;
  if (service.Result !== 'success') return false;
  if (service.Type === 'oneshot')
    return service.ExecMainCode !== exitedBySelf || unit.ActiveExitTimestamp > service.ExecMainExitTimestamp;
  return (
    unit.ActiveExitTimestamp >= service.ExecMainStartTimestamp &&
    unit.ActiveExitTimestamp < service.ExecMainExitTimestamp
  );
}

/** What `Restart=` comes to after such an end; exceptions that a unit may name are not known here. */
export function restartsItself({ service }: UnitProperties): boolean {
  if (service === null) return false;
  const clean = service.Result === 'success';
  switch (service.Restart) {
    case 'always':
      return true;
    case 'on-success':
      return clean;
    case 'on-failure':
      return !clean;
    case 'on-abnormal':
      return !clean && service.Result !== 'exit-code';
    case 'on-abort':
      return service.Result === 'signal' || service.Result === 'core-dump';
    case 'on-watchdog':
      return service.Result === 'watchdog';
    default:
      return false;
  }
}

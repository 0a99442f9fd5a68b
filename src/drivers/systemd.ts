import { basename } from 'node:path';
import { reason } from '../core/reason.ts';
import type { Driver, Observation, StartResult, StopResult } from './driver.ts';
import { newsKey } from './news-key.ts';
import type { Failure } from './systemd/failures.ts';
import { journalLines } from './systemd/journal.ts';
import type { Sight } from './systemd/link.ts';
import { startOutcome } from './systemd/outcome.ts';
import type { UnitProperties } from './systemd/properties.ts';
import { type SystemdReach, systemdReach } from './systemd/reach.ts';
import { joinLink } from './systemd/shared.ts';
import { loadProblem, observeUnit, restartsItself, runOf } from './systemd/unit.ts';
import { createTurns } from './turns.ts';

export interface SystemdOptions {
  readonly name: string;
  /** A service unless its name says otherwise (`nightly.timer`). */
  readonly unit: string;
  /** Of the user that the manager runs as, not of the machine. */
  readonly user: boolean;
  /** ms; the unit's own TimeoutStopSec counts too where it is shorter. */
  readonly stop_timeout: number;
  /** The manager restarts it, not its own Restart=. */
  readonly takeover: boolean;
  /** Epoch ms. */
  readonly clock: () => number;
  /** Where systemd is; default: this machine's own. */
  readonly reach?: SystemdReach;
}

/** What a unit's name can end in. */
const unitTypes = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;

type Ended = Extract<Observation, { state: 'exited' }>;

/** A unit that says when it is ready may need long for it; after this it counts as started and the checks judge. */
const startDeadlineMs = 60_000;
/** From SIGKILL to systemd's word that all is gone. */
const killDeadlineMs = 5000;

/**
 * A unit of systemd, asked and watched over D-Bus: one connection for all units, changes are told by systemd itself.
 * The unit's own Restart= is left to do its work, and counted, unless `takeover` says that the manager is to.
 */
export function createSystemdDriver(options: SystemdOptions): Driver {
  const { clock } = options;
  const unit = unitTypes.test(options.unit) ? options.unit : `${options.unit}.service`;
  const reach = options.reach ?? systemdReach(options.user, process.env);
  const { link, leave } = joinLink(reach);
  const listeners: ((observation: Observation) => void)[] = [];
  let unwatch: (() => void) | null = null;
  /** Of our own operations under way; their answers come before any news. */
  let operations = 0;
  const inTurn = createTurns();
  /** Nothing is news before the first answer. */
  let answered = false;
  let told = '';
  let lastEnd: Ended | null = null;
  /** The run that we stopped ourselves: its end is nobody else's doing. */
  let ourStop = '';
  /** The run of a job that somebody stopped in the middle, which systemd itself calls a failure. */
  let cutShort = '';

  function judge(sight: Sight): Observation | null {
    if (!sight.ok) return { state: 'unknown', reason: sight.reason };
    if (isBeingCutShort(sight.unit)) cutShort = sight.unit.InvocationID;
    const seen = observe(sight);
    if (seen?.state === 'exited') lastEnd = seen.run.id === ourStop ? withoutFate(seen) : seen;
    // Of a unit that nobody else needs systemd forgets all as soon as it is down.
    return seen?.state === 'absent' || seen?.state === 'exited' ? (lastEnd ?? seen) : seen;
  }

  function observe(sight: Extract<Sight, { ok: true }>): Observation | null {
    const seen = observeUnit(sight.unit, { asked: sight.asked, ownPolicy: !options.takeover });
    return seen?.state === 'exited' && seen.run.id === cutShort ? { ...seen, fate: 'stopped' } : seen;
  }

  function hear(sight: Sight): void {
    const seen = judge(sight);
    if (seen === null || operations > 0 || !answered) return;
    if (seen.state === 'exited' && sight.ok && !sight.asked && isDown(sight.unit) && seen.fate === 'restarts') {
      // Down for a moment on the way to a restart, or for good: only asking tells.
      catchUp();
    }
    if (!isNews(seen)) return;
    if (seen.state === 'exited') callOffRestart(sight);
    for (const listener of listeners) listener(seen);
  }

  function isNews(seen: Observation): boolean {
    const key = newsKey(seen);
    const isNew = key !== told;
    told = key;
    return isNew;
  }

  /** Where the manager has taken over. */
  function callOffRestart(sight: Sight): void {
    if (!options.takeover || !sight.ok || !restartsItself(sight.unit)) return;
    void link.call('StopUnit', 'ss', [unit, 'replace']);
  }

  function watch(): void {
    unwatch ??= link.watch(unit, hear);
  }

  async function inspect(): Promise<Observation> {
    watch();
    const sight = await link.read(unit);
    const seen = judge(sight);
    answered = true;
    if (seen !== null) {
      if (isNews(seen) && seen.state === 'exited') callOffRestart(sight);
      return seen;
    }
    // On its way from one state to another: what it was until then, and the news will follow.
    if (sight.ok && sight.unit.InvocationID !== '') return { state: 'running', run: runOf(sight.unit) };
    return { state: 'absent' };
  }

  /** Runs an operation after the one before, during which news waits; what has happened meanwhile is told after its answer. */
  async function operation<T>(work: () => Promise<T>): Promise<T> {
    watch();
    operations += 1;
    try {
      return await inTurn(work);
    } finally {
      operations -= 1;
      answered = true;
      if (operations === 0) setImmediate(catchUp);
    }
  }

  function catchUp(): void {
    if (operations > 0 || unwatch === null) return;
    void link.read(unit).then(hear);
  }

  async function start(): Promise<StartResult> {
    const before = await link.read(unit);
    if (!before.ok) return refuse(before);
    const problem = loadProblem(before.unit);
    if (problem) return { ok: false, fatal: true, reason: problem };
    const earlier = lastEnd?.run.id;
    const runs = observe(before);
    if (runs?.state === 'running') return { ok: true, run: runs.run };
    if (before.unit.ActiveState === 'deactivating') await clearLeftovers();
    // How often it may start is counted by the manager; systemd's own limit would refuse the sixth start in 10 s.
    await link.call('ResetFailedUnit', 's', [unit]);
    const job = await link.job('StartUnit', unit, startDeadlineMs);
    if (!job.ok) return refuse(job);
    const after = await link.read(unit);
    if (!after.ok) return refuse(after);
    const now = judge(after);
    if (now?.state === 'running') {
      told = newsKey(now);
      return { ok: true, run: now.run };
    }
    // So short that systemd has forgotten it already: its end was told while we waited.
    if (after.unit.InvocationID === '' && lastEnd !== null && lastEnd.run.id !== earlier)
      return { ok: true, run: lastEnd.run };
    return startOutcome(before.unit, after.unit, job.result);
  }

  function refuse(failure: Failure): StartResult {
    return { ok: false, fatal: failure.fatal, reason: failure.reason };
  }

  /** Its process is dead, what it left behind does not go: a start would wait for that as long as the unit allows. */
  async function clearLeftovers(): Promise<readonly string[]> {
    const calm = await link.job('StopUnit', unit, options.stop_timeout);
    return calm.ok && calm.result === null ? killRest() : [];
  }

  /** SIGKILL to all that the unit has, by systemd, which knows them by their control group. */
  async function killRest(): Promise<readonly string[]> {
    const rest = await processes();
    await link.call('KillUnit', 'ssi', [unit, 'all', 9]);
    await link.job('StopUnit', unit, killDeadlineMs);
    return rest;
  }

  async function processes(): Promise<readonly string[]> {
    const reply = await link.call('GetUnitProcesses', 's', [unit]);
    const list = reply.ok ? reply.body[0] : null;
    if (!Array.isArray(list)) return [];
    return list.map(([, pid, line]) => `${basename(String(line).split(' ')[0] ?? '')} (${pid})`);
  }

  async function stop(): Promise<StopResult> {
    const before = await link.read(unit);
    if (!before.ok) return before;
    const { Job, service } = before.unit;
    if (isDown(before.unit) && Job === 0) return { ok: true, exit: null, killed: [] };
    const ran = observe(before)?.state !== 'exited';
    const main = (await processes()).find((each) => each.endsWith(`(${service?.MainPID})`));
    if (ran) ourStop = before.unit.InvocationID;
    const job = await link.job('StopUnit', unit, options.stop_timeout);
    if (!job.ok) return job;
    let killed = job.result === null ? await killRest() : [];
    const after = await link.read(unit);
    if (!after.ok) return after;
    if (!isDown(after.unit))
      return { ok: false, reason: reason('not-killed', { processes: (await processes()).join(', ') || unit }) };
    // The unit's own TimeoutStopSec was over first, and systemd has killed by itself.
    if (killed.length === 0 && after.unit.service?.Result === 'timeout') killed = [main ?? unit];
    if (!ran) return { ok: true, exit: null, killed };
    const end = judge(after);
    const exit =
      end?.state === 'exited' && end.run.id === ourStop ? end.exit : { code: null, signal: null, at: clock() };
    return { ok: true, exit, killed };
  }

  return {
    kind: 'systemd',
    inspect,
    start: () => operation(start),
    stop: () => operation(stop),
    onChange(listener) {
      listeners.push(listener);
    },
    logs: (lines) => journalLines(reach.journal, unit, options.user, lines),
    async close() {
      unwatch?.();
      unwatch = null;
      leave();
    },
  };
}

function withoutFate({ fate: _, ...seen }: Ended): Ended {
  return seen;
}

/** Asked to end while it still works; one that systemd itself ends has a result by then. */
function isBeingCutShort({ service, ActiveState }: UnitProperties): boolean {
  if (service?.Type !== 'oneshot' || service.Result !== 'success') return false;
  return ActiveState === 'deactivating' && service.MainPID > 0;
}

function isDown({ ActiveState }: UnitProperties): boolean {
  return ActiveState === 'inactive' || ActiveState === 'failed';
}

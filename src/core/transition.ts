import { unaskedHealth } from './health.ts';
import { type Reason, reason } from './reason.ts';
import { exitsInWindow, type RecoveryPolicy, recover } from './recovery.ts';
import type { ExitInfo, Fate, Run, ServiceRecord, ServiceState } from './service.ts';

/** What happened to a service: seen by its driver, asked by a person, or brought by the clock. */
export type ServiceEvent =
  /** The first look after the manager's start. */
  | ({ readonly type: 'found-running' } & Running)
  | ({ readonly type: 'found-exited' } & Ended)
  | { readonly type: 'found-absent' }
  /** Later looks and events. */
  | ({ readonly type: 'running' } & Running)
  | ({ readonly type: 'exited' } & Ended)
  | { readonly type: 'unseen'; readonly reason: Reason }
  /** An operation's steps. */
  | { readonly type: 'start-asked' }
  | { readonly type: 'stop-asked' }
  | { readonly type: 'restart-asked' }
  | { readonly type: 'started'; readonly run: Run }
  /** The supervisor does not start it now (maintenance, a dependency is down); asks again at `until`. */
  | { readonly type: 'start-held'; readonly until: number; readonly reason: Reason }
  /** `ended`: the run that came of it and is over; its end is this failure, not another one. */
  | {
      readonly type: 'start-failed';
      readonly fatal: boolean;
      readonly reason: Reason;
      readonly ended?: Pick<Ended, 'run' | 'exit'>;
    }
  | { readonly type: 'stopped'; readonly exit: ExitInfo | null }
  | { readonly type: 'stop-failed'; readonly reason: Reason }
  /** It runs, but is no use: its own checks fail, or it takes more memory than it may. Told once per run. */
  | { readonly type: 'ailing'; readonly reason: Reason }
  | { readonly type: 'tick' };

interface Running {
  readonly run: Run;
  /** How often a restart policy that is not ours has started it again; null: there is none. */
  readonly restarts?: number | null;
}

interface Ended {
  readonly run: Run;
  readonly exit: ExitInfo;
  readonly fate?: Fate | null;
  /** Found by a driver that did not see it end, and so cannot know whether somebody asked for it. */
  readonly first?: boolean;
  /** What is known beyond the exit code. */
  readonly reason?: Reason | null;
}

/** What the supervisor must do now. */
export type Effect = { readonly do: 'start' } | { readonly do: 'stop' } | { readonly do: 'restart' };

/** What the incidents hear of it. */
export type Signal =
  | {
      readonly signal: 'exited';
      readonly exit: ExitInfo;
      readonly followUp: 'restart';
      readonly delay: number;
      readonly reason?: Reason | null;
    }
  | {
      readonly signal: 'exited';
      readonly exit: ExitInfo;
      readonly followUp: 'policy-never' | 'clean-exit' | 'own-policy' | 'stopped-elsewhere';
      readonly reason?: Reason | null;
    }
  /** Its own restart policy keeps starting it, or has given up. */
  | { readonly signal: 'looping'; readonly exits: number; readonly within: number; readonly exit: ExitInfo | null }
  | { readonly signal: 'left-down'; readonly exit: ExitInfo; readonly reason: Reason | null }
  | {
      readonly signal: 'gave-up';
      readonly exits: number;
      readonly within: number;
      readonly exit: ExitInfo | null;
      /** What is known of the last of them beyond its exit code. */
      readonly reason?: Reason;
    }
  | { readonly signal: 'start-failed'; readonly reason: Reason; readonly final: boolean }
  /** It ails, and is restarted for it. */
  | { readonly signal: 'restarted-ailing'; readonly reason: Reason }
  /** It ails, and was restarted for it too often already: it is left as it is. */
  | { readonly signal: 'restarts-useless'; readonly reason: Reason; readonly exits: number; readonly within: number }
  /** A started run has lived through its grace. */
  | { readonly signal: 'settled' }
  /** An operator stopped it: whatever was wrong is over for now. */
  | { readonly signal: 'stopped-by-operator' };

export interface Step {
  readonly record: ServiceRecord;
  readonly effects: readonly Effect[];
  readonly signals: readonly Signal[];
}

const START: Effect = { do: 'start' };

function step(record: ServiceRecord, effects: readonly Effect[] = [], signals: readonly Signal[] = []): Step {
  return { record, effects, signals };
}

function enter(
  record: ServiceRecord,
  state: ServiceState,
  now: number,
  more: Partial<ServiceRecord> = {},
): ServiceRecord {
  return {
    ...record,
    state,
    since: state === record.state ? record.since : now,
    retryAt: null,
    reason: null,
    lostFrom: null,
    ...more,
  };
}

/** Not to be seen: what was decided about it (given up, stopped, put off) holds until it is seen again. */
function unseen(before: ServiceRecord, why: Reason, now: number): Step {
  const { state, since, reason: known, retryAt } = before;
  const decided = state === 'stopped' || state === 'failed' || state === 'backing-off';
  const lostFrom = decided ? { state, since, reason: known, retryAt } : before.lostFrom;
  return step(enter(before, 'unknown', now, { reason: why, lostFrom }));
}

/** Seen again: it stands where it stood when it was lost sight of, and what is seen of it is judged from there. */
function seenAgain(record: ServiceRecord, event: ServiceEvent): ServiceRecord {
  const sees = event.type.startsWith('found-') || event.type === 'running' || event.type === 'exited';
  return record.lostFrom !== null && sees ? { ...record, ...record.lostFrom, lostFrom: null } : record;
}

/**
 * The life of a service as one pure function: what is remembered, and what happened, give what is remembered next,
 * what to do, and what to tell.
 */
export function transition(
  record: ServiceRecord,
  event: ServiceEvent,
  policy: RecoveryPolicy,
  now: number,
  random: number,
): Step {
  const before = seenAgain(record, event);
  switch (event.type) {
    case 'found-running':
      return withForeign(foundRunning(before, event.run, now), before, event.restarts ?? null, policy, now);
    case 'found-exited':
      if (before.state === 'stopping' && event.run.id !== before.lastRun)
        return stopCutOff({ ...before, run: event.run }, event.exit, now);
      return event.run.id === before.lastRun
        ? toldAgain(before, event, policy, now, random)
        : afterExit({ ...before, run: event.run }, event, policy, now, random);
    case 'found-absent':
      return foundAbsent(before, policy, now, random);
    case 'running':
      return withForeign(running(before, event.run, now), before, event.restarts ?? null, policy, now);
    case 'exited':
      if (event.run.id === before.lastRun) return fateChanged(before, event, policy, now, random) ?? step(before);
      if (before.run !== null && event.run.id !== before.run.id) return step(before);
      return afterExit({ ...before, run: event.run }, event, policy, now, random);
    case 'unseen':
      return unseen(before, event.reason, now);
    case 'start-asked':
      return step(enter(before, 'starting', now, { wanted: 'up', exits: [], attempt: 0, restarts: 0 }));
    case 'stop-asked':
      return step(enter(before, 'stopping', now, { wanted: 'down' }));
    case 'restart-asked':
      return step(enter(before, 'stopping', now, { wanted: 'up', exits: [], attempt: 0, restarts: 0 }));
    case 'started':
      return started(before, event.run, now);
    case 'start-held':
      return step(enter(before, 'backing-off', now, { retryAt: event.until, reason: event.reason }));
    case 'start-failed':
      return startFailed(before, event, policy, now, random);
    case 'stopped':
      return stopped(before, event.exit, now);
    case 'stop-failed':
      return step(enter(before, 'unknown', now, { reason: event.reason }));
    case 'ailing':
      return ailing(before, event.reason, policy, now, random);
    case 'tick':
      return tick(before, policy, now);
  }
}

/** One counter for all causes: a restart for failed health or for memory counts like an exit. */
function ailing(before: ServiceRecord, why: Reason, policy: RecoveryPolicy, now: number, random: number): Step {
  if (before.state !== 'running' || before.wanted === 'down') return step(before);
  const counted = { ...before, exits: [...exitsInWindow(before.exits, policy, now), now] };
  const recovery = recover(counted, null, policy, now, random);
  if (recovery.decision === 'leave') return step(before);
  if (recovery.decision === 'give-up') {
    const { exits, within } = recovery;
    return step(counted, [], [{ signal: 'restarts-useless', reason: why, exits, within }]);
  }
  const again = { attempt: before.attempt + 1, restarts: before.restarts + 1, exits: counted.exits };
  const record = enter(counted, 'stopping', now, { ...again, reason: why });
  return step(record, [{ do: 'restart' }], [{ signal: 'restarted-ailing', reason: why }]);
}

function foundRunning(before: ServiceRecord, run: Run, now: number): Step {
  const same = before.run?.id === run.id;
  const record = enter(before, 'running', now, {
    run,
    settled: same && before.settled,
    health: same ? before.health : unaskedHealth(now),
  });
  // The manager died between the operator's stop and its end: finish what was asked.
  if (before.state === 'stopping' && before.wanted === 'down')
    return step(enter(record, 'stopping', now), [{ do: 'stop' }]);
  return step({ ...record, wanted: wishOf(before) });
}

/** An end that was counted already, seen at a first look: what others made of it meanwhile, else where we stopped. */
function toldAgain(before: ServiceRecord, ended: Ended, policy: RecoveryPolicy, now: number, random: number): Step {
  const changed = fateChanged(before, ended, policy, now, random);
  if (changed !== null) return changed;
  // Its own policy is at it: the manager does not start it as well.
  if (ended.fate === 'restarts' && before.wanted === 'up')
    return step(enter(before, 'starting', now, { reason: reason('own-policy') }));
  if (ended.fate === 'left' || ended.fate === 'stopped' || ended.fate === 'done') return step(before);
  return resume(before, now);
}

/** The same end, told again with another fate: acted on, not counted again. Null: nothing changes by it. */
function fateChanged(
  before: ServiceRecord,
  ended: Ended,
  policy: RecoveryPolicy,
  now: number,
  random: number,
): Step | null {
  const { fate = null } = ended;
  const waits = before.state === 'starting' || before.state === 'backing-off' || before.state === 'unknown';
  // Its policy had begun to restart it, and then gave up; or it had given up before we lost sight of it.
  if (fate === 'left' && waits && before.wanted === 'up') return afterForeignExit(before, ended, fate, policy, now);
  if (fate === 'stopped' && waits) return step(enter(before, 'stopped', now, { wanted: 'down' }));
  // A start that did not work, of what its own policy goes on to start.
  if (fate === 'restarts' && before.state === 'backing-off')
    return step(enter(before, 'starting', now, { reason: reason('own-policy') }));
  // What looked like somebody's stop was the engine's own end.
  if (fate === null && wasStoppedElsewhere(before) && ended.first !== true)
    return decide({ ...before, wanted: 'up', exits: [...before.exits, now] }, ended, null, policy, now, random);
  return null;
}

function wasStoppedElsewhere({ state, reason: why }: ServiceRecord): boolean {
  return state === 'stopped' && why?.code === 'stopped-elsewhere';
}

/** Nothing new since the last manager: go on where it stopped. */
function resume(before: ServiceRecord, now: number): Step {
  // Its reason goes: who stopped it is nothing that the driver of this manager could still take back.
  if (before.wanted === 'down') return step(enter(before, 'stopped', now));
  if (before.state === 'failed' || before.state === 'stopped') return step(before);
  if (before.state === 'backing-off' && before.retryAt !== null && before.retryAt > now) return step(before);
  return step(enter(before, 'starting', now), [START]);
}

/** The last manager died while it stopped this, and it has ended since: what was asked for is finished. */
function stopCutOff(before: ServiceRecord, exit: ExitInfo | null, now: number): Step {
  const after = stopped(before, exit, now);
  return after.record.state === 'starting' ? step(after.record, [START]) : after;
}

function foundAbsent(before: ServiceRecord, policy: RecoveryPolicy, now: number, random: number): Step {
  if (before.state === 'stopping' && before.run !== null) return stopCutOff(before, null, now);
  if (before.wanted === 'down') return step(enter(before, 'stopped', now, { run: null }));
  if (before.run !== null) {
    const run = before.run;
    return afterExit(before, { run, exit: { code: null, signal: null, at: now } }, policy, now, random);
  }
  const neverRan = before.lastRun === null && before.state === 'stopped';
  return neverRan ? step(enter(before, 'starting', now), [START]) : resume(before, now);
}

function running(before: ServiceRecord, run: Run, now: number): Step {
  if (before.run?.id === run.id && before.state !== 'unknown') return step(before);
  if (before.state === 'stopping' || run.id === before.lastRun) return step(before);
  const same = before.run?.id === run.id;
  return step(
    enter(before, 'running', now, {
      run,
      wanted: wishOf(before),
      settled: same && before.settled,
      health: same ? before.health : unaskedHealth(now),
    }),
  );
}

/**
 * Found running although it was to be down: somebody started it by hand meanwhile, which is a wish too, or its stop was
 * refused, and whoever asked for it was told. To go on as if it were stopped would keep its later ends from everybody.
 * A stop that only takes long still holds.
 */
function wishOf({ state, wanted, reason: why }: ServiceRecord): ServiceRecord['wanted'] {
  const standsToEnd = state !== 'stopped' && !(state === 'unknown' && why?.code !== 'operation-hung');
  return standsToEnd ? wanted : 'up';
}

function started(before: ServiceRecord, run: Run, now: number): Step {
  // It may have died before the driver could say that it had started; the exit was dealt with already.
  if (run.id === before.lastRun) return step(before);
  return step(enter(before, 'running', now, { run, settled: false, health: unaskedHealth(now) }));
}

function stopped(before: ServiceRecord, exit: ExitInfo | null, now: number): Step {
  const record = {
    run: null,
    settled: false,
    lastRun: before.run?.id ?? before.lastRun,
    lastExit: exit ?? before.lastExit,
    health: unaskedHealth(now),
  };
  // A restart goes on to "starting"; only a stop ends here and ends what was wrong.
  if (before.wanted === 'up') return step(enter(before, 'starting', now, record));
  return step(enter(before, 'stopped', now, record), [], [{ signal: 'stopped-by-operator' }]);
}

function afterExit(known: ServiceRecord, ended: Ended, policy: RecoveryPolicy, now: number, random: number): Step {
  const { exit, fate = null } = ended;
  // Another life since somebody's stop, which that was not meant for good then: one of the engine, going down.
  const revived = wasStoppedElsewhere(known) && fate === null && ended.first !== true;
  const before: ServiceRecord = revived ? { ...known, wanted: 'up' } : known;
  const record: ServiceRecord = {
    ...before,
    lastRun: before.run?.id ?? before.lastRun,
    run: null,
    settled: false,
    lastExit: exit,
    health: unaskedHealth(now),
  };
  // Somebody is stopping it: the operation itself reports the end.
  if (before.state === 'stopping') return step(record);
  if (before.wanted === 'down') return step(enter(record, 'stopped', now));
  if (fate === 'done')
    return step(
      enter(record, 'stopped', now, { attempt: 0, reason: reason('work-done') }),
      [],
      [{ signal: 'settled' }],
    );
  // Somebody's stop is no crash: six of them in a deploy are no loop.
  if (fate === 'stopped') return afterForeignExit(record, ended, fate, policy, now);
  const counted = { ...record, exits: exitsInWindow([...record.exits, now], policy, now) };
  if (fate === null) return decide(counted, ended, null, policy, now, random);
  return afterForeignExit(counted, ended, fate, policy, now);
}

/** Somebody else looks after it: the manager does not fight it, but counts and tells. */
function afterForeignExit(
  record: ServiceRecord,
  ended: Ended,
  fate: Exclude<Fate, 'done'>,
  policy: RecoveryPolicy,
  now: number,
): Step {
  const { exit } = ended;
  const why = ended.reason ?? null;
  switch (fate) {
    case 'restarts': {
      const foreignRestarts = record.foreignRestarts === null ? null : record.foreignRestarts + 1;
      const next = enter({ ...record, foreignRestarts }, 'starting', now, { reason: reason('own-policy') });
      const exited: Signal = { signal: 'exited', exit, followUp: 'own-policy', reason: why };
      return step(next, [], [exited, ...looping(next, policy, exit, now)]);
    }
    case 'left': {
      const next = enter(record, 'failed', now, { reason: why ?? reason('left-down') });
      return step(next, [], [{ signal: 'left-down', exit, reason: why }]);
    }
    case 'stopped': {
      const next = enter(record, 'stopped', now, { wanted: 'down', reason: reason('stopped-elsewhere') });
      return step(next, [], [{ signal: 'exited', exit, followUp: 'stopped-elsewhere', reason: why }]);
    }
  }
}

function looping(record: ServiceRecord, policy: RecoveryPolicy, exit: ExitInfo | null, now: number): readonly Signal[] {
  const first = record.exits[0];
  if (record.exits.length <= policy.max_restarts || first === undefined) return [];
  return [{ signal: 'looping', exits: record.exits.length, within: now - first, exit }];
}

/** Restarts by others that nobody saw happen (it was too quick, or no manager was there) count like those that were. */
function withForeign(
  after: Step,
  before: ServiceRecord,
  restarts: number | null,
  policy: RecoveryPolicy,
  now: number,
): Step {
  if (restarts === null || restarts === before.foreignRestarts) return after;
  const known = before.foreignRestarts;
  // A start by hand sets the count back to 0.
  const unseen = known === null ? 0 : restarts >= known ? restarts - known : restarts;
  const exits = exitsInWindow([...after.record.exits, ...Array<number>(Math.min(unseen, 100)).fill(now)], policy, now);
  const record = { ...after.record, foreignRestarts: restarts, exits };
  const signals = unseen > 0 ? looping(record, policy, record.lastExit, now) : [];
  return step(record, after.effects, [...after.signals, ...signals]);
}

function startFailed(
  record: ServiceRecord,
  { reason: why, fatal, ended }: Extract<ServiceEvent, { type: 'start-failed' }>,
  policy: RecoveryPolicy,
  now: number,
  random: number,
): Step {
  const before = ended === undefined ? record : { ...record, lastRun: ended.run.id, lastExit: ended.exit };
  if (fatal) {
    const signals: Signal[] = [{ signal: 'start-failed', reason: why, final: true }];
    return step(enter(before, 'failed', now, { run: null, reason: why }), [], signals);
  }
  return decide({ ...before, run: null, exits: [...before.exits, now] }, null, why, policy, now, random);
}

function decide(
  record: ServiceRecord,
  ended: Pick<Ended, 'exit' | 'reason'> | null,
  failure: Reason | null,
  policy: RecoveryPolicy,
  now: number,
  random: number,
): Step {
  const exit = ended?.exit ?? null;
  const why = ended?.reason ? { reason: ended.reason } : {};
  const recovery = recover(record, exit, policy, now, random);
  const bounded = { ...record, exits: exitsInWindow(record.exits, policy, now) };
  if (recovery.decision === 'give-up') {
    const { exits, within } = recovery;
    const given = failure ?? reason('gave-up', { exits });
    const cause = failure ?? ended?.reason ?? null;
    const signals: Signal[] = [
      { signal: 'gave-up', exits, within, exit, ...(cause === null ? {} : { reason: cause }) },
    ];
    return step(enter(bounded, 'failed', now, { reason: given }), [], signals);
  }
  if (recovery.decision === 'leave') {
    if (failure !== null) {
      const signals: Signal[] = [{ signal: 'start-failed', reason: failure, final: true }];
      return step(enter(bounded, 'failed', now, { reason: failure }), [], signals);
    }
    const signals: Signal[] = exit === null ? [] : [{ signal: 'exited', exit, followUp: recovery.why, ...why }];
    return step(enter(bounded, 'stopped', now, { reason: reason(recovery.why) }), [], signals);
  }
  const signals: Signal[] =
    failure !== null
      ? [{ signal: 'start-failed', reason: failure, final: false }]
      : exit !== null
        ? [{ signal: 'exited', exit, followUp: 'restart', delay: recovery.delay, ...why }]
        : [];
  const again = { ...bounded, attempt: record.attempt + 1, restarts: record.restarts + 1 };
  return recovery.delay === 0
    ? step(enter(again, 'starting', now), [START], signals)
    : step(
        enter(again, 'backing-off', now, { retryAt: recovery.at, reason: failure ?? ended?.reason ?? null }),
        [],
        signals,
      );
}

/** Whether time alone can move it, now or later; where it cannot, a tick changes nothing. */
export function awaitsTime({ state, run, settled, attempt }: ServiceRecord): boolean {
  return state === 'backing-off' || (state === 'running' && run !== null && (!settled || attempt > 0));
}

function tick(before: ServiceRecord, policy: RecoveryPolicy, now: number): Step {
  if (!awaitsTime(before)) return step(before);
  if (before.state === 'backing-off' && before.retryAt !== null && before.retryAt <= now)
    return step(enter(before, 'starting', now), [START]);
  if (before.state !== 'running' || before.run === null) return step(before);
  const up = now - before.run.startedAt;
  const settles = !before.settled && up >= policy.start_grace;
  const stable = before.attempt > 0 && up >= policy.stable_after;
  if (!settles && !stable) return step(before);
  const record = {
    ...before,
    settled: before.settled || settles,
    attempt: stable ? 0 : before.attempt,
  };
  return step(record, [], settles ? [{ signal: 'settled' }] : []);
}

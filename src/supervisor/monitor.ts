import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { incidentsOfSignal } from '../core/consequence.ts';
import type { CheckResult } from '../core/health.ts';
import type { Incident, IncidentInput } from '../core/incident.ts';
import { mayLast } from '../core/lasting.ts';
import { type Reason, reason, sameReason } from '../core/reason.ts';
import { isHeld } from '../core/service.ts';
import type { Actor, Operation } from '../core/snapshot.ts';
import { awaitsTime, type Effect, type ServiceEvent, type Signal, transition } from '../core/transition.ts';
import type { Observation } from '../drivers/driver.ts';
import type { Samples } from '../store/samples.ts';
import type { ServiceTable } from '../store/services.ts';
import { createCommits } from './commits.ts';
import { inTime, operationLimit } from './deadline.ts';
import { createHealthWatch } from './health-watch.ts';
import { holdsUp, missingNeeds } from './hold.ts';
import type { Ledger } from './ledger.ts';
import type { Managed } from './managed.ts';

export interface MonitorOptions {
  readonly services: ReadonlyMap<string, Managed>;
  readonly serviceTable: ServiceTable;
  readonly samples: Pick<Samples, 'add' | 'started'>;
  readonly ledger: Ledger;
  /** Why a service must not be started by the manager itself now; null: go ahead. An operator's start is not asked. */
  readonly holdsStart: (service: Managed) => Reason | null;
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

const MANAGER: Actor = { kind: 'manager', id: 'recovery', name: 'OrbitVPN Manager' };
/** A start that is held is asked for again after this; what waits for a service that comes up is told at once. */
const HELD_AGAIN_MS = 1000;
/** Services that are looked at in one turn of the event loop. */
const TAKEN_AT_ONCE = 16;
/** How often a service that could not be seen is looked for again. */
const LOOK_AGAIN_MS = 5000;

/**
 * The heart: what is seen of a service goes in; its record moves, recovery acts at once, and record, incidents and
 * outbox are written in one transaction.
 */
export function createMonitor(options: MonitorOptions) {
  const { services, serviceTable, samples, ledger, clock, random, log } = options;
  const lastLook = new Map<string, number>();
  /** Those whose start is held: they are woken by what they wait for. */
  const waiting = new Set<Managed>();
  /** Those that time alone changes, or that may be in trouble for too long: of hundreds nearly none are. */
  const restless = new Set<Managed>();
  const commits = createCommits({ serviceTable, ledger, log });
  const health = createHealthWatch({
    ...{ samples, ledger, commits, clock, log },
    // To end what runs takes more than to start what does not: all that it needs has to be seen running.
    held: (service) => options.holdsStart(service) !== null || missingNeeds(service, services).length > 0,
    isCaused: (service) => ledger.isCaused(service.record.name),
    // The commit of the health comes first, so that the incident is there when the restart is told in it.
    ails: (service, why) => queueMicrotask(() => observe(service, { type: 'ailing', reason: why })),
  });

  /** Takes in one event. The record and the effects are immediate; the commit follows within milliseconds. */
  function observe(service: Managed, event: ServiceEvent): void {
    const before = service.record;
    const now = clock();
    const { record, effects: todo, signals } = transition(before, event, service.config, now, random());
    if (record === before && signals.length === 0 && todo.length === 0) return;
    service.record = record;
    if (record.run !== null && record.run.id !== before.run?.id) samples.started(record.name, record.run.startedAt);
    // Before anything is written: a restart must not wait for a disk. A manager killed in between finds out by asking
    // the driver.
    for (const effect of todo) perform(service, effect);
    scheduleRetry(service);
    if (record.state !== before.state)
      log.info(
        { service: record.name, from: before.state, to: record.state, event: event.type, run: record.run },
        'state',
      );
    commitSoon(service, signals);
    remember(service);
    if (!holdsUp(before) && holdsUp(service.record)) wake(record.name);
  }

  function remember(service: Managed): void {
    if (isHeld(service.record)) waiting.add(service);
    else waiting.delete(service);
    rememberRestless(service);
  }

  function rememberRestless(service: Managed): void {
    if (awaitsTime(service.record) || mayLast(service.record)) restless.add(service);
    else restless.delete(service);
  }

  /** What waits for this service is not kept waiting: a chain of needs is up as soon as its links are. */
  function wake(name: string): void {
    if (waiting.size === 0) return;
    for (const service of [...waiting]) {
      if (!service.config.depends_on.includes(name)) continue;
      service.record = { ...service.record, retryAt: clock() };
      tick(service);
    }
  }

  function perform(service: Managed, effect: Effect): void {
    effects[effect.do](service).catch((error: unknown) =>
      log.error({ err: error, service: service.record.name }, `${effect.do} failed`),
    );
  }

  async function start(service: Managed): Promise<void> {
    const why = options.holdsStart(service);
    if (why !== null) {
      observe(service, { type: 'start-held', until: clock() + HELD_AGAIN_MS, reason: why });
      return;
    }
    const unseen = missingNeeds(service, services).map(({ record }) => record.name);
    if (unseen.length > 0)
      log.warn({ service: service.record.name, unseen }, 'started without a sight of what it needs');
    const limit = operationLimit(service.config);
    const result = await inTime(service.driver.start(), limit);
    if (service.record.state !== 'starting') return;
    if (result === 'late') return hung(service, limit);
    observe(service, result.ok ? { type: 'started', run: result.run } : { ...result, type: 'start-failed' });
  }

  async function stop(service: Managed, own: Operation): Promise<void> {
    const result = await service.driver.stop();
    if (service.operation !== own) return lookAnew(service);
    observe(service, result.ok ? { type: 'stopped', exit: result.exit } : { ...result, type: 'stop-failed' });
  }

  /** What hangs is not waited for, and not believed: the service is looked at anew. */
  function hung(service: Managed, limit: number): void {
    observe(service, { type: 'unseen', reason: reason('operation-hung', { seconds: limit / 1000 }) });
  }

  /**
   * What was given up has come to its end after all. What it would have led to is nobody's wish any more; how the
   * service is now, a look says, unless somebody is at it and will know, or has been.
   */
  function lookAnew(service: Managed): void {
    const { state } = service.record;
    if (service.operation === null && state !== 'stopped' && state !== 'failed')
      hung(service, operationLimit(service.config));
  }

  /** What the manager does by itself to what runs; an operation like any other, so that nobody cuts in. */
  async function operate(service: Managed, verb: 'stop' | 'restart'): Promise<void> {
    const limit = operationLimit(service.config);
    const own: Operation = { verb, by: MANAGER, since: clock(), deadline: clock() + limit };
    service.operation = own;
    const work = async (): Promise<void> => {
      await stop(service, own);
      // Not after it was given up: somebody may have decided otherwise since.
      if (service.operation === own && service.record.state === 'starting') await start(service);
    };
    try {
      if ((await inTime(work(), limit)) === 'late') hung(service, limit);
    } finally {
      service.operation = null;
    }
  }

  const effects: Readonly<Record<Effect['do'], (service: Managed) => Promise<void>>> = {
    start,
    stop: (service) => operate(service, 'stop'),
    restart: (service) => operate(service, 'restart'),
  };

  /** Restart delays are kept to the millisecond; the one-second tick is only the net below. */
  function scheduleRetry(service: Managed): void {
    if (service.retry !== null) clearTimeout(service.retry);
    service.retry = null;
    const { retryAt } = service.record;
    if (retryAt === null) return;
    service.retry = setTimeout(() => tick(service), Math.max(0, retryAt - clock()) + 1);
    service.retry.unref();
  }

  function tick(service: Managed): void {
    const { state, retryAt, reason: known } = service.record;
    const due = state === 'backing-off' && retryAt !== null && retryAt <= clock();
    const why = due ? options.holdsStart(service) : null;
    // An operation on it is under way, which starts it itself if it is to run.
    const later = why === null ? due && service.operation !== null : sameReason(why, known);
    if (later) {
      // Still held for the same reason: nothing worth writing down.
      service.record = { ...service.record, retryAt: clock() + HELD_AGAIN_MS };
      scheduleRetry(service);
    } else if (why === null) observe(service, { type: 'tick' });
    else observe(service, { type: 'start-held', until: clock() + HELD_AGAIN_MS, reason: why });
  }

  function commitSoon(service: Managed, signals: readonly Signal[]): void {
    const inputsOf = (lines: readonly string[]) => signals.flatMap((signal) => incidentsOfSignal(signal, lines));
    if (signals.some(wantsLines)) commits.addWithLines(service, inputsOf);
    else commits.add(service, inputsOf([]));
  }

  /** Adds to what was tried about a service's open incidents, if there are any. */
  function note(service: Managed, attempt: Extract<IncidentInput, { type: 'attempt' }>['attempt']): void {
    commits.add(service, [
      { type: 'attempt', kind: 'down', attempt },
      { type: 'attempt', kind: 'unhealthy', attempt },
    ]);
  }

  async function look(service: Managed, first = false): Promise<void> {
    lastLook.set(service.record.name, clock());
    const seen = await service.driver.inspect();
    if (service.operation === null) observe(service, found(seen, first));
  }

  /** Listens to a service's driver and looks at it for the first time: adopts what runs, starts what should. */
  async function take(service: Managed): Promise<void> {
    remember(service);
    service.driver.onChange((seen) => observe(service, change(seen)));
    await look(service, true);
  }

  return {
    observe,
    lookAnew,
    /** Takes in the answer of one check; `run` is the life it was asked about. */
    observeHealth(service: Managed, run: string | null, id: string, answered: CheckResult): void {
      health.take(service, run, id, answered);
      rememberRestless(service);
    },
    note,
    take,
    /** Lets go of a service that is not in the configuration any more; `forget`: it will be new when it comes back. */
    async release(service: Managed, forget: boolean): Promise<void> {
      if (service.retry !== null) clearTimeout(service.retry);
      service.retry = null;
      waiting.delete(service);
      restless.delete(service);
      await service.commits;
      health.forget(service.record.name);
      if (forget) serviceTable.forget(service.record.name);
    },
    /** Takes every service. The first are being started while the last are still looked at. */
    async begin(): Promise<void> {
      let turn = Promise.resolve();
      await Promise.all(
        [...services.values()].map(async (service, index) => {
          if (index > 0 && index % TAKEN_AT_ONCE === 0) turn = turn.then(() => nextTurn());
          await turn;
          await take(service);
          // What the last manager left open although it is over (it died between the two).
          if (service.record.state === 'running' && service.record.settled)
            commitSoon(service, [{ signal: 'settled' }]);
        }),
      );
      ledger.endWithoutService((name) => services.has(name));
    },
    tick(): void {
      const open = new Map<string, Incident[]>();
      for (const incident of ledger.open())
        open.set(incident.service, [...(open.get(incident.service) ?? []), incident]);
      const troubled = [...open.keys()].flatMap((name) => services.get(name) ?? []);
      for (const service of new Set([...restless, ...troubled])) {
        const { name } = service.record;
        // One that was let go of, whose last answer came after that.
        if (services.get(name) !== service) continue;
        if (awaitsTime(service.record)) tick(service);
        const troubles = open.get(name);
        if (troubles !== undefined || mayLast(service.record)) health.watchLasting(service, troubles ?? []);
        if (service.record.state !== 'unknown' || service.operation !== null) continue;
        if (clock() - (lastLook.get(name) ?? 0) >= LOOK_AGAIN_MS)
          look(service).catch((error: unknown) => log.error({ err: error, service: name }, 'inspect failed'));
      }
    },
    /** Waits until all that was seen is written. */
    async settle(): Promise<void> {
      for (const service of services.values()) {
        if (service.retry !== null) clearTimeout(service.retry);
        service.retry = null;
      }
      await commits.settle(services.values());
    },
  };
}

export type Monitor = ReturnType<typeof createMonitor>;

function wantsLines(signal: Signal): boolean {
  return signal.signal !== 'settled' && signal.signal !== 'stopped-by-operator';
}

function found(seen: Observation, first: boolean): ServiceEvent {
  switch (seen.state) {
    case 'running':
      return { ...seen, type: 'found-running' };
    case 'exited':
      return { ...seen, type: 'found-exited', first };
    case 'absent':
      return { type: 'found-absent' };
    case 'unknown':
      return { type: 'unseen', reason: seen.reason };
  }
}

function change(seen: Observation): ServiceEvent {
  switch (seen.state) {
    case 'running':
      return { ...seen, type: 'running' };
    case 'exited':
      return { ...seen, type: 'exited' };
    case 'absent':
      return { type: 'found-absent' };
    case 'unknown':
      return { type: 'unseen', reason: seen.reason };
  }
}

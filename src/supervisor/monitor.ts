import type { Logger } from 'pino';
import { incidentsOfHealth, incidentsOfSignal } from '../core/consequence.ts';
import { type CheckResult, foldHealth, type Metric } from '../core/health.ts';
import type { Incident, IncidentInput } from '../core/incident.ts';
import { lastingTroubles, mayLast } from '../core/lasting.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { ServiceRecord } from '../core/service.ts';
import type { Actor, Operation } from '../core/snapshot.ts';
import { awaitsTime, type Effect, type ServiceEvent, type Signal, transition } from '../core/transition.ts';
import type { Observation } from '../drivers/driver.ts';
import type { Samples } from '../store/samples.ts';
import type { ServiceTable } from '../store/services.ts';
import { createAiling } from './ailing.ts';
import { inTime, operationLimit } from './deadline.ts';
import type { Ledger } from './ledger.ts';
import { concerns, type Managed } from './managed.ts';
import { createRuleWatch } from './rule-watch.ts';

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

/** Lines of a service's log that go into an incident. */
const LINES_IN_INCIDENT = 5;
/** A log that cannot be read this fast is left out rather than hold the alert. */
const LINES_DEADLINE_MS = 500;
const MANAGER: Actor = { kind: 'manager', id: 'recovery', name: 'OrbitVPN Manager' };
/** A start that is held is asked for again after this. */
const HELD_AGAIN_MS = 1000;
/** How often a service that could not be seen is looked for again. */
const LOOK_AGAIN_MS = 5000;

/**
 * The heart: what is seen of a service goes in; its record moves, recovery acts at once, and record, incidents and
 * outbox are written in one transaction.
 */
export function createMonitor(options: MonitorOptions) {
  const { services, serviceTable, samples, ledger, clock, random, log } = options;
  const lastLook = new Map<string, number>();
  const ruleWatch = createRuleWatch(ledger, clock);
  const ailing = createAiling({
    held: (service) => options.holdsStart(service) !== null || ledger.isCaused(service.record.name),
    // The commit of the health comes first, so that the incident is there when the restart is told in it.
    ails: (service, why) => queueMicrotask(() => observe(service, { type: 'ailing', reason: why })),
  });
  /** What is to be written in this turn of the event loop. */
  let waiting: (() => void)[] = [];

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
    const limit = operationLimit(service.config);
    const result = await inTime(service.driver.start(), limit);
    if (service.record.state !== 'starting') return;
    if (result === 'late') return hung(service, limit);
    observe(service, result.ok ? { type: 'started', run: result.run } : { ...result, type: 'start-failed' });
  }

  async function stop(service: Managed): Promise<void> {
    const result = await service.driver.stop();
    observe(service, result.ok ? { type: 'stopped', exit: result.exit } : { ...result, type: 'stop-failed' });
  }

  /** What hangs is not waited for, and not believed: the service is looked at anew. */
  function hung(service: Managed, limit: number): void {
    observe(service, { type: 'unseen', reason: reason('operation-hung', { seconds: limit / 1000 }) });
  }

  /** What the manager does by itself to what runs; an operation like any other, so that nobody cuts in. */
  async function operate(service: Managed, verb: 'stop' | 'restart'): Promise<void> {
    const limit = operationLimit(service.config);
    const own: Operation = { verb, by: MANAGER, since: clock(), deadline: clock() + limit };
    service.operation = own;
    const work = async (): Promise<void> => {
      await stop(service);
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
    if (why === null) observe(service, { type: 'tick' });
    else if (why.code === known?.code) {
      // Still held for the same reason: nothing worth writing down.
      service.record = { ...service.record, retryAt: clock() + HELD_AGAIN_MS };
      scheduleRetry(service);
    } else observe(service, { type: 'start-held', until: clock() + HELD_AGAIN_MS, reason: why });
  }

  function commitSoon(service: Managed, signals: readonly Signal[]): void {
    service.commits = service.commits.then(async () => {
      const lines = signals.some(wantsLines) ? await lastLines(service) : [];
      await commit(
        service,
        signals.flatMap((signal) => incidentsOfSignal(signal, lines)),
      );
    });
  }

  async function lastLines(service: Managed): Promise<readonly string[]> {
    let limit: NodeJS.Timeout | undefined;
    const patience = new Promise<readonly string[]>((resolve) => {
      limit = setTimeout(resolve, LINES_DEADLINE_MS, []);
    });
    const lines = service.driver.logs(LINES_IN_INCIDENT).catch((error: unknown) => {
      log.warn({ err: error, service: service.record.name }, 'its log could not be read');
      return [];
    });
    const read = await Promise.race([lines, patience]);
    clearTimeout(limit);
    return read;
  }

  function commitNext(service: Managed, inputs: readonly IncidentInput[]): void {
    service.commits = service.commits.then(() => commit(service, inputs));
  }

  /**
   * Record, incidents and what is to be told of them: all of it on disk, or none. What many services have to write in
   * the same moment (all start, all stop) waits for the disk once.
   */
  function commit(service: Managed, inputs: readonly IncidentInput[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(writeAll);
      waiting.push(() => {
        try {
          ledger.commit(service.record.name, inputs, () => serviceTable.save(service.record));
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  function writeAll(): void {
    if (waiting.length === 0) return;
    const all = waiting;
    waiting = [];
    ledger.commitTogether(() => {
      for (const write of all) write();
    });
  }

  /** Takes in the answer of one check; `run` is the life it was asked about. */
  function observeHealth(service: Managed, run: string | null, id: string, answered: CheckResult): void {
    if ((service.record.run?.id ?? null) !== run || service.record.state !== 'running') return;
    const scheduled = service.checks.find((each) => each.check.id === id);
    const ofProcess = scheduled?.check.kind === 'process';
    const result = ofProcess ? withLife(answered, service.record, clock()) : answered;
    samples.add(service.record.name, id, result.metrics, clock());
    const broken = ruleWatch.take(service, id, result);
    if (broken.length > 0) commitNext(service, broken);
    const before = service.record.health;
    const pid = service.record.run?.pid ?? null;
    const asked = service.checks.filter((each) => concerns(each, pid));
    const ids = asked.map((each) => each.check.id);
    const aside = new Set(asked.filter(({ judges }) => !judges).map(({ check }) => check.id));
    const { retries = 1, restarts = false } = scheduled ?? {};
    const health = foldHealth(before, ids, id, result, retries, clock(), aside);
    service.record = { ...service.record, health };
    if (ofProcess) ailing.judgeMemory(service, result);
    ailing.judge(service, id, result, restarts ? retries + 1 : null);
    if (health.health === before.health) return;
    log.info({ service: service.record.name, from: before.health, to: health.health, reason: health.reason }, 'health');
    service.commits = service.commits.then(async () => {
      const lines = health.health === 'unhealthy' ? await lastLines(service) : [];
      await commit(service, incidentsOfHealth(before.health, health, lines));
    });
  }

  /** What cannot be asked, or stays degraded, for too long; what a rule was about and is not there any more. */
  function watchLasting(service: Managed, open: readonly Incident[]): void {
    const { title, health_check_interval, default_alerts } = service.config;
    const checks = service.checks.map(({ check: { id, kind }, every }) => ({ id, kind, every }));
    const rules = { title, every: health_check_interval, checks, degraded: default_alerts };
    const inputs = [...lastingTroubles(service.record, rules, open, clock()), ...ruleWatch.tick(service, open)];
    if (inputs.length > 0) commitNext(service, inputs);
  }

  /** Adds to what was tried about a service's open incidents, if there are any. */
  function note(service: Managed, attempt: Extract<IncidentInput, { type: 'attempt' }>['attempt']): void {
    commitNext(service, [
      { type: 'attempt', kind: 'down', attempt },
      { type: 'attempt', kind: 'unhealthy', attempt },
    ]);
  }

  async function look(service: Managed): Promise<void> {
    lastLook.set(service.record.name, clock());
    const seen = await service.driver.inspect();
    if (service.operation === null) observe(service, firstLook(seen));
  }

  /** Listens to a service's driver and looks at it for the first time: adopts what runs, starts what should. */
  async function take(service: Managed): Promise<void> {
    service.driver.onChange((seen) => observe(service, change(seen)));
    await look(service);
  }

  return {
    observe,
    observeHealth,
    note,
    take,
    /** Lets go of a service that is not in the configuration any more; `forget`: it will be new when it comes back. */
    async release(service: Managed, forget: boolean): Promise<void> {
      if (service.retry !== null) clearTimeout(service.retry);
      service.retry = null;
      await service.commits;
      ruleWatch.forget(service.record.name);
      if (forget) serviceTable.forget(service.record.name);
    },
    /** Takes every service. */
    async begin(): Promise<void> {
      await Promise.all(
        [...services.values()].map(async (service) => {
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
      for (const service of services.values()) {
        // Of hundreds of services nearly all are well at any moment: nothing is asked of those.
        if (awaitsTime(service.record)) tick(service);
        const troubles = open.get(service.record.name);
        if (troubles !== undefined || mayLast(service.record)) watchLasting(service, troubles ?? []);
        const { name, state } = service.record;
        if (state !== 'unknown' || service.operation !== null) continue;
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
      await Promise.all([...services.values()].map((service) => service.commits));
      writeAll();
    },
  };
}

export type Monitor = ReturnType<typeof createMonitor>;

/** What its process says, with what is known of its life; nothing is added to what says nothing. */
function withLife(result: CheckResult, { run, restarts, foreignRestarts }: ServiceRecord, now: number): CheckResult {
  if (run === null || result.metrics.length === 0) return result;
  const life: readonly Metric[] = [
    { name: 'uptime', value: Math.round((now - run.startedAt) / 1000), unit: 's' },
    { name: 'restarts', value: restarts + (foreignRestarts ?? 0), unit: 'count' },
  ];
  return { ...result, metrics: [...result.metrics, ...life] };
}

function wantsLines(signal: Signal): boolean {
  return signal.signal !== 'settled' && signal.signal !== 'stopped-by-operator';
}

function firstLook(seen: Observation): ServiceEvent {
  switch (seen.state) {
    case 'running':
      return { ...seen, type: 'found-running' };
    case 'exited':
      return { ...seen, type: 'found-exited' };
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

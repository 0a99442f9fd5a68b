import type { Logger } from 'pino';
import { overallOf, worstFirst } from '../core/condition.ts';
import { inOrder } from '../core/in-order.ts';
import type { Mute } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import { hasDoneItsWork, isThere, type Run } from '../core/service.ts';
import type { ActionResult, Actor, Control, Needs, Operation, Snapshot, TelegramView, Verb } from '../core/snapshot.ts';
import type { Audit } from '../store/audit.ts';
import { inTime, operationLimit } from './deadline.ts';
import { type Hold, missingNeeds } from './hold.ts';
import type { Ledger } from './ledger.ts';
import { type Managed, possible, startable } from './managed.ts';
import type { Monitor } from './monitor.ts';
import { viewOf } from './view.ts';

export interface ControlOptions {
  readonly services: ReadonlyMap<string, Managed>;
  readonly monitor: Monitor;
  readonly ledger: Ledger;
  readonly audit: Audit;
  readonly mutes: () => readonly Mute[];
  readonly hold: Pick<Hold, 'awaited'>;
  readonly telegram: () => TelegramView;
  readonly host: string;
  readonly version: string;
  readonly clock: () => number;
  readonly log: Logger;
}

/** A start is called good when the process still runs after this long (or its shorter `start_grace`). */
const PROOF_OF_LIFE_MS = 1000;
const LOOK_MS = 50;

type Outcome = { readonly ok: true; readonly note: Reason | null } | { readonly ok: false; readonly reason: Reason };

const done = (note: Reason | null = null): Outcome => ({ ok: true, note });
const refused = (why: Reason): Outcome => ({ ok: false, reason: why });

/** The one door through which people act on services: one operation at a time each, with a deadline, audited. */
export function createControl(options: ControlOptions): Control {
  const { services, monitor, audit, clock, log } = options;
  const startedAt = clock();

  const act: Control['act'] = (name, verb, by, needs = 'ask') => perform(name, verb, by, needs, []);

  /** `above`: those that wait for it; a reload that could be applied in part only may have left a cycle. */
  async function perform(
    name: string,
    verb: Verb,
    by: Actor,
    needs: Needs,
    above: readonly Managed[],
  ): Promise<ActionResult> {
    const begun = clock();
    const service = services.get(name);
    const outcome =
      service === undefined
        ? refused(reason('unknown-service', { name }))
        : await attempt(service, verb, by, needs, above);
    const took = clock() - begun;
    audit.add(clock(), by, verb, name, outcome.ok ? null : outcome.reason);
    log.info({ service: name, verb, by, needs, took, outcome }, 'action');
    if (!outcome.ok) return { ok: false, took, reason: outcome.reason };
    // That it was asked for is written while it is done, or not: of such a stop the next manager would not know.
    const forgettable = verb === 'stop' && !options.ledger.isWritten(name);
    return { ok: true, took, note: forgettable ? reason('stop-not-written') : outcome.note };
  }

  async function attempt(
    service: Managed,
    verb: Verb,
    by: Actor,
    needs: Needs,
    above: readonly Managed[],
  ): Promise<Outcome> {
    const { operation } = service;
    if (operation !== null) {
      const seconds = Math.round((clock() - operation.since) / 1000);
      return refused(reason(`busy-${operation.verb}`, { by: operation.by.name, seconds }));
    }
    const can = possible(service);
    // Whoever restarts what is down wants it up.
    if (verb === 'restart' && !can.includes(verb) && can.includes('start'))
      return attempt(service, 'start', by, needs, above);
    // Something of what does not run may be left, and something may bring it back: a stop is never senseless.
    if (!can.includes(verb) && !(verb === 'stop' && service.config.driver !== 'external'))
      return senseless(service, verb);
    const missing = verb === 'stop' ? [] : missingNeeds(service, services);
    if (missing.length > 0 && needs === 'ask') {
      const names = missing.map((needed) => needed.config.title).join(', ');
      const unseen = missing.filter(({ record }) => record.state === 'unknown').length;
      const how = unseen === 0 ? 'down' : unseen === missing.length ? 'unseen' : 'mixed';
      return refused(reason('needs-down', { names, count: missing.length, how }));
    }
    const limit = limitOf(service, needs, above);
    const own: Operation = { verb, by, since: clock(), deadline: clock() + limit };
    service.operation = own;
    const work = async (): Promise<Outcome> => {
      const fallen = needs === 'first' ? await raise(missing, by, [...above, service]) : null;
      // Not after it was given up: somebody may have decided otherwise since.
      if (service.operation !== own) return refused(reason('operation-hung', { seconds: limit / 1000 }));
      return fallen === null ? operations[verb](service, by, () => service.operation === own) : refused(fallen);
    };
    try {
      return await withDeadline(service, work(), limit);
    } finally {
      service.operation = null;
    }
  }

  /** Ms that an operation may take, with that of what is started before it. */
  function limitOf(service: Managed, needs: Needs, above: readonly Managed[]): number {
    const own = operationLimit(service.config);
    const before = needs === 'first' ? missingNeeds(service, services) : [];
    const waiting = [...above, service];
    const further = before.filter((needed) => !waiting.includes(needed));
    return own + Math.max(0, ...further.map((needed) => limitOf(needed, needs, waiting)));
  }

  /** Starts what a service needs, with what that needs itself. Null: all of it runs. */
  async function raise(missing: readonly Managed[], by: Actor, above: readonly Managed[]): Promise<Reason | null> {
    const up = await Promise.all(
      missing.map(async (needed) => {
        if (above.includes(needed)) return false;
        // Somebody may be at it already; what they began is waited for.
        if (needed.operation === null) await perform(needed.config.name, 'start', by, 'first', above);
        await started(needed);
        return isThere(needed.record);
      }),
    );
    const down = missing.find((_, index) => !up[index]);
    return down === undefined ? null : reason('need-not-started', { name: down.config.title });
  }

  /** Waits until nobody is starting it any more. */
  async function started(service: Managed): Promise<void> {
    const until = service.operation?.deadline ?? clock() + operationLimit(service.config);
    while ((service.operation !== null || service.record.state === 'starting') && clock() < until)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** A verb that makes no sense now: a repeat is no mistake, the rest says why not. */
  function senseless(service: Managed, verb: Verb): Outcome {
    const { state } = service.record;
    if (service.config.driver === 'external') return refused(reason('watched-only'));
    if (verb === 'start' && (state === 'running' || state === 'starting')) return done(reason('already-running'));
    return refused(reason('cannot-be-started'));
  }

  /** What hangs is not waited for, and not believed: the service is looked at anew, and can be acted upon again. */
  async function withDeadline(service: Managed, work: Promise<Outcome>, ms: number): Promise<Outcome> {
    const outcome = await inTime(work, ms);
    if (outcome !== 'late') return outcome;
    const why = reason('operation-hung', { seconds: ms / 1000 });
    monitor.observe(service, { type: 'unseen', reason: why });
    return refused(why);
  }

  async function start(service: Managed): Promise<Outcome> {
    const result = await service.driver.start();
    if (!result.ok) {
      monitor.observe(service, { ...result, type: 'start-failed' });
      return refused(result.reason);
    }
    monitor.observe(service, { type: 'started', run: result.run });
    return prove(service, result.run);
  }

  async function prove(service: Managed, run: Run): Promise<Outcome> {
    const until = clock() + Math.min(PROOF_OF_LIFE_MS, service.config.start_grace);
    while (service.record.run?.id === run.id && clock() < until)
      await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, until - clock())));
    if (service.record.run?.id === run.id) return done();
    if (hasDoneItsWork(service.record)) return done(reason('work-done'));
    return refused(reason('died-at-once', { exit: exitCode(service) }));
  }

  async function stop(service: Managed, still: () => boolean): Promise<Outcome> {
    const begun = clock();
    const result = await service.driver.stop();
    const took = clock() - begun;
    if (!still()) {
      monitor.lookAnew(service);
      return refused(reason('operation-hung', { seconds: operationLimit(service.config) / 1000 }));
    }
    if (!result.ok) {
      monitor.observe(service, { ...result, type: 'stop-failed' });
      return refused(result.reason);
    }
    monitor.observe(service, { type: 'stopped', exit: result.exit });
    if (result.killed.length === 0) return done();
    const what = result.killed.join(', ');
    const patience = service.config.stop_timeout;
    // It went in time itself.
    if (took < patience && result.exit?.signal !== 'SIGKILL') return done(reason('leftovers-killed', { what }));
    // What looks after it may be less patient than we are.
    return done(reason('had-to-be-killed', { what, seconds: Math.round(Math.min(took, patience) / 1000) }));
  }

  /** `still`: nobody has been told meanwhile that it hangs. */
  type Work = (service: Managed, by: Actor, still: () => boolean) => Promise<Outcome>;

  const operations: Readonly<Record<Verb, Work>> = {
    async start(service, by) {
      monitor.note(service, reason('started-by', { by: by.name }));
      monitor.observe(service, { type: 'start-asked' });
      return start(service);
    },
    async stop(service, _by, still) {
      const { state, wanted } = service.record;
      const ran = state !== 'stopped' && state !== 'failed';
      // A repeat: what is left of it is removed, and nothing else is new.
      if (state === 'stopped' && wanted === 'down') {
        const left = await service.driver.stop();
        return left.ok ? done(reason('already-stopped')) : refused(left.reason);
      }
      monitor.observe(service, { type: 'stop-asked' });
      const stopped = await stop(service, still);
      return stopped.ok && stopped.note === null && !ran ? done(reason('already-stopped')) : stopped;
    },
    async restart(service, by, still) {
      // What runs is not given up for what could not run.
      const hindered = service.record.state === 'running' ? ((await service.driver.hindrance?.()) ?? null) : null;
      if (hindered !== null) return refused(hindered);
      monitor.note(service, reason('restarted-by', { by: by.name }));
      monitor.observe(service, { type: 'restart-asked' });
      const stopped = await stop(service, still);
      if (!stopped.ok) return stopped;
      const started = await start(service);
      return started.ok ? stopped : started;
    },
  };

  function snapshot(): Snapshot {
    const now = clock();
    const views = worstFirst([...services.values()].map((service) => viewOf(service, now)));
    return {
      host: options.host,
      version: options.version,
      at: now,
      startedAt,
      overall: overallOf(views),
      services: views,
      incidents: options.ledger.open(),
      mutes: options.mutes(),
      telegram: options.telegram(),
    };
  }

  return {
    snapshot,
    act,
    async logs(name, lines) {
      const service = services.get(name);
      return service === undefined ? [] : service.driver.logs(lines);
    },
    async actAll(verb, by, ended) {
      const results = new Map<string, ActionResult>();
      const names = [...services.values()]
        .filter((service) => concerns(service, verb))
        .map(({ config }) => config.name);
      const needs = (name: string) => services.get(name)?.config.depends_on ?? [];
      const dependants = (name: string) => names.filter((other) => needs(other).includes(name));
      await inOrder(names, verb === 'stop' ? dependants : needs, async (name) => {
        const service = services.get(name);
        // What the manager itself would not wait for does not keep anybody from starting everything.
        const needs = service !== undefined && options.hold.awaited(service) === undefined ? 'ignore' : 'ask';
        const result = await act(name, verb, by, needs);
        results.set(name, result);
        ended?.(name, result);
        if (verb !== 'stop' && service !== undefined) await started(service);
      });
      return results;
    },
  };
}

/** Whether a verb that is meant for all is meant for this one. */
function concerns({ config, record }: Managed, verb: Verb): boolean {
  if (config.driver === 'external') return false;
  if (verb === 'stop') return true;
  return startable(config) && (verb === 'start' || record.wanted === 'up');
}

function exitCode(service: Managed): string {
  const exit = service.record.lastExit;
  return exit === null ? '?' : (exit.signal ?? (exit.code === null ? '?' : String(exit.code)));
}

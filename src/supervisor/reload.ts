import type { Logger } from 'pino';
import type { Config, ServiceConfig } from '../config/schema.ts';
import { type Reason, reason } from '../core/reason.ts';
import type {
  ConfigDiff,
  ConfigRemark,
  Reload,
  ReloadChoices,
  ReloadOutcome,
  ReloadPlan,
  ServiceChange,
} from '../core/reload.ts';
import type { Actor, Control } from '../core/snapshot.ts';
import type { Audit } from '../store/audit.ts';
import type { Ledger } from './ledger.ts';
import type { Managed, Parts } from './managed.ts';
import type { Monitor } from './monitor.ts';

/** The file, read and checked. */
export type Reading =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigRemark[] }
  | { readonly ok: false; readonly errors: readonly ConfigRemark[] };

export interface ReloadOptions {
  readonly config: Config;
  readonly read: () => Reading;
  readonly diff: (before: Config, after: Config) => ConfigDiff;
  readonly services: Map<string, Managed>;
  readonly build: (service: ServiceConfig) => Promise<Managed>;
  readonly rebuild: (service: ServiceConfig) => Promise<Parts>;
  readonly monitor: Pick<Monitor, 'take' | 'release'>;
  readonly control: Control;
  readonly ledger: Pick<Ledger, 'endWithoutService'>;
  readonly audit: Audit;
  readonly clock: () => number;
  readonly log: Logger;
}

/** A start or a stop under way gets this long before its service is left for the next reload. */
const CALM_MS = 5000;
const LOOK_MS = 20;

type Changed = Extract<ServiceChange, { readonly change: 'changed' }>;

/** Reads the configuration again: shown first, then applied service by service; what did not change is not touched. */
export function createReload(options: ReloadOptions) {
  const { services, monitor, control, ledger, audit, clock, log } = options;
  let current = options.config;
  let shown: { readonly plan: ReloadPlan; readonly config: Config } | null = null;
  let lastId = 0;
  let applying = false;

  function look(): ReturnType<Reload['look']> {
    const read = options.read();
    if (!read.ok) {
      log.warn({ mistakes: read.errors }, 'the configuration has mistakes; nothing changes');
      return { ok: false, mistakes: read.errors };
    }
    lastId += 1;
    const plan = { id: lastId, ...options.diff(current, read.config), warnings: read.warnings };
    shown = { plan, config: read.config };
    return { ok: true, plan };
  }

  async function apply(id: number, choices: ReloadChoices, by: Actor): ReturnType<Reload['apply']> {
    if (applying) return { ok: false, reason: reason('reload-busy') };
    if (shown === null || shown.plan.id !== id) return { ok: false, reason: reason('reload-outdated') };
    applying = true;
    const { plan, config } = shown;
    shown = null;
    try {
      log.info({ services: plan.services, sections: plan.sections, by, choices }, 'the configuration is reloaded');
      const wanted = new Map(config.services.map((service) => [service.name, service]));
      const outcomes: ReloadOutcome[] = [];
      // What goes comes first: it may hold a port or a session that something new needs.
      for (const change of plan.services)
        if (change.change === 'removed') outcomes.push(await remove(change.service, choices, by));
      await Promise.all(
        plan.services.map(async (change) => {
          const service = wanted.get(change.service);
          if (service === undefined) return;
          outcomes.push(change.change === 'changed' ? await alter(service, change, choices, by) : await add(service));
        }),
      );
      settle(config);
      for (const { service, ok, what } of outcomes) audit.add(clock(), by, 'reload', service, ok ? null : what);
      if (outcomes.length === 0) audit.add(clock(), by, 'reload', null, null);
      log.info({ outcomes }, 'the configuration is in force');
      return { ok: true, outcomes };
    } finally {
      applying = false;
    }
  }

  /** What holds now, in the file's order; what could not be applied stays as it was and is shown again next time. */
  function settle(config: Config): void {
    const held = [...services.values()];
    services.clear();
    for (const { name } of config.services) {
      const service = held.find((each) => each.record.name === name);
      if (service) services.set(name, service);
    }
    for (const service of held) services.set(service.record.name, service);
    const { repeat_every, escalate_after, min_interval } = config.monitoring.alerts;
    const alerts = { ...current.monitoring.alerts, repeat_every, escalate_after, min_interval };
    const { maintenance, digest } = config.monitoring;
    const monitoring = { ...current.monitoring, alerts, maintenance, digest };
    current = { ...current, monitoring, services: [...services.values()].map((service) => service.config) };
  }

  async function add(config: ServiceConfig): Promise<ReloadOutcome> {
    const service = await options.build(config);
    services.set(config.name, service);
    await monitor.take(service);
    return done(config.name, reason(service.record.state === 'running' ? 'reload-adopted' : 'reload-added'));
  }

  async function remove(name: string, choices: ReloadChoices, by: Actor): Promise<ReloadOutcome> {
    const service = services.get(name);
    if (service === undefined) return done(name, reason('reload-let-go'));
    if (!(await calm(service))) return left(name, reason('reload-service-busy'));
    const stops = choices.stopRemoved && service.config.driver !== 'external';
    if (stops) {
      const stopped = await control.act(name, 'stop', by);
      if (!stopped.ok) return left(name, stopped.reason);
    }
    services.delete(name);
    await monitor.release(service, stops);
    await drop(service);
    ledger.endWithoutService((each) => services.has(each));
    return done(name, reason(stops ? 'reload-stopped' : 'reload-let-go'));
  }

  async function alter(
    config: ServiceConfig,
    change: Changed,
    choices: ReloadChoices,
    by: Actor,
  ): Promise<ReloadOutcome> {
    const { name } = config;
    const service = services.get(name);
    if (service === undefined) return add(config);
    if (!(await calm(service))) return left(name, reason('reload-service-busy'));
    const runs = service.record.run !== null || service.record.state === 'unknown';
    const other = change.otherThing.length > 0;
    // Two things under one name must never run at once.
    if (other && runs && !choices.restart) return left(name, reason('reload-other-thing'));
    if (other && runs) {
      const stopped = await control.act(name, 'stop', by);
      if (!stopped.ok) return left(name, stopped.reason);
    }
    await swap(service, config);
    // What it gave up on is not what it would be started with now; nobody but the manager had left it down.
    if (service.record.state === 'failed' && (other || change.nextStart.length > 0)) {
      const tried = await control.act(name, 'start', by, 'ignore');
      return tried.ok ? done(name, reason('reload-tried-again')) : left(name, tried.reason);
    }
    if (other) {
      if (!runs) return done(name, reason('reload-taken'));
      const started = await control.act(name, 'start', by, 'ignore');
      return started.ok ? done(name, reason('reload-restarted')) : left(name, started.reason);
    }
    if (change.nextStart.length === 0 || !runs) return done(name, reason('reload-taken'));
    if (!choices.restart) return done(name, reason('reload-next-start'));
    const restarted = await control.act(name, 'restart', by, 'ignore');
    return restarted.ok ? done(name, reason('reload-restarted')) : left(name, restarted.reason);
  }

  /** The same service with new parts: what runs is taken up by the new driver as after a manager's death. */
  async function swap(service: Managed, config: ServiceConfig): Promise<void> {
    const parts = await options.rebuild(config);
    const old = { driver: service.driver, checks: service.checks };
    service.config = config;
    service.driver = parts.driver;
    service.checks = parts.checks;
    await Promise.all([old.driver.close(), monitor.take(service)]);
    await Promise.all(old.checks.map(({ check }) => check.close()));
  }

  /** Waits until nobody works on it; false: somebody still does. */
  async function calm(service: Managed): Promise<boolean> {
    const until = clock() + CALM_MS;
    while (isMoving(service)) {
      if (clock() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return true;
  }

  return { look, apply, config: (): Config => current };
}

function isMoving({ operation, record }: Managed): boolean {
  return operation !== null || record.state === 'starting' || record.state === 'stopping';
}

async function drop(service: Managed): Promise<void> {
  await service.driver.close();
  await Promise.all(service.checks.map(({ check }) => check.close()));
}

function done(service: string, what: Reason): ReloadOutcome {
  return { service, ok: true, what };
}

function left(service: string, what: Reason): ReloadOutcome {
  return { service, ok: false, what };
}

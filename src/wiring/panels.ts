import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import type { CheckConfigOf, Config, ServiceConfig } from '../config/schema.ts';
import { panelService } from '../core/incident.ts';
import type { Settings } from '../core/settings.ts';
import type { ActionResult, Actor } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';
import { createCalendar } from '../panels/calendar.ts';
import { createPanelFleet, type PanelFleet } from '../panels/fleet.ts';
import { type PanelSample, panelSamples } from '../panels/metrics.ts';
import { panelRecordSchema } from '../panels/record-schema.ts';
import { createPanelSources } from '../panels/sources.ts';
import type { Audit } from '../store/audit.ts';
import type { SqlStore } from '../store/database.ts';
import { createPanelLogins, createPanelTable } from '../store/panels.ts';
import type { Samples } from '../store/samples.ts';
import type { Ledger } from '../supervisor/ledger.ts';
import { createPanelIncidents } from '../supervisor/panel-incidents.ts';
import { serviceOfPanel } from './panel-host.ts';
import { openShopDatabase } from './shop-database.ts';

export interface PanelsOfApp {
  readonly fleet: PanelFleet;
  /** What the panels and their nodes say now, in numbers. */
  numbers(): readonly PanelSample[];
  /** To be called each second. */
  tick(): void;
  stop(): Promise<void>;
}

export interface PanelsOfAppOptions {
  readonly config: Config;
  /** As they are now: a reload may bring panels. */
  readonly services: () => readonly ServiceConfig[];
  readonly store: SqlStore;
  readonly ledger: Ledger;
  readonly samples: Pick<Samples, 'add'>;
  readonly settings: Settings;
  readonly audit: Pick<Audit, 'add'>;
  /** Restarts a service, verified and audited. */
  readonly restart: (service: string, by: Actor) => Promise<ActionResult>;
  /** Whether a panel's silence proves nothing now, since this host has no network. */
  readonly isOffline: (panel: { readonly baseUrl: string }) => Promise<boolean>;
  readonly clock: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

/** How often the panels' numbers go into the history, ms; they are asked hardly more often. */
const SAMPLE_EVERY = 30_000;
/** So long after the panels are known every one of them has been asked everything, ms. */
const SETTLED_AFTER = 120_000;

/** The manager's own part in the audit. */
const AUTO_RECONNECT: Actor = { kind: 'manager', id: 'auto-reconnect', name: 'OrbitVPN Manager' };

/** The panels of the shop and of the configuration, with their incidents, their history and their memory. */
export function createPanelsOfApp(options: PanelsOfAppOptions): PanelsOfApp {
  const { config, store, samples, settings, audit, clock, random } = options;
  const log = options.log.child({ part: 'panels' });
  const database = openShopDatabase(config.shop.database_url, log);
  const table = createPanelTable(store, panelRecordSchema);
  const incidents = createPanelIncidents(options.ledger, (panel) => fleet.runsAs(panel) !== null);
  const sources = createPanelSources({
    query: database?.query ?? null,
    environments: () => [config.shop.environment, ...options.services().flatMap(environmentOf)],
    get config() {
      return options.services().flatMap(({ panels }) => panels);
    },
    get defaults() {
      const check = panelCheckOf(options.services());
      return { autoReconnect: check?.auto_reconnect ?? false, coreLogs: check?.core_logs ?? 'off' } as const;
    },
  });
  const choice = (panel: string) => `panel:${panel}:auto-reconnect`;
  const stopping = new AbortController();
  const fleet = createPanelFleet({
    ...{ sources, clock, random, tokens: createPanelLogins(store), records: table },
    calendar: createCalendar(config.monitoring.timezone),
    isOffline: options.isOffline,
    sleep: (ms) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined),
    onTransition(state, transition) {
      log.info({ panel: state.id, change: transition.change, key: transition.condition?.key }, transition.name);
      incidents.onTransition(state, transition);
    },
    onRemoved: incidents.onRemoved,
    onReconnect(state, node, news) {
      incidents.onReconnect(state, node.id, news);
      if (news.step !== 'tried') return;
      audit.add(clock(), AUTO_RECONNECT, `panel-reconnect-node:${node.name}`, panelService(state.id), news.refusal);
    },
    choices: {
      get(panel) {
        const chosen = settings.get(choice(panel));
        return chosen === null ? null : chosen === 'on';
      },
      set: (panel, on) => settings.set(choice(panel), on ? 'on' : 'off'),
    },
    hostOf(source, alone) {
      const service = serviceOfPanel(source, alone, options.services());
      if (service === null) return null;
      const { name, title } = service;
      return { service: name, title, restart: (by) => options.restart(name, by) };
    },
    share: () => (panelCheckOf(options.services())?.share_over ?? 50) / 100,
    onError: (err, where) => log.error({ err, where }, 'looking after a panel failed'),
  });
  let sampledAt = clock();
  let settleAt: number | null = null;
  let settled = false;

  function settle(now: number): void {
    // While the table cannot be read, a panel that is not there may only not be known yet.
    if (settled || fleet.databaseProblem() !== null) return;
    settleAt ??= now + SETTLED_AFTER;
    if (now < settleAt) return;
    settled = true;
    incidents.settle(fleet.states(), fleet.balance().conditions);
  }

  const numbers = () => fleet.states().flatMap(panelSamples);

  return {
    fleet,
    numbers,
    tick() {
      const now = clock();
      fleet.tick(now);
      settle(now);
      if (now - sampledAt < SAMPLE_EVERY) return;
      sampledAt = now;
      for (const { panel, node, metrics } of numbers())
        if (metrics.length > 0)
          samples.add(panelService(panel), node === null ? 'panel' : `node-${node}`, metrics, now);
    },
    async stop() {
      stopping.abort();
      await fleet.stop();
      await database?.close();
    },
  };
}

/** The check that speaks for all panels. */
function panelCheckOf(services: readonly ServiceConfig[]): CheckConfigOf<'panel'> | undefined {
  return services.flatMap(({ checks }) => checks).find((check) => check.type === 'panel');
}

/** The variables of a service's own environment: the shop bot knows its panel. */
function environmentOf(service: ServiceConfig): readonly Readonly<Record<string, string | undefined>>[] {
  if (service.driver !== 'process' && service.driver !== 'tmux') return [];
  const { env, env_file } = service;
  return [{ ...(env_file === null ? {} : readVariables(env_file)), ...env }];
}

/** Of a file that cannot be read nothing is known; that the service does not start without it is told there. */
function readVariables(path: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

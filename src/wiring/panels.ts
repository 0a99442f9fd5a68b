import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import type { Config, ServiceConfig } from '../config/schema.ts';
import { panelService } from '../core/incident.ts';
import type { Logger } from '../logger.ts';
import { createCalendar } from '../panels/calendar.ts';
import type { Query } from '../panels/database-source.ts';
import { createPanelFleet, type PanelFleet } from '../panels/fleet.ts';
import { panelSamples } from '../panels/metrics.ts';
import { panelRecordSchema } from '../panels/record-schema.ts';
import { createPanelSources } from '../panels/sources.ts';
import type { SqlStore } from '../store/database.ts';
import { createPanelLogins, createPanelTable } from '../store/panels.ts';
import type { Samples } from '../store/samples.ts';
import type { Ledger } from '../supervisor/ledger.ts';
import { createPanelIncidents } from '../supervisor/panel-incidents.ts';

export interface PanelsOfApp {
  readonly fleet: PanelFleet;
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
  readonly clock: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

/** A question to the shop's database may take so long (ms). */
const QUERY_DEADLINE = 10_000;
/** How often the panels' numbers go into the history, ms; they are asked hardly more often. */
const SAMPLE_EVERY = 30_000;
/** So long after the panels are known every one of them has been asked everything, ms. */
const SETTLED_AFTER = 120_000;

/** The panels of the shop and of the configuration, with their incidents, their history and their memory. */
export function createPanelsOfApp(options: PanelsOfAppOptions): PanelsOfApp {
  const { config, store, samples, clock, random } = options;
  const log = options.log.child({ part: 'panels' });
  const database = openDatabase(config.shop.database_url, log);
  const table = createPanelTable(store, panelRecordSchema);
  const incidents = createPanelIncidents(options.ledger);
  const sources = createPanelSources({
    query: database?.query ?? null,
    environments: () => [config.shop.environment, ...options.services().flatMap(environmentOf)],
    get config() {
      return options.services().flatMap(({ panels }) => panels);
    },
  });
  const stopping = new AbortController();
  const fleet = createPanelFleet({
    ...{ sources, clock, random, tokens: createPanelLogins(store), records: table },
    calendar: createCalendar(config.monitoring.timezone),
    sleep: (ms) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined),
    onTransition(state, transition) {
      log.info({ panel: state.id, change: transition.change, key: transition.condition?.key }, transition.name);
      incidents.onTransition(state, transition);
    },
    onRemoved: incidents.onRemoved,
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

  return {
    fleet,
    tick() {
      const now = clock();
      fleet.tick(now);
      settle(now);
      if (now - sampledAt < SAMPLE_EVERY) return;
      sampledAt = now;
      for (const state of fleet.states())
        for (const { panel, node, metrics } of panelSamples(state))
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

const anyRow = z.record(z.string(), z.unknown());

/** The shop's database, read only; nothing of it is loaded or opened before it is asked. */
function openDatabase(url: string | null, log: Logger): { query: Query; close(): Promise<void> } | null {
  if (url === null) return null;
  const opening = async () => {
    const [{ createPostgresConnection }, { isPostgresUrl }] = await Promise.all([
      import('../checks/postgres-connection.ts'),
      import('../checks/postgres-target.ts'),
    ]);
    if (isPostgresUrl(url)) return createPostgresConnection(url);
    log.warn('DATABASE_URL is not the address of a PostgreSQL: no panels are looked for there');
    return null;
  };
  let connection: ReturnType<typeof opening> | null = null;
  return {
    async query(sql) {
      connection ??= opening();
      const opened = await connection;
      // As if it had no such table: the panels come from the environment.
      if (opened === null) return [{ present: false }];
      const answer = await opened.use(AbortSignal.timeout(QUERY_DEADLINE), (session) =>
        session.all({ sql, row: anyRow }),
      );
      if (answer.ok) return answer.value;
      throw new Error('the database cannot be asked', { cause: answer.failure });
    },
    close: async () => (await connection)?.close(),
  };
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

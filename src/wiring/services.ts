import type { BootMemory } from '../checks/host.ts';
import { createMetricCheck } from '../checks/metric.ts';
import { createPanelCheck } from '../checks/panel.ts';
import { createCheck } from '../checks/registry.ts';
import { createSharedPostgres } from '../checks/shared-postgres.ts';
import type { CheckConfig, Config, MetricConfig, ServiceConfig } from '../config/schema.ts';
import { newService } from '../core/service.ts';
import type { Settings } from '../core/settings.ts';
import { createDriver } from '../drivers/registry.ts';
import type { PanelFleet } from '../panels/fleet.ts';
import type { ServiceTable } from '../store/services.ts';
import type { Managed, Parts } from '../supervisor/managed.ts';
import { scheduleChecks } from './checks.ts';
import type { LinkOfApp } from './link.ts';

export interface BuilderOptions {
  readonly config: Config;
  readonly settings: Settings;
  readonly table: ServiceTable;
  readonly guard: LinkOfApp['guard'];
  readonly panels: () => PanelFleet;
  /** Whether there is a service of that name now. */
  readonly isConfigured: (name: string) => boolean;
  readonly clock: () => number;
  readonly random: () => number;
}

/** Makes of a service's configuration what is supervised: its driver, its checks, and what is remembered of it. */
export function createBuilder(options: BuilderOptions) {
  const { config, settings, table, guard, panels, isConfigured, clock, random } = options;
  const boot: BootMemory = {
    load: () => settings.get('checks.boot'),
    save: (id) => settings.set('checks.boot', id),
  };
  const sharedPostgres = createSharedPostgres();
  const create = {
    check: async (check: CheckConfig) =>
      guard(check, check.type === 'panel' ? createPanelCheck(check.id, panels) : await createCheck(check, boot)),
    metric: async (metric: MetricConfig) => guard(metric, await createMetricCheck(metric, sharedPostgres)),
  };

  async function rebuild(service: ServiceConfig): Promise<Parts> {
    const driver = await createDriver(service, config.data_dir, clock, isConfigured);
    const { collect_interval } = config.monitoring.metrics;
    return { driver, checks: await scheduleChecks(service, driver, collect_interval, create, clock, random) };
  }

  return {
    /** The driver and the checks alone, for a service that is known already. */
    rebuild,
    build: async (service: ServiceConfig): Promise<Managed> => ({
      ...(await rebuild(service)),
      config: service,
      record: table.load(service.name) ?? newService(service.name, clock()),
      operation: null,
      commits: Promise.resolve(),
      retry: null,
    }),
  };
}

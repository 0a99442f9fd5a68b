import type { Config } from '../config/schema.ts';
import type { Logger } from '../logger.ts';
import { createAudit } from '../store/audit.ts';
import { openStore } from '../store/database.ts';
import { freeBytes } from '../store/free-space.ts';
import { createIncidentTable } from '../store/incidents.ts';
import { createMuteTable } from '../store/mutes.ts';
import { createOutboxTable } from '../store/outbox.ts';
import { createReserve } from '../store/reserve.ts';
import { createSamples } from '../store/samples.ts';
import { createServiceTable } from '../store/services.ts';
import { createSettings } from '../store/settings.ts';
import { createStretchTable } from '../store/stretches.ts';

const PRUNE_EVERY_MS = 3600_000;
/** Delivered rows are kept this long for looking into. */
const KEEP_DELIVERED_MS = 7 * 24 * 3600_000;
/** How available a service was is said of a month at most. */
const KEEP_STRETCHES_MS = 32 * 24 * 3600_000;
/** What is over is kept this long for `/alerts`. */
const KEEP_INCIDENTS_MS = 90 * 24 * 3600_000;

/** The database and all that is kept in it; `tick` lets go of what is too old, once an hour, and keeps room aside. */
export function openTables(config: Config, clock: () => number, log: Logger) {
  const store = openStore(config.data_dir, (err) => log.error({ err }, 'the disk has no room for what was to be kept'));
  const incidents = createIncidentTable(store);
  const outbox = createOutboxTable(store);
  const stretches = createStretchTable(store);
  const reserve = createReserve(config.data_dir, clock);
  let pruned = 0;
  return {
    ...{ store, incidents, outbox, stretches, reserve },
    services: createServiceTable(store),
    settings: createSettings(store),
    audit: createAudit(store),
    mutes: createMuteTable(store, clock),
    samples: createSamples({
      ...{ store, clock, log },
      retentionDays: config.monitoring.metrics.retention_days,
      freeBytes: () => freeBytes(config.data_dir),
    }),
    tick(): void {
      reserve.tick();
      if (clock() - pruned < PRUNE_EVERY_MS) return;
      pruned = clock();
      outbox.prune(pruned - KEEP_DELIVERED_MS);
      incidents.prune(pruned - KEEP_INCIDENTS_MS);
      stretches.prune(pruned - KEEP_STRETCHES_MS);
    },
  };
}

/** Incidents, mutes and the audit as the manager has them, in memory, on a clock of the test's own. */
import { pino } from 'pino';
import type { Alerting } from '../../src/core/alerting.ts';
import type { Change, IncidentInput, Reminders } from '../../src/core/incident.ts';
import { createAudit } from '../../src/store/audit.ts';
import { openStore, type SqlStore } from '../../src/store/database.ts';
import { createIncidentTable } from '../../src/store/incidents.ts';
import { createMuteTable } from '../../src/store/mutes.ts';
import { type AlertingByClock, createAlerting } from '../../src/supervisor/alerting.ts';
import { createLedger, type Ledger } from '../../src/supervisor/ledger.ts';

export interface AlertingWorld {
  readonly alerting: Alerting & AlertingByClock;
  readonly ledger: Ledger;
  /** What was to be told, oldest first. */
  readonly told: Change[];
  /** How often what is held was to be asked again. */
  reconsidered: number;
  /** Opens an incident, or adds to it. */
  problem(service: string, more?: Partial<Extract<IncidentInput, { type: 'problem' }>>): void;
  over(service: string, kind?: IncidentInput['kind']): void;
}

export interface AlertingWorldOptions {
  readonly clock: () => number;
  readonly serviceExists?: (name: string) => boolean;
  readonly needs?: (name: string) => readonly string[];
  readonly rules?: Reminders;
  /** Default: one of its own, in memory. */
  readonly store?: SqlStore;
}

export function makeAlerting(options: AlertingWorldOptions): AlertingWorld {
  const { clock, serviceExists = () => true, needs = () => [], store = openStore(':memory:') } = options;
  const rules = options.rules ?? { repeat_every: 3600_000, escalate_after: 900_000 };
  const table = createIncidentTable(store);
  const told: Change[] = [];
  const ledger = createLedger({
    ...{ store, table, needs, clock },
    announce: (change) => void told.push(change),
    announced: () => undefined,
    rules: () => rules,
    log: pino({ level: 'silent' }),
  });
  const world: AlertingWorld = {
    ledger,
    told,
    reconsidered: 0,
    alerting: createAlerting({
      ...{ store, ledger, clock, serviceExists },
      incidents: table,
      mutes: createMuteTable(store, clock),
      audit: createAudit(store),
      reconsider: () => {
        world.reconsidered += 1;
      },
    }),
    problem(service, more = {}) {
      const input: IncidentInput = {
        ...{ type: 'problem', kind: 'down', level: 'error', attempt: null, lines: [] },
        reason: { code: 'exit-code', args: { code: '1' } },
        ...more,
      };
      ledger.commit(service, [input]);
    },
    over: (service, kind = 'down') => ledger.commit(service, [{ type: 'over', kind, resolution: 'recovered' }]),
  };
  return world;
}

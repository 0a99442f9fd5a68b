import type { ServiceConfig } from '../config/schema.ts';
import type { CheckResult } from '../core/health.ts';
import type { Incident, IncidentInput, Resolution } from '../core/incident.ts';
import { type Asked, applyRules, isAsked, type Rule, type RuleRecord, recordOf, rulesFor } from '../core/rule.ts';
import type { Ledger } from './ledger.ts';
import type { Managed, ScheduledCheck } from './managed.ts';

/** What is remembered of a service's numbers, and of which of its lives they are. */
interface Memory {
  run: string | null;
  records: readonly RuleRecord[];
}

/** What a configuration makes of one check. */
interface Ruled {
  readonly config: ServiceConfig;
  readonly check: Asked;
  readonly rules: readonly Rule[];
}

/**
 * Holds numbers against the rules on them. How long a number has been beyond its limit is forgotten with the manager;
 * what was opened for it is not.
 */
export function createRuleWatch(ledger: Pick<Ledger, 'find'>, clock: () => number) {
  const memories = new Map<string, Memory>();
  /** Worked out once for a configuration: there are hundreds of answers in a few seconds. */
  const ruled = new WeakMap<ScheduledCheck, Ruled>();

  function recordsOf({ record }: Managed): readonly RuleRecord[] {
    const memory = memories.get(record.name);
    // The numbers of an earlier life say nothing about this one.
    return memory?.run === (record.run?.id ?? null) ? memory.records : [];
  }

  function remember({ record }: Managed, records: readonly RuleRecord[]): void {
    const run = record.run?.id ?? null;
    const memory = memories.get(record.name);
    if (memory === undefined) memories.set(record.name, { run, records });
    else [memory.run, memory.records] = [run, records];
  }

  const rules = ({ config }: Managed) => {
    return (check: Asked) => rulesFor(check, config.alerts, config.default_alerts);
  };

  function ruledBy(service: Managed, scheduled: ScheduledCheck): Ruled {
    const { config } = service;
    const known = ruled.get(scheduled);
    if (known?.config === config) return known;
    const check = askedOf(scheduled);
    const found = { config, check, rules: rules(service)(check) };
    ruled.set(scheduled, found);
    return found;
  }

  return {
    /** What a check's answer means for the incidents. */
    take(service: Managed, scheduled: ScheduledCheck, { metrics }: CheckResult): readonly IncidentInput[] {
      const { config, check, rules } = ruledBy(service, scheduled);
      const known = recordsOf(service);
      const { name } = service.record;
      const isOpen = (key: string) => ledger.find(`${name}/${key}`) !== null;
      const { records, inputs } = applyRules(config.title, check, rules, metrics, known, isOpen, clock());
      if (records !== known) remember(service, records);
      return inputs;
    },
    /** What is over without a number: `open` are the service's open incidents. */
    tick(service: Managed, open: readonly Incident[]): readonly IncidentInput[] {
      const known = recordsOf(service);
      const left = open.flatMap((incident) => recordOf(incident, clock()) ?? []);
      const fresh = left.filter(({ key }) => !known.some((record) => record.key === key));
      if (fresh.length > 0) remember(service, [...known, ...fresh]);
      return open.flatMap((incident): IncidentInput[] => {
        const { kind, subject } = incident;
        if (kind !== 'rule' || subject === undefined) return [];
        const resolution =
          endOf(service) ?? (isAsked(incident, service.checks.map(askedOf), rules(service)) ? null : 'removed');
        return resolution === null ? [] : [{ type: 'over', kind, subject, resolution }];
      });
    },
    forget: (service: string): void => void memories.delete(service),
  };
}

function askedOf({ check: { id, kind }, every }: ScheduledCheck): Asked {
  return { id, kind, every };
}

/** With the service goes what its numbers were about. */
function endOf({ record: { state, wanted } }: Managed): Resolution | null {
  if (state !== 'stopped' && state !== 'failed' && state !== 'backing-off') return null;
  return wanted === 'down' ? 'stopped-by-operator' : 'superseded';
}

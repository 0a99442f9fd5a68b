import type { CheckResult } from '../core/health.ts';
import type { Incident, IncidentInput, Resolution } from '../core/incident.ts';
import { type Asked, applyRules, isAsked, type RuleRecord, recordOf, rulesFor } from '../core/rule.ts';
import type { Ledger } from './ledger.ts';
import type { Managed } from './managed.ts';

/** What is remembered of a service's numbers, and of which of its lives they are. */
interface Memory {
  readonly run: string | null;
  readonly records: readonly RuleRecord[];
}

/**
 * Holds numbers against the rules on them. How long a number has been beyond its limit is forgotten with the manager;
 * what was opened for it is not.
 */
export function createRuleWatch(ledger: Pick<Ledger, 'find'>, clock: () => number) {
  const memories = new Map<string, Memory>();

  function recordsOf({ record }: Managed): readonly RuleRecord[] {
    const memory = memories.get(record.name);
    // The numbers of an earlier life say nothing about this one.
    return memory?.run === (record.run?.id ?? null) ? memory.records : [];
  }

  function remember({ record }: Managed, records: readonly RuleRecord[]): void {
    memories.set(record.name, { run: record.run?.id ?? null, records });
  }

  const rules = ({ config }: Managed) => {
    return (check: Asked) => rulesFor(check, config.alerts, config.default_alerts);
  };

  return {
    /** What a check's answer means for the incidents. */
    take(service: Managed, id: string, result: CheckResult): readonly IncidentInput[] {
      const scheduled = service.checks.find(({ check }) => check.id === id);
      if (scheduled === undefined) return [];
      const check = { id, kind: scheduled.check.kind, every: scheduled.every };
      const { name } = service.record;
      const { records, inputs } = applyRules(
        ...([service.config.title, check, rules(service)(check), result.metrics, recordsOf(service)] as const),
        (key) => ledger.find(`${name}/${key}`) !== null,
        clock(),
      );
      remember(service, records);
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
        const resolution = endOf(service) ?? (isAsked(incident, askedOf(service), rules(service)) ? null : 'removed');
        return resolution === null ? [] : [{ type: 'over', kind, subject, resolution }];
      });
    },
    forget: (service: string): void => void memories.delete(service),
  };
}

function askedOf({ checks }: Managed): readonly Asked[] {
  return checks.map(({ check: { id, kind }, every }) => ({ id, kind, every }));
}

/** With the service goes what its numbers were about. */
function endOf({ record: { state, wanted } }: Managed): Resolution | null {
  if (state !== 'stopped' && state !== 'failed' && state !== 'backing-off') return null;
  return wanted === 'down' ? 'stopped-by-operator' : 'superseded';
}

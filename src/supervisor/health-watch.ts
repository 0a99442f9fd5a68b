import type { Logger } from 'pino';
import { incidentsOfHealth } from '../core/consequence.ts';
import { type CheckResult, foldHealth, type Metric } from '../core/health.ts';
import type { Incident } from '../core/incident.ts';
import { lastingTroubles } from '../core/lasting.ts';
import type { ServiceRecord } from '../core/service.ts';
import type { Samples } from '../store/samples.ts';
import { type AilingOptions, createAiling } from './ailing.ts';
import type { Commits } from './commits.ts';
import type { Ledger } from './ledger.ts';
import { concerns, type Managed } from './managed.ts';
import { createRuleWatch } from './rule-watch.ts';

export interface HealthWatchOptions extends AilingOptions {
  readonly samples: Pick<Samples, 'add'>;
  readonly ledger: Ledger;
  readonly commits: Commits;
  readonly clock: () => number;
  readonly log: Logger;
}

/** What checks answer: it moves the health of what runs, its numbers are kept and held to the rules about them. */
export function createHealthWatch({ samples, ledger, commits, clock, log, held, isCaused, ails }: HealthWatchOptions) {
  const ruleWatch = createRuleWatch(ledger, clock);
  const ailing = createAiling({ held, isCaused, ails });

  return {
    /** Takes in the answer of one check; `run` is the life it was asked about. */
    take(service: Managed, run: string | null, id: string, answered: CheckResult): void {
      if ((service.record.run?.id ?? null) !== run || service.record.state !== 'running') return;
      const now = clock();
      const scheduled = service.checks.find((each) => each.check.id === id);
      const ofProcess = scheduled?.check.kind === 'process';
      const result = ofProcess ? withLife(answered, service.record, now) : answered;
      samples.add(service.record.name, id, result.metrics, now);
      const broken = scheduled === undefined ? [] : ruleWatch.take(service, scheduled, result);
      if (broken.length > 0) commits.add(service, broken);
      const before = service.record.health;
      const { ids, aside } = concerned(service.checks, service.record.run?.pid ?? null);
      const { retries = 1, restarts = false } = scheduled ?? {};
      const health = foldHealth(before, ids, id, result, retries, now, aside);
      service.record = { ...service.record, health };
      if (ofProcess) ailing.judgeMemory(service, result);
      ailing.judge(service, id, result, restarts ? retries + 1 : null);
      if (health.health === before.health) return;
      const { name } = service.record;
      log.info({ service: name, from: before.health, to: health.health, reason: health.reason }, 'health');
      if (health.health !== 'unhealthy') commits.add(service, incidentsOfHealth(before.health, health, []));
      else commits.addWithLines(service, (lines) => incidentsOfHealth(before.health, health, lines));
    },
    /** What cannot be asked, or stays degraded, for too long; what a rule was about and is not there any more. */
    watchLasting(service: Managed, open: readonly Incident[]): void {
      const { title, health_check_interval, default_alerts } = service.config;
      const checks = service.checks.map(({ check: { id, kind }, every }) => ({ id, kind, every }));
      const rules = { title, every: health_check_interval, checks, degraded: default_alerts };
      const inputs = [...lastingTroubles(service.record, rules, open, clock()), ...ruleWatch.tick(service, open)];
      if (inputs.length > 0) commits.add(service, inputs);
    },
    forget: ruleWatch.forget,
  };
}

/** The checks that say something of a service, and those among them that are only charted. */
interface Concerned {
  readonly ids: readonly string[];
  readonly aside: ReadonlySet<string>;
}

type Checks = Managed['checks'];

const ofAll = new WeakMap<Checks, Concerned>();
const withoutProcess = new WeakMap<Checks, Concerned>();

/** Worked out once for a configuration. */
function concerned(checks: Checks, pid: number | null): Concerned {
  const cache = pid === null ? withoutProcess : ofAll;
  const known = cache.get(checks);
  if (known !== undefined) return known;
  const asked = checks.filter((each) => concerns(each, pid));
  const charted = asked.filter(({ judges }) => !judges);
  const found = { ids: asked.map(({ check }) => check.id), aside: new Set(charted.map(({ check }) => check.id)) };
  cache.set(checks, found);
  return found;
}

/** What its process says, with what is known of its life; nothing is added to what says nothing. */
function withLife(result: CheckResult, { run, restarts, foreignRestarts }: ServiceRecord, now: number): CheckResult {
  if (run === null || result.metrics.length === 0) return result;
  const life: readonly Metric[] = [
    { name: 'uptime', value: Math.round((now - run.startedAt) / 1000), unit: 's' },
    { name: 'restarts', value: restarts + (foreignRestarts ?? 0), unit: 'count' },
  ];
  return { ...result, metrics: [...result.metrics, ...life] };
}

import type { Metric, MetricUnit } from './health.ts';
import { checkTitle, type Incident, type IncidentInput, type Level, type Subject } from './incident.ts';
import { reason } from './reason.ts';

/** A limit of a number, in the number's own unit; `ms`: it was given as a duration, for a number in ms or in s. */
export interface Limit {
  readonly value: number;
  readonly ms: boolean;
}

/** A rule on a number: told when it is beyond a limit for a while, over when it is back. One of `over` and `under`. */
export interface Rule {
  /** Name of the number; `disk` stands for `disk:/` and `disk:/var`, too. */
  readonly metric: string;
  /** Only of this check; null: of each that has such a number. */
  readonly check: string | null;
  readonly over: Limit | null;
  readonly under: Limit | null;
  /** Ms. */
  readonly for: number;
  /** Back at this it is over; null: {@link SLACK} inside the limit. */
  readonly clear: Limit | null;
  readonly level: Level;
}

/** What is remembered of one number under one rule between two of its samples. */
export interface RuleRecord {
  readonly key: string;
  /** Epoch ms of its last sample. */
  readonly at: number;
  /** Since when it has been beyond the limit; null: it is not. */
  readonly since: number | null;
  /** Since when it has been back; null: it is not. */
  readonly backSince: number | null;
  readonly endedAt: number | null;
  /** How often it opened again soon after its end. */
  readonly again: number;
}

/** The check that was asked. */
export interface Asked {
  readonly id: string;
  readonly kind: string;
  /** Ms between two askings. */
  readonly every: number;
}

/** Where nobody said when it is over: a number that hangs about its limit is not back. Share of the limit. */
const SLACK = 0.05;
/** Without a sample for so many intervals nobody knows how it was meanwhile: waiting begins anew. */
const GAP_INTERVALS = 3;
const MINUTE = 60_000;
/** What is not among the answers for so long is not measured any more. */
const GONE_MS = 10 * MINUTE;
/** What opens again within this was not over; each time it has to be back for longer, up to this long. */
const SOON_MS = 60 * MINUTE;
const MOST_PATIENCE_MS = 15 * MINUTE;

const over = (metric: string, limit: number, clear: number, minutes: number): Rule => ({
  ...{ metric, check: null, over: { value: limit, ms: false }, under: null },
  ...{ for: minutes * MINUTE, clear: { value: clear, ms: false }, level: 'warning' },
});

/**
 * What is watched without being asked for, by kind of check: numbers that the check itself does not judge, and that mean
 * trouble on every machine (a full swap does not: what lies there may be what nobody needs).
 */
const defaults: ReadonlyMap<string, readonly Rule[]> = new Map([['process', [over('open_files_used', 80, 70, 5)]]]);

const none: readonly IncidentInput[] = [];

/** The rules for a check's numbers: those of its kind, where no rule of the service's own is about that number. */
export function rulesFor(check: Asked, own: readonly Rule[], useDefaults: boolean): readonly Rule[] {
  const mine = own.filter((rule) => rule.check === null || rule.check === check.id);
  if (!useDefaults) return mine;
  const others = (defaults.get(check.kind) ?? []).filter(({ metric }) => !mine.some((rule) => rule.metric === metric));
  return [...mine, ...others];
}

export interface RuleStep {
  /** In place of all those before of this check. */
  readonly records: readonly RuleRecord[];
  readonly inputs: readonly IncidentInput[];
}

/**
 * Holds one check's numbers against its rules. `title`: how people read the service; `isOpen`: whether there is an open
 * incident for a subject's key, which is what a restart of the manager leaves.
 */
export function applyRules(
  title: string,
  check: Asked,
  rules: readonly Rule[],
  metrics: readonly Metric[],
  before: readonly RuleRecord[],
  isOpen: (key: string) => boolean,
  now: number,
): RuleStep {
  let records: RuleRecord[] | null = null;
  let inputs: IncidentInput[] | null = null;
  for (const rule of rules)
    for (const metric of metrics) {
      if (!isAbout(rule, metric.name)) continue;
      const key = keyOf(check, rule, metric.name);
      records ??= [...before];
      const index = records.findIndex((record) => record.key === key);
      const { record, change } = step(key, rule, metric, before[index], check.every, isOpen(key), now);
      if (index < 0) records.push(record);
      else records[index] = record;
      if (change === null) continue;
      const subject = { key, title: titleOf(title, check, metric.name), advice: null };
      inputs ??= [];
      inputs.push(change === 'opens' ? problem(rule, metric, subject) : end(metric, subject));
    }
  // A disk that was taken out, a number that the server does not say any more.
  for (const { key, at } of before) {
    if (now - at < GONE_MS || metrics.length === 0 || !key.startsWith(prefix(check))) continue;
    records ??= [...before];
    const index = records.findIndex((record) => record.key === key);
    if (records[index]?.at !== at) continue;
    records.splice(index, 1);
    if (!isOpen(key)) continue;
    inputs ??= [];
    inputs.push({ type: 'over', kind: 'rule', resolution: 'gone', subject: { key, title: '', advice: null } });
  }
  return { records: records ?? before, inputs: inputs ?? none };
}

/** What is remembered of an open incident that an earlier manager has left; null: it is no rule's. */
export function recordOf(incident: Incident, now: number): RuleRecord | null {
  const key = incident.kind === 'rule' ? (incident.subject?.key ?? null) : null;
  return key === null ? null : { ...nothing, key, at: now };
}

/** Whether what a rule's incident is about is still asked for. */
export function isAsked({ subject }: Incident, checks: readonly Asked[], rules: (check: Asked) => readonly Rule[]) {
  const key = subject?.key ?? '';
  return checks.some((check) =>
    rules(check).some((rule) => {
      const [head, tail] = [`${prefix(check)}${rule.metric}`, suffix(rule)];
      return key === `${head}${tail}` || (key.startsWith(`${head}:`) && key.endsWith(tail));
    }),
  );
}

/** The check and the number that a rule's incident is about; null: it is about something else. */
export function numberOf(incident: Pick<Incident, 'kind' | 'subject'>): { check: string; metric: string } | null {
  const found = incident.kind === 'rule' ? /^rule:([^/]+)\/(.+)[<>][^<>]+$/.exec(incident.subject?.key ?? '') : null;
  return found?.[1] === undefined || found[2] === undefined ? null : { check: found[1], metric: found[2] };
}

const prefix = (check: Pick<Asked, 'id'>) => `rule:${check.id}/`;

function suffix(rule: Rule): string {
  return rule.over === null ? `<${rule.under?.value}` : `>${rule.over.value}`;
}

function keyOf(check: Asked, rule: Rule, metric: string): string {
  return `${prefix(check)}${metric}${suffix(rule)}`;
}

/** Whether the rule is on this number; asked of each number of each answer, so nothing is made for it. */
function isAbout({ metric }: Rule, name: string): boolean {
  return name.startsWith(metric) && (name.length === metric.length || name[metric.length] === ':');
}

function titleOf(title: string, check: Asked, metric: string): string {
  const known = check.id === metric || title.toLowerCase() === check.id;
  return checkTitle(title, known ? metric : `${check.id}: ${metric}`);
}

const nothing: Omit<RuleRecord, 'key'> = { at: 0, since: null, backSince: null, endedAt: null, again: 0 };

function step(
  key: string,
  rule: Rule,
  { value, unit }: Metric,
  known: RuleRecord | undefined,
  every: number,
  open: boolean,
  now: number,
): { readonly record: RuleRecord; readonly change: 'opens' | 'ends' | null } {
  const { endedAt, again } = known ?? nothing;
  const before = known === undefined || now - known.at > GAP_INTERVALS * every ? nothing : known;
  const { beyond, back } = judge(rule, value, unit);
  const since = beyond ? (before.since ?? now) : null;
  const backSince = back ? (before.backSince ?? now) : null;
  const record = { key, at: now, since, backSince, endedAt, again };
  if (!open) {
    if (since === null || now - since < rule.for) return { record, change: null };
    const soon = endedAt !== null && now - endedAt < SOON_MS;
    return { record: { ...record, again: soon ? again + 1 : 0 }, change: 'opens' };
  }
  if (backSince === null || now - backSince < patience(again)) return { record, change: null };
  return { record: { ...record, endedAt: now }, change: 'ends' };
}

function judge(rule: Rule, value: number, unit: MetricUnit): { readonly beyond: boolean; readonly back: boolean } {
  const up = rule.over !== null;
  const limit = inUnit(rule.over ?? rule.under ?? { value: 0, ms: false }, unit);
  const slack = Math.abs(limit) * SLACK;
  const clear = rule.clear === null ? (up ? limit - slack : limit + slack) : inUnit(rule.clear, unit);
  return up ? { beyond: value > limit, back: value <= clear } : { beyond: value < limit, back: value >= clear };
}

function inUnit({ value, ms }: Limit, unit: MetricUnit): number {
  return ms && unit === 's' ? value / 1000 : value;
}

function patience(again: number): number {
  return again === 0 ? 0 : Math.min(MOST_PATIENCE_MS, MINUTE * 2 ** (again - 1));
}

function problem(rule: Rule, { name, value, unit }: Metric, subject: Subject): IncidentInput {
  const limit = inUnit(rule.over ?? rule.under ?? { value: 0, ms: false }, unit);
  const args = { metric: name, value, limit, unit, lasted: rule.for };
  const why = rule.over === null ? reason('rule-under', args) : reason('rule-over', args);
  return { type: 'problem', kind: 'rule', level: rule.level, reason: why, attempt: null, lines: [], subject };
}

function end({ name, value, unit }: Metric, subject: Subject): IncidentInput {
  const ending = reason('rule-back', { metric: name, value, unit });
  return { type: 'over', kind: 'rule', resolution: 'recovered', subject, ending };
}

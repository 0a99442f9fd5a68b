import type { CheckRecord } from './health.ts';
import {
  checkTitle,
  type Incident,
  type IncidentInput,
  type IncidentKind,
  incidentKey,
  type Resolution,
} from './incident.ts';
import { ownLinkDown } from './link.ts';
import { type Reason, reason } from './reason.ts';
import type { ServiceRecord } from './service.ts';

/** A check as far as its answers' lasting matters. */
export interface Watched {
  readonly id: string;
  readonly kind: string;
  /** Ms between two askings. */
  readonly every: number;
}

export interface LastingRules {
  /** How people read the service. */
  readonly title: string;
  /** How often it is asked, ms; what the driver cannot see is measured by it. */
  readonly every: number;
  readonly checks: readonly Watched[];
  /** Whether a check that stays degraded is told of. */
  readonly degraded: boolean;
}

/** One answer that could not be had says little; more intervals than this without any are a problem of their own. */
export const UNKNOWN_INTERVALS = 3;

const FIVE_MINUTES = 5 * 60_000;
/**
 * How long (ms) a check of a kind is degraded before that is told. A log has its own window, and days to expiry do not
 * come back by themselves: both at once. A panel's problems are incidents of their own.
 */
const degradedAfter: ReadonlyMap<string, number> = new Map([
  ['log', 0],
  ['tls', 0],
  ['panel', Number.POSITIVE_INFINITY],
]);

/**
 * Whether anything of it could last too long, now or later: where nothing does and nothing is open, there is nothing that
 * {@link lastingTroubles} could find.
 */
export function mayLast({ state, health }: ServiceRecord): boolean {
  if (state !== 'running') return state === 'unknown';
  return health.checks.some(isTroubled);
}

function isTroubled({ unknownSince, health }: CheckRecord): boolean {
  return unknownSince !== null || health === 'degraded';
}

/**
 * What lasts too long: a service or a check that cannot be asked (unknown is never healthy), and a check that stays
 * degraded. `open` are the service's open incidents; gives what opens, changes or ends now. Nothing is restarted for it.
 */
export function lastingTroubles(
  record: ServiceRecord,
  rules: LastingRules,
  open: readonly Incident[],
  now: number,
): readonly IncidentInput[] {
  const ended = open.flatMap((incident): IncidentInput[] => {
    const { kind, subject } = incident;
    const resolution = isLasting(kind) ? endOf(incident, record, rules) : null;
    return resolution === null
      ? []
      : [{ type: 'over', kind, resolution, ...(subject === undefined ? {} : { subject }) }];
  });
  const begun = [
    unseen(record, rules, now),
    ...record.health.checks.flatMap((each) => ofCheck(each, record, rules, now)),
  ];
  const known = new Map(open.map((incident) => [incident.key, incident]));
  return [
    ...ended,
    ...begun.flatMap((problem): IncidentInput[] => {
      if (problem === null) return [];
      const already = known.get(incidentKey(record.name, problem));
      if (already === undefined) return [problem];
      // Its numbers move all the time; another cause is worth an edit.
      return already.reason.code === problem.reason.code ? [] : [{ ...problem, attempt: null }];
    }),
  ];
}

type Problem = Extract<IncidentInput, { type: 'problem' }>;

function isLasting(kind: IncidentKind): kind is 'unknown' | 'degraded' {
  return kind === 'unknown' || kind === 'degraded';
}

function problemOf(kind: 'unknown' | 'degraded', why: Reason | null, attempt: Reason | null): Problem {
  return { type: 'problem', kind, level: 'warning', reason: why ?? reason('no-reason'), attempt, lines: [] };
}

/** The driver itself cannot see the service: its engine is away, or it hangs. */
function unseen(record: ServiceRecord, { every }: LastingRules, now: number): Problem | null {
  const lasts = now - record.since;
  if (record.state !== 'unknown' || record.wanted === 'down' || lasts <= UNKNOWN_INTERVALS * every) return null;
  return problemOf('unknown', record.reason, couldNotAsk(lasts));
}

function ofCheck(check: CheckRecord, record: ServiceRecord, rules: LastingRules, now: number): readonly Problem[] {
  const watched = rules.checks.find(({ id }) => id === check.id);
  if (watched === undefined || record.state !== 'running') return [];
  const about = (kind: 'unknown' | 'degraded') => ({
    subject: { key: `${kind}:${check.id}`, title: checkTitle(rules.title, check.id), advice: null },
  });
  if (check.unknownSince !== null && check.reason?.code !== ownLinkDown.code) {
    const lasts = now - check.unknownSince;
    if (lasts <= UNKNOWN_INTERVALS * watched.every) return [];
    return [{ ...problemOf('unknown', check.reason, couldNotAsk(lasts)), ...about('unknown') }];
  }
  const after = degradedAfter.get(watched.kind) ?? FIVE_MINUTES;
  const isDegraded = rules.degraded && check.health === 'degraded' && check.verdict === 'degraded';
  if (!isDegraded || check.healthSince === null || now - check.healthSince < after) return [];
  return [{ ...problemOf('degraded', check.reason, null), ...about('degraded') }];
}

function couldNotAsk(ms: number): Reason {
  return reason('could-not-ask', { seconds: Math.round(ms / 1000) });
}

/** How an open incident of these kinds ends now; null: it goes on, or nobody can say. */
function endOf(incident: Incident, record: ServiceRecord, rules: LastingRules): Resolution | null {
  const id = incident.subject?.key.split(':').slice(1).join(':');
  switch (record.state) {
    case 'stopped':
    case 'failed':
    case 'backing-off':
      return record.wanted === 'down' ? 'stopped-by-operator' : 'superseded';
    case 'running':
      break;
    default:
      return null;
  }
  if (id === undefined) return 'recovered';
  if (!rules.checks.some((each) => each.id === id)) return 'removed';
  const check = record.health.checks.find((each) => each.id === id);
  // What was answered before it opened says nothing: the record may be that of an earlier manager.
  if (check === undefined || check.at === null || check.at <= incident.openedAt) return null;
  if (incident.kind === 'unknown') return check.verdict === 'unknown' ? null : 'recovered';
  if (!rules.degraded) return 'removed';
  return check.health === 'healthy' ? 'recovered' : check.health === 'unhealthy' ? 'superseded' : null;
}

import { type Reason, reason } from './reason.ts';

export type Level = 'info' | 'warning' | 'error' | 'critical';

export const levels: readonly Level[] = ['info', 'warning', 'error', 'critical'];

/** What kind of problem; the text is the Fluent message `incident-<kind>`. */
export const incidentKinds = [
  ...['down', 'unhealthy', 'flapping', 'telegram-away', 'manager-away', 'panel'],
  ...['unknown', 'degraded', 'rule', 'link-down', 'history-paused'],
] as const;
export type IncidentKind = (typeof incidentKinds)[number];

/** What the manager's own incidents stand under; no service can be called so. */
export const MANAGER_SERVICE = '(manager)';

/** One of several things that can be wrong with the same service: a node of a panel, a certificate. */
export interface Subject {
  /** Unique within the service; stands in the incident's key in place of the kind. */
  readonly key: string;
  /** How people read it. */
  readonly title: string;
  /** What can be done about it; null: nothing is known to help. */
  readonly advice: Reason | null;
  /** Whom it hits; null or not set: not known, or said elsewhere. */
  readonly affects?: Reason | null;
  /** What can be done about it with a tap. */
  readonly remedy?: 'restart-panel';
}

/** How a check of a service is called: by both, unless that says the same twice. */
export function checkTitle(service: string, check: string): string {
  return service.toLowerCase() === check ? service : `${service} (${check})`;
}

/** What a panel's incidents stand under; no service can be called so. */
export function panelService(id: string): string {
  return `panel:${id}`;
}

/** The id of the panel whose incidents stand under this name; null: a service's. */
export function panelOf(service: string): string | null {
  return service.startsWith('panel:') ? service.slice('panel:'.length) : null;
}

/** Something done about it, or how it went. */
export interface Attempt {
  readonly at: number;
  readonly what: Reason;
}

/** How an incident ended. */
export const resolutions = ['recovered', 'stopped-by-operator', 'superseded', 'removed', 'gone', 'restarted'] as const;
export type Resolution = (typeof resolutions)[number];

/** One problem from opening to resolution. */
export interface Incident {
  readonly id: number;
  /** `<service>/<kind>`, or `<service>/<subject>`: at most one open incident per key. */
  readonly key: string;
  readonly service: string;
  readonly kind: IncidentKind;
  readonly level: Level;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  readonly resolution: Resolution | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: number | null;
  /** When it last was said with a sound: opened, worse, repeated. */
  readonly saidAt: number;
  /** When it was handed on because nobody acknowledged it. */
  readonly escalatedAt: number | null;
  /** When it was handed on once more, to the channels beside Telegram; not set: it was not. */
  readonly handedOverAt?: number;
  /** When it last got worse; not set: it has been as bad from the beginning. */
  readonly worseAt?: number;
  /** Why it opened, or why it got worse. */
  readonly reason: Reason;
  /** Newest last; bounded by {@link MAX_ATTEMPTS}. */
  readonly attempts: readonly Attempt[];
  /** The service's last log lines when it opened or got worse. */
  readonly lines: readonly string[];
  /** Left out where the incident is about the service as a whole. */
  readonly subject?: Subject;
}

/** More would not be read on a phone; the oldest go first. */
export const MAX_ATTEMPTS = 8;

/** What became of an incident, named so that the gate, the log and the chat can say it. */
export type Change =
  | { readonly change: 'opened'; readonly incident: Incident }
  | { readonly change: 'worse'; readonly incident: Incident }
  | { readonly change: 'updated'; readonly incident: Incident }
  | { readonly change: 'repeat'; readonly incident: Incident }
  | { readonly change: 'escalated'; readonly incident: Incident }
  | { readonly change: 'resolved'; readonly incident: Incident };

/** Something seen that concerns an incident. */
export type IncidentInput =
  | {
      readonly type: 'problem';
      readonly kind: IncidentKind;
      readonly level: Level;
      readonly reason: Reason;
      /** What the manager does about it, if anything. */
      readonly attempt: Reason | null;
      readonly lines: readonly string[];
      readonly subject?: Subject;
    }
  | { readonly type: 'attempt'; readonly kind: IncidentKind; readonly attempt: Reason; readonly subject?: Subject }
  | {
      readonly type: 'over';
      readonly kind: IncidentKind;
      readonly resolution: Resolution;
      readonly subject?: Subject;
      /** How it ended, where there is more to say than that it did. */
      readonly ending?: Reason | null;
    };

/** The key of the incident that an input is about. */
export function incidentKey(service: string, { kind, subject }: IncidentInput): string {
  return `${service}/${subject?.key ?? kind}`;
}

function withAttempt(incident: Incident, what: Reason | null, at: number): Incident {
  return what === null
    ? incident
    : { ...incident, attempts: [...incident.attempts, { at, what }].slice(-MAX_ATTEMPTS) };
}

/**
 * What an input does to the incident with that key: opens it, makes it worse, adds to it, ends it, or nothing.
 * `open` is the open incident of that key, or null. `nextId` numbers a new one.
 */
export function changeIncident(
  open: Incident | null,
  service: string,
  input: IncidentInput,
  nextId: () => number,
  now: number,
): Change | null {
  if (input.type === 'over') {
    if (open === null) return null;
    const ended = withAttempt(open, input.ending ?? null, now);
    return { change: 'resolved', incident: { ...ended, resolvedAt: now, resolution: input.resolution } };
  }
  if (input.type === 'attempt')
    return open === null ? null : { change: 'updated', incident: withAttempt(open, input.attempt, now) };
  if (open === null) {
    const fresh: Incident = {
      id: nextId(),
      key: incidentKey(service, input),
      service,
      kind: input.kind,
      level: input.level,
      openedAt: now,
      resolvedAt: null,
      resolution: null,
      acknowledgedBy: null,
      acknowledgedAt: null,
      saidAt: now,
      escalatedAt: null,
      reason: input.reason,
      attempts: [],
      lines: input.lines,
      ...(input.subject === undefined ? {} : { subject: input.subject }),
    };
    return { change: 'opened', incident: withAttempt(fresh, input.attempt, now) };
  }
  const worse = levels.indexOf(input.level) > levels.indexOf(open.level);
  const { subject = open.subject } = input;
  const said = { ...withAttempt(open, input.attempt, now), ...(subject === undefined ? {} : { subject }) };
  const lines = input.lines.length > 0 ? input.lines : open.lines;
  if (!worse) return { change: 'updated', incident: { ...said, reason: input.reason, lines } };
  // Who took it on did so for what it was then.
  const anew = { acknowledgedBy: null, acknowledgedAt: null, saidAt: now, worseAt: now };
  return { change: 'worse', incident: { ...said, ...anew, reason: input.reason, level: input.level, lines } };
}

/** When open incidents speak up by themselves, ms; 0: never. */
export interface Reminders {
  readonly repeat_every: number;
  readonly escalate_after: number;
  /** No reminder comes sooner after what was said last; not set: no matter how soon. */
  readonly min_interval?: number;
  /**
   * Whether the channels beside Telegram hear of what nobody acknowledged together with the next admins (also: there are
   * none), or as long again after them. Not set: together.
   */
  readonly channels?: 'with-admins' | 'after-admins';
}

/** What the passing of time does to an open incident: handed on when critical and not taken on, said again, or nothing. */
export function remind(incident: Incident, rules: Reminders, now: number): Change | null {
  if (incident.acknowledgedAt !== null || incident.resolvedAt !== null) return null;
  const { repeat_every, escalate_after } = rules;
  const change = escalate_after > 0 && incident.level === 'critical' ? escalate(incident, rules, now) : null;
  if (change !== null) return change;
  // What goes up and down for hours is known by then: each reminder comes after twice as long as the one before.
  const doubled = incident.kind === 'flapping' ? incident.saidAt - incident.openedAt : 0;
  const wait = Math.max(repeat_every, rules.min_interval ?? 0, doubled);
  if (repeat_every > 0 && incident.level !== 'info' && now - incident.saidAt >= wait)
    return { change: 'repeat', incident: { ...incident, saidAt: now } };
  return null;
}

/** To the next admins, and as long again after that to the channels beside Telegram. */
function escalate(incident: Incident, { escalate_after, channels }: Reminders, now: number): Change | null {
  const { escalatedAt, handedOverAt } = incident;
  if (escalatedAt === null) {
    if (now - criticalSince(incident) < escalate_after) return null;
    const all = channels === 'after-admins' ? {} : { handedOverAt: now };
    return { change: 'escalated', incident: { ...incident, escalatedAt: now, ...all } };
  }
  if (handedOverAt !== undefined || channels !== 'after-admins' || now - escalatedAt < escalate_after) return null;
  return { change: 'escalated', incident: { ...incident, handedOverAt: now } };
}

/** From when on nobody has reacted to what it is now. */
export function criticalSince({ openedAt, worseAt }: Incident): number {
  return worseAt ?? openedAt;
}

/** Somebody takes it on: no more reminders. Null when somebody has already, or it is over. */
export function acknowledge(incident: Incident, by: string, now: number): Change | null {
  if (incident.acknowledgedAt !== null || incident.resolvedAt !== null) return null;
  return { change: 'updated', incident: { ...incident, acknowledgedBy: by, acknowledgedAt: now } };
}

/** How an incident is called: a critical "down" is the end of the manager's own means, and says so. */
export function namedAs(incident: Pick<Incident, 'kind' | 'level'>): IncidentKind | 'gave-up' {
  return incident.kind === 'down' && incident.level === 'critical' ? 'gave-up' : incident.kind;
}

/** How an exit is said: by code, by signal, or honestly not known. */
export function exitReason(exit: { readonly code: number | null; readonly signal: string | null } | null): Reason {
  if (exit === null) return reason('exit-unknown');
  if (exit.signal !== null) return reason('exit-signal', { signal: exit.signal });
  return exit.code === null ? reason('exit-unknown') : reason('exit-code', { code: String(exit.code) });
}

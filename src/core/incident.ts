import type { Reason } from './reason.ts';

export type Level = 'info' | 'warning' | 'error' | 'critical';

export const levels: readonly Level[] = ['info', 'warning', 'error', 'critical'];

/** What kind of problem; the text is the Fluent message `incident-<kind>`. */
export type IncidentKind = 'down' | 'unhealthy';

/** Something the manager did about it, and how it went. */
export interface Attempt {
  readonly at: number;
  readonly what: Reason;
}

/** One problem from opening to resolution. */
export interface Incident {
  readonly id: number;
  /** `<service>/<kind>`: at most one open incident per key. */
  readonly key: string;
  readonly service: string;
  readonly kind: IncidentKind;
  readonly level: Level;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: number | null;
  /** Why it opened, or why it got worse. */
  readonly reason: Reason;
  /** Newest last; bounded. */
  readonly attempts: readonly Attempt[];
  /** The service's last log lines when it opened or got worse. */
  readonly lines: readonly string[];
}

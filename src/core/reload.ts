import type { Reason } from './reason.ts';
import type { Actor } from './snapshot.ts';

/** What became different about one service. Keys only, never values: those may be secrets. */
export type ServiceChange =
  | { readonly change: 'added' | 'removed'; readonly service: string }
  | {
      readonly change: 'changed';
      readonly service: string;
      /** Hold from the moment they are applied. */
      readonly now: readonly string[];
      /** Hold from the service's next start: a running process keeps the command and the environment it was given. */
      readonly nextStart: readonly string[];
      /** Say that the name means another thing (driver, session, unit): the old one has to be stopped first. */
      readonly otherThing: readonly string[];
    };

/** The keys that changed of a service, by when they hold; only what there is. */
export function changedKeys({ now, nextStart, otherThing }: Extract<ServiceChange, { change: 'changed' }>) {
  const parts = [
    { holds: 'now', keys: now },
    { holds: 'next-start', keys: nextStart },
    { holds: 'other-thing', keys: otherThing },
  ] as const;
  return parts.filter(({ keys }) => keys.length > 0);
}

/** What became different outside `services`. */
export interface SectionChange {
  /** `monitoring.alerts.repeat_every`. */
  readonly key: string;
  /** `manager-restart`: has no effect before the manager is restarted; services keep running over that. */
  readonly holds: 'now' | 'manager-restart';
}

export interface ConfigDiff {
  readonly services: readonly ServiceChange[];
  readonly sections: readonly SectionChange[];
}

/** A mistake or a warning and its place in the file. */
export interface ConfigRemark {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly key: string;
  readonly reason: Reason;
}

export interface ReloadPlan extends ConfigDiff {
  /** Names what was shown, so that this and nothing else is applied. */
  readonly id: number;
  readonly warnings: readonly ConfigRemark[];
}

export type ReloadLook =
  | { readonly ok: true; readonly plan: ReloadPlan }
  | { readonly ok: false; readonly mistakes: readonly ConfigRemark[] };

export interface ReloadChoices {
  /** Restart what runs with an old command, and what has become another thing. */
  readonly restart: boolean;
  /** Stop what is not in the file any more; otherwise it is let go and keeps running. */
  readonly stopRemoved: boolean;
}

/** What was done about one service. */
export interface ReloadOutcome {
  readonly service: string;
  readonly ok: boolean;
  readonly what: Reason;
}

export type ReloadResult =
  | { readonly ok: true; readonly outcomes: readonly ReloadOutcome[] }
  | { readonly ok: false; readonly reason: Reason };

/** Reading the configuration again while services run. */
export interface Reload {
  /** Reads the file and says what would change; changes nothing. */
  look(): ReloadLook;
  /** Does what the plan of that id said. Services that did not change are not touched. Audited. */
  apply(id: number, choices: ReloadChoices, by: Actor): Promise<ReloadResult>;
}

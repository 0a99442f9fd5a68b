import type { CheckRecord, Health } from './health.ts';
import type { Incident } from './incident.ts';
import type { Mute } from './mute.ts';
import type { Reason } from './reason.ts';
import type { ExitInfo, ServiceState, Wanted } from './service.ts';

/** What can be done to a service from chat or CLI. */
export type Verb = 'start' | 'stop' | 'restart';

/** Who asked: for the audit and for the "already being restarted by Vera" answer. */
export interface Actor {
  readonly kind: 'telegram' | 'cli' | 'manager';
  /** Telegram user id, OS user name, or the manager's own part. */
  readonly id: string;
  readonly name: string;
}

/**
 * What becomes of a start (or a restart) while something that the service depends on is down or cannot be seen: it is
 * refused and the refusal says so (`needs-down`), that is started before, or nobody cares.
 */
export type Needs = 'ask' | 'first' | 'ignore';

/** What is being done to a service at this moment. One at a time per service. */
export interface Operation {
  readonly verb: Verb;
  readonly by: Actor;
  readonly since: number;
  /** Epoch ms after which it is ended by force and said so. */
  readonly deadline: number;
}

export interface ServiceView {
  readonly name: string;
  readonly title: string;
  readonly driver: string;
  /** Names of the services that it depends on. */
  readonly needs: readonly string[];
  readonly state: ServiceState;
  readonly since: number;
  readonly wanted: Wanted;
  readonly reason: Reason | null;
  readonly health: Health;
  readonly healthSince: number;
  readonly healthReason: Reason | null;
  readonly checks: readonly CheckRecord[];
  readonly pid: number | null;
  /** Epoch ms of the present run's start. */
  readonly startedAt: number | null;
  /** Done by the manager. */
  readonly restarts: number;
  /** Done by a restart policy that is not the manager's, since somebody started it; null: none was ever told. */
  readonly foreignRestarts: number | null;
  readonly exitsInWindow: number;
  readonly lastExit: ExitInfo | null;
  /** When the manager tries to start it again; null: it does not, or waits for something else than time. */
  readonly retryAt: number | null;
  readonly operation: Operation | null;
  /** The verbs that make sense now, most useful first. */
  readonly can: readonly Verb[];
}

/** Whether the manager can still talk to Telegram, and what waits. */
export interface TelegramView {
  readonly state: 'connecting' | 'polling' | 'unreachable' | 'conflict' | 'unauthorized' | 'off';
  readonly since: number;
  readonly reason: Reason | null;
  readonly waiting: number;
  readonly oldestWaiting: number | null;
  readonly lastDelivered: number | null;
  /** Dropped since the start because too much waited. */
  readonly dropped: number;
  /** Refused for good, still kept for looking into. */
  readonly dead: number;
}

/** Everything that chat, CLI and HTTP show comes from here. */
export interface Snapshot {
  readonly host: string;
  readonly version: string;
  readonly at: number;
  readonly startedAt: number;
  /** The worst that is true of any service. */
  readonly overall: Health;
  /** Worst first. */
  readonly services: readonly ServiceView[];
  /** The open ones, worst first. */
  readonly incidents: readonly Incident[];
  /** Mutes and maintenance windows that have not ended, the next to end first. */
  readonly mutes: readonly Mute[];
  readonly telegram: TelegramView;
}

/** The end of an action. `took` in ms. */
export type ActionResult =
  | { readonly ok: true; readonly took: number; readonly note: Reason | null }
  | { readonly ok: false; readonly took: number; readonly reason: Reason };

/** The one door to supervision for chat, CLI and HTTP. */
export interface Control {
  snapshot(): Snapshot;
  /**
   * Does it, verifies it, and resolves with the outcome; never rejects for what can be expected. Audited. `needs`:
   * `ask` unless said otherwise.
   */
  act(service: string, verb: Verb, by: Actor, needs?: Needs): Promise<ActionResult>;
  /** The last lines of a service's own log, oldest first; colour codes removed. */
  logs(service: string, lines: number): Promise<readonly string[]>;
  /**
   * Does it to every service for which it makes sense: a stop begins with what nothing depends on, the others with
   * what depends on nothing; what is independent at the same time. A restart leaves alone what an operator has
   * stopped. `ended`: told of each as it ends. Resolves when all are done.
   */
  actAll(
    verb: Verb,
    by: Actor,
    ended?: (service: string, result: ActionResult) => void,
  ): Promise<ReadonlyMap<string, ActionResult>>;
}

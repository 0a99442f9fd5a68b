import type { CheckResult } from '../core/health.ts';
import type { Reason } from '../core/reason.ts';
import type { ExitInfo, Fate, Run } from '../core/service.ts';

export type { Fate };

/** What a driver sees of a service at one moment. */
export type Observation =
  /**
   * It runs. An adopted one (started by an earlier manager or by hand) looks the same. `restarts`: how often a restart
   * policy that is not ours (systemd, the container engine) has started it again; set back to 0 by a start by hand.
   */
  | { readonly state: 'running'; readonly run: Run; readonly restarts?: number }
  /**
   * It ran and ended; `run` tells which life, so that an exit is handled once, also after a manager's death. `reason`:
   * what is known beyond the exit code.
   */
  | {
      readonly state: 'exited';
      readonly run: Run;
      readonly exit: ExitInfo;
      readonly reason?: Reason;
      readonly fate?: Fate;
    }
  /** Nothing there and nothing remembered. */
  | { readonly state: 'absent' }
  /** Could not be asked (tmux socket forbidden, engine away). Never treated as dead. */
  | { readonly state: 'unknown'; readonly reason: Reason };

export type StartResult =
  | { readonly ok: true; readonly run: Run }
  /** `fatal`: trying again cannot help until somebody changes something (command not found, folder missing). */
  | {
      readonly ok: false;
      readonly fatal: boolean;
      readonly reason: Reason;
      /** The run that came of it and is over already; nobody is told of its end as well. */
      readonly ended?: { readonly run: Run; readonly exit: ExitInfo };
    };

export type StopResult =
  /** `exit` null: it was not running. `killed`: names or pids of what needed SIGKILL, empty when it went by itself. */
  | { readonly ok: true; readonly exit: ExitInfo | null; readonly killed: readonly string[] }
  | { readonly ok: false; readonly reason: Reason };

/**
 * How one service is started, stopped and found. One object per service. Nothing here throws for what can be
 * expected; a thrown error is a bug. No call blocks the event loop.
 */
export interface Driver {
  readonly kind: 'process' | 'tmux' | 'systemd' | 'docker' | 'external';
  /** What is there now. Also takes up the watch of what it finds running (adoption). */
  inspect(): Promise<Observation>;
  /** What would keep it from being started again now (its program is gone, …), where that can be told; null: nothing known. */
  hindrance?(): Promise<Reason | null>;
  /** Starts it unless it runs already (then: the running one). Leftovers of an earlier life are removed first. */
  start(): Promise<StartResult>;
  /** Signal, wait, SIGKILL to what is left of the tree, verified by identity. Idempotent. */
  stop(): Promise<StopResult>;
  /** Told of each death, and of each start that was not ours; as soon as the driver learns of it. */
  onChange(listener: (observation: Observation) => void): void;
  /** The last lines of its output, oldest first, at most `lines`. */
  logs(lines: number): Promise<readonly string[]>;
  /**
   * How it is and what it uses, where whoever runs it knows that better than a look at its process tells (a container's
   * own check of its health, control groups). Left out: its process is looked at.
   */
  measure?(): Promise<CheckResult>;
  /** Lets go of watchers and handles; the service itself stays as it is. */
  close(): Promise<void>;
}

import * as z from 'zod';
import { type Reason, reason } from '../../core/reason.ts';
import type { ExitInfo, Fate, Run } from '../../core/service.ts';
import type { Observation } from '../driver.ts';
import { exitOfStatus } from '../signals.ts';
import { refused } from './failures.ts';

/** What is looked at of an engine's answer to "inspect". */
export const containerSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  /** The program it runs. */
  Path: z.string().default(''),
  RestartCount: z.number().default(0),
  Config: z.object({ Tty: z.boolean().default(false), StopSignal: z.string().optional() }),
  HostConfig: z.object({
    RestartPolicy: z
      .object({ Name: z.string().default(''), MaximumRetryCount: z.number().default(0) })
      .default({ Name: '', MaximumRetryCount: 0 }),
  }),
  State: z.object({
    Status: z.string(),
    OOMKilled: z.boolean().default(false),
    Pid: z.number(),
    ExitCode: z.number(),
    Error: z.string().default(''),
    /** The year 1 for never. */
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z
      .object({
        Status: z.string(),
        FailingStreak: z.number().default(0),
        Log: z.array(z.object({ Output: z.string().default('') })).nullish(),
      })
      .nullish(),
  }),
});

export type Container = z.infer<typeof containerSchema>;

export interface View {
  /** Somebody asked the engine to end it. */
  readonly byHand: boolean;
  /** The container's own restart policy counts. */
  readonly ownPolicy: boolean;
}

/** What an inspection says of the service, as pure arithmetic. */
export function observeContainer(container: Container, view: View): Observation {
  const run = runOf(container);
  switch (container.State.Status) {
    case 'created':
      return { state: 'absent' };
    case 'running':
    case 'paused':
      return { state: 'running', run, restarts: container.RestartCount };
    case 'restarting':
    case 'exited':
    case 'removing':
    case 'dead':
      return exited(container, run, fateOf(container, view));
    default:
      return {
        state: 'unknown',
        reason: reason('container-state', { container: nameOf(container), state: container.State.Status }),
      };
  }
}

export function runOf(container: Container): Run {
  const { Pid, StartedAt } = container.State;
  return {
    id: `${container.Id}@${StartedAt}`,
    pid: Pid > 0 ? Pid : null,
    startedAt: Math.max(0, Date.parse(StartedAt)),
  };
}

export function exitOf(container: Container): ExitInfo {
  const { ExitCode, FinishedAt } = container.State;
  return { ...exitOfStatus(ExitCode), at: Math.max(0, Date.parse(FinishedAt)) };
}

/** Without the slash that the engine puts in front. */
export function nameOf(container: Container): string {
  return container.Name.replace(/^\//, '');
}

/** Whether the engine may start it again by itself. */
export function hasPolicy(container: Container): boolean {
  const { Name } = container.HostConfig.RestartPolicy;
  return Name !== '' && Name !== 'no';
}

function exited(container: Container, run: Run, fate: Fate | null): Observation {
  const why = endReason(container, fate);
  return {
    state: 'exited',
    run,
    exit: exitOf(container),
    ...(why === null ? {} : { reason: why }),
    ...(fate === null ? {} : { fate }),
  };
}

function endReason(container: Container, fate: Fate | null): Reason | null {
  const name = nameOf(container);
  if (container.State.OOMKilled) return reason('container-oom', { container: name });
  if (fate === 'left' && container.State.Error !== '') return refused(name, container.State.Error).reason;
  if (fate === 'left' && atLimit(container))
    return reason('container-restart-limit', { container: name, restarts: container.RestartCount });
  return null;
}

function fateOf(container: Container, { byHand, ownPolicy }: View): Fate | null {
  if (byHand) return 'stopped';
  if (!ownPolicy || !hasPolicy(container)) return null;
  if (container.State.Status === 'restarting') return 'restarts';
  // The engine could not start it again (its program is gone, its port is taken), and does not try once more.
  if (container.State.Error !== '') return 'left';
  if (container.HostConfig.RestartPolicy.Name !== 'on-failure') return 'stopped';
  // A failure that is not followed by a restart: the limit was reached, or somebody has stopped it.
  return container.State.ExitCode === 0 || atLimit(container) ? 'left' : 'stopped';
}

function atLimit(container: Container): boolean {
  const { MaximumRetryCount } = container.HostConfig.RestartPolicy;
  return MaximumRetryCount > 0 && container.RestartCount >= MaximumRetryCount;
}

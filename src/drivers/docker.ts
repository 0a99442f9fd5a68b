import { basename } from 'node:path';
import type { CheckResult } from '../core/health.ts';
import { type Container, exitOf, nameOf, runOf } from './docker/container.ts';
import type { Answer } from './docker/engine.ts';
import { type Failure, refused } from './docker/failures.ts';
import { type ContainerRef, type Found, findContainer, refName } from './docker/find.ts';
import { containerLogs } from './docker/logs.ts';
import { type ContainerHealth, createMeasure, type Stats } from './docker/measure.ts';
import { joinEngine } from './docker/shared.ts';
import { createSight } from './docker/sight.ts';
import { containerStats } from './docker/stats.ts';
import type { Driver, Observation, StartResult, StopResult } from './driver.ts';
import { createTurns } from './turns.ts';

export interface DockerOptions {
  readonly name: string;
  /** Name or id; null where the compose project says which. */
  readonly container: string | null;
  readonly compose_project: string | null;
  /** null: the project has only one. */
  readonly compose_service: string | null;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** ms; the engine counts in seconds. */
  readonly stop_timeout: number;
  /** The manager restarts it, not the engine: its restart policy is set to "no". */
  readonly takeover: boolean;
  /** Epoch ms. */
  readonly clock: () => number;
}

export interface DockerDriver extends Driver {
  /** null: there is nothing to be asked. */
  health(): Promise<ContainerHealth | null>;
  stats(): Promise<Stats>;
  measure(): Promise<CheckResult>;
  /** Like `logs`, each line behind the time at which the engine got it. */
  timedLogs(lines: number): Promise<readonly string[]>;
}

/** To the engine, for what it does at once; on top of the grace of a stop. */
const workDeadlineMs = 30_000;
const nothing: StopResult = { ok: true, exit: null, killed: [] };

/** `DOCKER_HOST` where it names a Unix socket, else the engine's usual place. */
export function dockerSocket(environment: NodeJS.ProcessEnv): string {
  const host = environment.DOCKER_HOST ?? '';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}

/**
 * A container, over the engine's socket. Deaths are told by the engine's events. A restart policy that the container
 * has is left to do its work, and counted, unless `takeover` says that the manager is to.
 */
export function createDockerDriver(options: DockerOptions): DockerDriver {
  const { takeover, clock } = options;
  const ref: ContainerRef = {
    container: options.container,
    composeProject: options.compose_project,
    composeService: options.compose_service,
  };
  const { engine, events, leave } = joinEngine(options.socket);
  const listeners: ((observation: Observation) => void)[] = [];
  const tell = (news: Observation) => {
    for (const listener of listeners) listener(news);
  };
  const sight = createSight({ engine, events, ref, takeover, clock, tell });
  const measured = createMeasure(options.container === null ? refName(ref) : options.name);
  const inTurn = createTurns();
  let operations = 0;
  /** The engine counts in whole seconds; 0 would be no grace at all. */
  const graceSeconds = Math.max(1, Math.ceil(options.stop_timeout / 1000));

  async function operation<T>(work: () => Promise<T>): Promise<T> {
    sight.watch();
    sight.hold();
    operations += 1;
    try {
      return await inTurn(work);
    } finally {
      operations -= 1;
      if (operations === 0) sight.release();
    }
  }

  function post(container: Container, verb: string, withGrace: boolean): Promise<Answer> {
    return engine.ask({
      method: 'POST',
      path: `/containers/${container.Id}/${verb}`,
      query: withGrace ? { t: String(graceSeconds) } : {},
      deadlineMs: workDeadlineMs + (withGrace ? graceSeconds * 1000 : 0),
    });
  }

  async function start(): Promise<StartResult> {
    const { found } = await sight.look();
    if (!found.ok) return refuse(found);
    const { container } = found;
    const { Status } = container.State;
    if (Status === 'running') return { ok: true, run: runOf(container) };
    // For one that waits for its restart "start" would be nothing to do.
    const verb = Status === 'paused' ? 'unpause' : Status === 'restarting' ? 'restart' : 'start';
    const answer = await post(container, verb, verb === 'restart');
    const { found: after, seen } = await sight.look();
    if (!answer.ok) return startFailure(answer, container, after);
    if (!after.ok) return refuse(after);
    if (seen.state === 'running') sight.answered(seen);
    return { ok: true, run: runOf(after.container) };
  }

  function startFailure(answer: Extract<Answer, { ok: false }>, container: Container, after: Found): StartResult {
    if (answer.status === null) return refuse(answer.failure);
    if (!after.ok) return refuse(after);
    const failure = refused(nameOf(container), answer.message);
    // As a shell would say it: found but not executable, not found. Only another command or image can help.
    const { ExitCode } = after.container.State;
    return refuse({ ...failure, fatal: ExitCode === 126 || ExitCode === 127 });
  }

  function refuse({ fatal, reason: why }: Failure): StartResult {
    return { ok: false, fatal, reason: why };
  }

  async function stop(): Promise<StopResult> {
    const { found } = await sight.look();
    if (!found.ok) return isMissing(found) ? nothing : { ok: false, reason: found.reason };
    const { container } = found;
    const { Status, Pid } = container.State;
    const ran = Status === 'running' || Status === 'paused';
    if (!ran && Status !== 'restarting') return nothing;
    const begun = performance.now();
    const answer = await post(container, 'stop', true);
    const graceIsOver = performance.now() - begun >= graceSeconds * 1000;
    if (!answer.ok && answer.status === null) return { ok: false, reason: answer.failure.reason };
    const { found: after, seen } = await sight.look();
    if (!after.ok && !isMissing(after)) return { ok: false, reason: after.reason };
    if (!ran) return nothing;
    // Removed by itself (--rm) or by somebody.
    if (!after.ok) {
      const end = sight.deathOf(container) ?? { code: null, signal: null };
      return { ok: true, exit: { ...end, at: clock() }, killed: [] };
    }
    if (seen.state === 'running') {
      const problem = answer.ok ? 'still running' : answer.message;
      return { ok: false, reason: refused(nameOf(container), problem).reason };
    }
    const exit = exitOf(after.container);
    const killed = exit.signal === 'SIGKILL' && graceIsOver ? [`${basename(container.Path)} (${Pid})`] : [];
    return { ok: true, exit, killed };
  }

  async function logs(lines: number, timestamps: boolean): Promise<readonly string[]> {
    const found = await findContainer(engine, ref);
    return found.ok ? containerLogs(engine, found.container, lines, timestamps) : [];
  }

  async function health(): Promise<ContainerHealth | null> {
    const found = await findContainer(engine, ref);
    return found.ok ? healthOf(found.container) : null;
  }

  return {
    kind: 'docker',
    async inspect() {
      const { seen } = await sight.look();
      sight.answered(seen);
      sight.watch();
      return seen;
    },
    start: () => operation(start),
    stop: () => operation(stop),
    onChange(listener) {
      listeners.push(listener);
    },
    logs: (lines) => logs(lines, false),
    timedLogs: (lines) => logs(lines, true),
    health,
    stats: () => containerStats(engine, ref),
    async measure() {
      const [own, stats] = await Promise.all([health(), containerStats(engine, ref)]);
      return measured(own, stats);
    },
    async close() {
      sight.close();
      leave();
    },
  };
}

function isMissing(found: Extract<Found, { ok: false }>): boolean {
  return found.reason.code === 'container-missing';
}

function healthOf({ State: { Health, Status } }: Container): ContainerHealth {
  const status = Health?.Status;
  const paused = Status === 'paused';
  if (!Health || (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy'))
    return { status: 'none', failing: 0, output: '', paused };
  return { status, failing: Health.FailingStreak, output: Health.Log?.at(-1)?.Output.trim() ?? '', paused };
}

import { inOrder } from '../core/in-order.ts';
import type { ContainerEvent } from './docker/events.ts';
import { type Failure, missing } from './docker/failures.ts';
import { isMeant, type Listed, listContainers, newestOf, projectFilters } from './docker/find.ts';
import { mergeLogs } from './docker/logs.ts';
import { combineStops, foldMeasures, foldObservations, isDone, type Part, runOfParts } from './docker/parts.ts';
import { joinEngine } from './docker/shared.ts';
import { createDockerDriver, type DockerDriver } from './docker.ts';
import type { Driver, Observation, StartResult, StopResult } from './driver.ts';
import { newsKey } from './news-key.ts';
import { createTurns } from './turns.ts';

export interface ProjectOptions {
  readonly name: string;
  readonly project: string;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** ms, for each container. */
  readonly stop_timeout: number;
  readonly takeover: boolean;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** One container of the project. */
interface Member extends Part {
  readonly service: string;
  readonly needs: readonly Need[];
  readonly driver: DockerDriver;
  seen: Observation;
}

/** As compose wrote it on the container. */
interface Need {
  readonly service: string;
  readonly condition: string;
}

const label = 'com.docker.compose';
/** What containers are to wait for is waited for so long (ms); then they are started all the same, as after a crash. */
const READY_MS = 20_000;
const LOOK_MS = 200;

/**
 * All containers of a compose project as one service: it runs when each of them runs (or has done its work and ended
 * well), it is down when one of them is. They start in the order of their `depends_on` and stop in reverse.
 */
export function createProjectDriver(options: ProjectOptions): Driver {
  const { project, socket, stop_timeout, takeover, clock } = options;
  const ref = { container: null, composeProject: project, composeService: null };
  const { engine, events, leave } = joinEngine(socket);
  const listeners: ((observation: Observation) => void)[] = [];
  const members = new Map<string, Member>();
  const gatherInTurn = createTurns();
  const inTurn = createTurns();
  let operations = 0;
  let told = '';
  let unwatch: (() => void) | null = null;
  let looking = false;
  let lookAgain = false;
  let closed = false;

  const all = () => [...members.values()];

  /** Brings the list of containers up to date; says why that cannot be done. */
  async function gather(): Promise<Failure | null> {
    const listed = await listContainers(engine, projectFilters(ref));
    if (!listed.ok) return listed;
    if (closed) return null;
    const present = newestOf(listed.containers);
    for (const [id, member] of members)
      if (!present.some((each) => each.Id === id)) {
        members.delete(id);
        await member.driver.close();
      }
    for (const each of present) if (!members.has(each.Id)) members.set(each.Id, join(each));
    return null;
  }

  function join(listed: Listed): Member {
    const name = listed.Names[0]?.replace(/^\//, '') ?? listed.Id;
    const named = { container: listed.Id, compose_project: null, compose_service: null };
    const driver = createDockerDriver({ name, ...named, socket, stop_timeout, takeover, clock });
    const member: Member = {
      ...{ name, driver, seen: { state: 'absent' } },
      service: listed.Labels?.[`${label}.service`] ?? name,
      needs: needsIn(listed.Labels?.[`${label}.depends_on`] ?? ''),
    };
    driver.onChange((seen) => {
      member.seen = seen;
      if (members.get(listed.Id) === member) news(foldObservations(project, all()));
    });
    return member;
  }

  async function look(): Promise<Observation> {
    const failure = await gatherInTurn(gather);
    if (failure !== null) return { state: 'unknown', reason: failure.reason };
    await Promise.all(
      all().map(async (member) => {
        member.seen = await member.driver.inspect();
      }),
    );
    return foldObservations(project, all());
  }

  function news(seen: Observation): void {
    if (operations > 0 || unwatch === null || newsKey(seen) === told) return;
    told = newsKey(seen);
    for (const listener of listeners) listener(seen);
  }

  function refresh(): void {
    lookAgain = looking;
    if (looking) return;
    looking = true;
    void look().then((seen) => {
      looking = false;
      news(seen);
      if (lookAgain) refresh();
    });
  }

  /** Containers that come and go; what becomes of one that is known, its own driver tells. */
  function watch(): void {
    unwatch ??= events.watch({
      event({ Action, Actor }: ContainerEvent) {
        const { name = '', oldName = '', ...labels } = Actor.Attributes;
        const known = members.has(Actor.ID);
        const meant = known || isMeant(ref, [name, oldName], labels);
        if (meant && (!known || Action === 'destroy')) refresh();
      },
      lost: () => undefined,
      refresh,
      away: ({ reason }) => news({ state: 'unknown', reason }),
      surprised(listed) {
        const mine = listed.filter((each) => isMeant(ref, each.Names, each.Labels));
        return newestOf(mine).some(({ Id }) => !members.has(Id));
      },
    });
  }

  async function operation<T>(work: () => Promise<T>): Promise<T> {
    watch();
    operations += 1;
    try {
      return await inTurn(work);
    } finally {
      operations -= 1;
      // What has happened meanwhile is told after the answer that is on its way.
      if (operations === 0) setImmediate(refresh);
    }
  }

  const named = (service: string) => all().filter((member) => member.service === service);
  const idsOf = (needed: readonly Member[]) =>
    [...members].flatMap(([id, member]) => (needed.includes(member) ? [id] : []));
  const needsOf = (id: string) => idsOf((members.get(id)?.needs ?? []).flatMap(({ service }) => named(service)));

  async function start(): Promise<StartResult> {
    const before = await look();
    if (before.state === 'unknown') return { ok: false, fatal: false, reason: before.reason };
    if (members.size === 0) return { ok: false, ...missing(project) };
    // A job that has done its work does it again only when everything is started.
    const partly = all().some(({ seen }) => seen.state === 'running');
    const wanted = [...members].filter(([, { seen }]) => !(partly && isDone(seen))).map(([id]) => id);
    const failures: Extract<StartResult, { ok: false }>[] = [];
    const until = performance.now() + READY_MS;
    await inOrder(wanted, needsOf, async (id) => {
      const member = members.get(id);
      if (member === undefined || failures.length > 0) return;
      await Promise.all(member.needs.map((need) => ready(need, until)));
      const result = await member.driver.start();
      if (!result.ok) failures.push(result);
    });
    const seen = await look();
    const [failure] = failures;
    if (failure !== undefined) return failure;
    if (seen.state === 'running') told = newsKey(seen);
    return { ok: true, run: runOfParts(project, all()) };
  }

  /** Waits until what a container is to wait for is there, as far as its own condition asks for more than a start. */
  async function ready({ service, condition }: Need, until: number): Promise<void> {
    while (performance.now() < until) {
      const there = await Promise.all(named(service).map(({ driver }) => isReady(driver, condition)));
      if (there.every(Boolean)) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async function stop(): Promise<StopResult> {
    const before = await look();
    if (before.state === 'unknown') return { ok: false, reason: before.reason };
    const results: StopResult[] = [];
    const dependants = (id: string) => [...members.keys()].filter((other) => needsOf(other).includes(id));
    await inOrder([...members.keys()], dependants, async (id) => {
      const result = await members.get(id)?.driver.stop();
      if (result !== undefined) results.push(result);
    });
    return combineStops(results);
  }

  return {
    kind: 'docker',
    async inspect() {
      const seen = await look();
      told = newsKey(seen);
      watch();
      return seen;
    },
    start: () => operation(start),
    stop: () => operation(stop),
    onChange(listener) {
      listeners.push(listener);
    },
    async logs(lines) {
      await gatherInTurn(gather);
      return mergeLogs(
        await Promise.all(all().map(async ({ name, driver }) => ({ name, lines: await driver.timedLogs(lines) }))),
        lines,
      );
    },
    async measure() {
      const parts = all();
      const measured = await Promise.all(
        parts.map(async ({ seen, driver }) => (seen.state === 'running' ? await driver.measure() : null)),
      );
      return foldMeasures(parts, measured);
    },
    async close() {
      closed = true;
      unwatch?.();
      unwatch = null;
      await Promise.all(all().map(({ driver }) => driver.close()));
      leave();
    },
  };
}

async function isReady(driver: DockerDriver, condition: string): Promise<boolean> {
  if (condition === 'service_healthy') {
    const health = await driver.health();
    return health === null || health.status === 'healthy' || health.status === 'none';
  }
  return condition !== 'service_completed_successfully' || (await driver.inspect()).state !== 'running';
}

/** `db:service_healthy:false,cache:service_started:true`; older versions wrote the names alone. */
function needsIn(text: string): readonly Need[] {
  return text.split(',').flatMap((entry) => {
    const [service = '', condition = 'service_started'] = entry.trim().split(':');
    return service === '' ? [] : [{ service, condition }];
  });
}

import { constants } from 'node:os';
import type { Observation } from '../driver.ts';
import { newsKey } from '../news-key.ts';
import { exitOfStatus } from '../signals.ts';
import { type Container, hasPolicy, observeContainer, runOf } from './container.ts';
import type { Engine } from './engine.ts';
import type { ContainerEvent, Events } from './events.ts';
import { type ContainerRef, type Found, findContainer, isMeant } from './find.ts';

export interface SightOptions {
  readonly engine: Engine;
  readonly events: Events;
  readonly ref: ContainerRef;
  readonly takeover: boolean;
  readonly clock: () => number;
  readonly tell: (news: Observation) => void;
}

/** What `docker stop` and `docker kill` send unless told otherwise: signals that mean an end. */
const { SIGTERM, SIGKILL, SIGINT, SIGQUIT } = constants.signals;
const endings: readonly number[] = [SIGTERM, SIGKILL, SIGINT, SIGQUIT];
/** An engine that shuts down ends its containers first, as a person would; it takes this long at most by default. */
const shutdownMs = 20_000;

/** An engine that cannot start a container again after all tells nobody: one that waits for it is looked at so often. */
const restartLookMs = 2000;

/** What is known of one container, and the news of it, from the engine's events and its answers. */
export function createSight({ engine, events, ref, takeover, clock, tell }: SightOptions) {
  let unwatch: (() => void) | null = null;
  /** While one of our own operations is under way its answer comes before any news. */
  let held = false;
  let told = '';
  /** The container as it was last seen, for what has to be known when it is gone. */
  let known: Container | null = null;
  let lastDeath: ContainerEvent | null = null;
  /** The container that somebody asked the engine to end. */
  let endedByHand = '';
  /** Looks begun so far, and which of them is the newest that has brought an answer. */
  let looks = 0;
  let lastLook = 0;
  let looking = false;
  let lookAgain = false;
  let restarting: NodeJS.Timeout | null = null;

  /** Answers come on connections of their own: one that was overtaken by another look's is asked for again. */
  async function look(): Promise<{ readonly found: Found; readonly seen: Observation }> {
    for (;;) {
      looks += 1;
      const own = looks;
      const found = await findContainer(engine, ref);
      if (found.ok && takeover && hasPolicy(found.container)) await takeOver(found.container);
      if (own < lastLook) continue;
      lastLook = own;
      const seen = judge(found);
      if (seen.state === 'exited' && seen.fate === 'restarts') followRestart();
      return { found, seen };
    }
  }

  function followRestart(): void {
    if (restarting !== null) clearTimeout(restarting);
    restarting = setTimeout(() => {
      if (unwatch !== null) refresh();
    }, restartLookMs).unref();
  }

  /** Said once to the engine, which keeps it; a container that is made anew brings its own policy again. */
  async function takeOver(container: Container): Promise<void> {
    const path = `/containers/${container.Id}`;
    await engine.ask({ method: 'POST', path: `${path}/update`, body: { RestartPolicy: { Name: 'no' } } });
    // One that waits for its restart would go on waiting.
    if (container.State.Status === 'restarting')
      await engine.ask({ method: 'POST', path: `${path}/stop`, query: { t: '0' } });
  }

  function judge(found: Found): Observation {
    if (found.ok) {
      known = found.container;
      return observe(found.container);
    }
    if (found.reason.code !== 'container-missing') return { state: 'unknown', reason: found.reason };
    const before = known;
    known = null;
    // It died and was removed at once (docker rm -f, --rm): the event of its death says how it ended.
    return before !== null && diedLast(before.Id) ? withDeath(before) : { state: 'absent' };
  }

  function observe(container: Container): Observation {
    return observeContainer(container, { byHand: endedByHand === container.Id, ownPolicy: !takeover });
  }

  function diedLast(id: string): boolean {
    return lastDeath?.Actor.ID === id;
  }

  function withDeath(container: Container): Observation {
    if (lastDeath === null) return observe(container);
    const FinishedAt = new Date(lastDeath.timeNano / 1e6).toISOString();
    const ExitCode = Number(lastDeath.Actor.Attributes.exitCode ?? 0);
    return observe({ ...container, State: { ...container.State, Status: 'exited', ExitCode, FinishedAt } });
  }

  function hear({ Action, Actor, ...event }: ContainerEvent): void {
    const { name = '', oldName = '', signal = '', ...labels } = Actor.Attributes;
    const names = [name, oldName, Actor.ID];
    if (Actor.ID !== known?.Id && !isMeant(ref, names, labels)) return;
    if (Action === 'kill') {
      if (!held && isEnding(signal)) endedByHand = Actor.ID;
      return;
    }
    if (Action === 'start') endedByHand = '';
    if (Action === 'die') lastDeath = { Action, Actor, ...event };
    refresh();
  }

  /** By number, as events have it, or by name; also the container's own STOPSIGNAL. */
  function isEnding(signal: string): boolean {
    const own = known?.Config.StopSignal ?? '';
    return endings.includes(signalNumber(signal)) || (own !== '' && signalNumber(own) === signalNumber(signal));
  }

  function refresh(): void {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    lookAgain = false;
    const before = known;
    void look().then(({ seen }) => {
      looking = false;
      news(before, seen);
      if (lookAgain) refresh();
    });
  }

  function news(before: Container | null, seen: Observation): void {
    if (held || unwatch === null) return;
    // The engine was quicker with the next start than we with the question.
    const missed = before?.State.Status === 'running' && diedLast(before.Id) && seen.state === 'running';
    if (missed && runOf(before).id !== seen.run.id) tellOnce(endBetween(before));
    tellOnce(seen);
  }

  function endBetween(before: Container): Observation {
    const end = withDeath(before);
    return end.state === 'exited' && !takeover && hasPolicy(before) ? { ...end, fate: 'restarts' } : end;
  }

  function tellOnce(seen: Observation): void {
    if (newsKey(seen) === told) return;
    answered(seen);
    tell(seen);
  }

  /** Somebody has got this as an answer: it is no news any more. */
  function answered(seen: Observation): void {
    told = newsKey(seen);
  }

  function watch(): void {
    unwatch ??= events.watch({
      event: hear,
      lost() {
        // The end that the engine gave it was its own end's doing.
        if (lastDeath !== null && clock() - lastDeath.timeNano / 1e6 < shutdownMs) endedByHand = '';
      },
      refresh,
      away: ({ reason }) => {
        if (!held) tellOnce({ state: 'unknown', reason });
      },
      surprised(listed) {
        const mine = listed.filter(
          (each) => each.Id === known?.Id || isMeant(ref, [...each.Names, each.Id], each.Labels),
        );
        if (known === null) return mine.length > 0 && told === 'absent';
        return !mine.some((each) => each.Id === known?.Id && each.State === known.State.Status);
      },
    });
  }

  return {
    look,
    watch,
    answered,
    /** How the container ended by the engine's word; null where that was not heard. */
    deathOf(container: Container) {
      const code = diedLast(container.Id) ? lastDeath?.Actor.Attributes.exitCode : undefined;
      return code === undefined ? null : exitOfStatus(Number(code));
    },
    hold(): void {
      held = true;
    },
    /** What has happened meanwhile is told after the answer that is on its way. */
    release(): void {
      held = false;
      setImmediate(() => {
        if (!held && unwatch !== null) refresh();
      });
    },
    close(): void {
      if (restarting !== null) clearTimeout(restarting);
      unwatch?.();
      unwatch = null;
    },
  };
}

function signalNumber(signal: string): number {
  if (/^\d+$/.test(signal)) return Number(signal);
  const name = signal.toUpperCase().replace(/^(SIG)?/, 'SIG');
  return Object.entries(constants.signals).find(([each]) => each === name)?.[1] ?? -1;
}

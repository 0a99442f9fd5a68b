import { createConcurrentSink, createRunner, createSource } from '@grammyjs/runner';
import type { Api } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { Reason } from '../core/reason.ts';
import { reason } from '../core/reason.ts';
import type { TelegramView } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';
import { createBackoff, pause, within } from './backoff.ts';
import { classify, type Failure, reasonOf } from './errors.ts';
import type { Timing } from './timing.ts';

/** What the bot reacts to; Telegram sends nothing else. */
const wanted = ['message', 'callback_query', 'my_chat_member'] as const;

export interface PollingOptions {
  /** Its request timeout must be above the long poll. No transformer that retries may sit on it. */
  readonly api: Api;
  readonly timing: Timing;
  readonly clock: () => number;
  readonly log: Logger;
  /** Handles one update; what it throws goes to `onError`. */
  handle(update: Update): Promise<void>;
  onError(error: unknown): void | Promise<void>;
  /** Telegram said who we are; before the first update. */
  onContact(me: UserFromGetMe): void;
  onState(view: Pick<TelegramView, 'state' | 'reason'>): void;
  /** Polling stood still and is built again, for the `times`-th time in a row without one completed poll. */
  onStall(times: number): void;
}

export interface Polling {
  start(): void;
  readonly firstContact: Promise<'ok' | 'unauthorized'>;
  /** The transport was told that the token is refused. */
  unauthorized(): void;
  lastPollAt(): number | null;
  /** Ends polling; resolves when the last poll and the last handler are done, however long that takes. */
  stop(): Promise<void>;
}

/**
 * Hears Telegram for as long as the process lives, through whatever the network does. grammY's runner delivers the
 * updates; everything that may fail is decided here, so that nothing retries behind our back: the runner is given a
 * source that fails at the first error, and is built again after a wait that fits the failure.
 */
export function createPolling(options: PollingOptions): Polling {
  const { api, timing, clock, log } = options;
  const stopping = new AbortController();
  const handling = new Set<Promise<void>>();
  const network = createBackoff(timing.retryNetwork);
  const boot = createBackoff(timing.retryBoot);
  const conflict = createBackoff(timing.retryConflict);
  let greeted = false;
  let webhookInTheWay = false;
  let offset = 0;
  let lastPoll: number | null = null;
  let stalls = 0;
  let state: TelegramView['state'] = 'connecting';
  let said: string | null = null;
  let running: Promise<void> | null = null;
  let letGo: () => void = () => undefined;
  let tellFirstContact: (answer: 'ok' | 'unauthorized') => void = () => undefined;
  const firstContact = new Promise<'ok' | 'unauthorized'>((resolve) => {
    tellFirstContact = resolve;
  });

  function enter(next: TelegramView['state'], why: Reason | null): void {
    const saying = JSON.stringify([next, why]);
    if (saying === said || state === 'off') return;
    const changed = next !== state;
    state = next;
    said = saying;
    if (changed) logState(log, next, why);
    options.onState({ state: next, reason: why });
  }

  /** Says what the failure means, and gives how long (ms) to wait. */
  function failed(error: unknown): number {
    const failure: Failure | null = classify(error);
    if (error instanceof Stall) {
      stalls += 1;
      log.warn({ times: stalls }, 'no poll completed for too long; polling is built again');
      options.onStall(stalls);
      enter('unreachable', reason('telegram-stalled', { seconds: timing.stall / 1000 }));
      return network.next();
    }
    if (failure === null) {
      log.error({ err: error }, 'polling failed in a way nobody thought of');
      enter('unreachable', reason('telegram-no-answer', { detail: 'internal error' }));
      return network.next();
    }
    const why = reasonOf(failure);
    log.debug({ reason: why }, 'no updates from Telegram');
    switch (failure.kind) {
      case 'flood':
        enter('unreachable', why);
        return failure.after * 1000;
      case 'unauthorized':
        tellFirstContact('unauthorized');
        enter('unauthorized', why);
        return timing.retryUnauthorized;
      case 'conflict':
        webhookInTheWay = failure.webhook;
        enter('conflict', why);
        return conflict.next();
      default:
        enter('unreachable', why);
        return greeted ? network.next() : boot.next();
    }
  }

  /** What it gives, or null as soon as the bot stops. One thing at a time is waited for. */
  function untilStop<T>(work: Promise<T>): Promise<T | null> {
    const stopped = new Promise<null>((resolve) => {
      letGo = () => resolve(null);
    });
    return Promise.race([work, stopped]);
  }

  /** Until it works or the bot stops; null: stopped. */
  async function insist<T>(call: () => Promise<T>): Promise<T | null> {
    while (!stopping.signal.aborted) {
      try {
        return await untilStop(call());
      } catch (error) {
        await pause(failed(error), stopping.signal);
      }
    }
    return null;
  }

  async function live(): Promise<void> {
    const me = await insist(() => api.getMe());
    if (me === null) return;
    greeted = true;
    tellFirstContact('ok');
    options.onContact(me);
    // A press of yesterday must not restart anything today.
    await insist(() => api.deleteWebhook({ drop_pending_updates: true }));
    while (!stopping.signal.aborted) {
      const error = await pollUntilFailure();
      if (stopping.signal.aborted) return;
      await pause(failed(error), stopping.signal);
      if (webhookInTheWay) {
        await insist(() => api.deleteWebhook());
        webhookInTheWay = false;
      }
    }
  }

  /** One runner's life. Resolves with what ended it. */
  async function pollUntilFailure(): Promise<unknown> {
    // An answer at once tells that all is well; only after that the long poll.
    let proven = 0;
    let current = true;
    let progress = () => {};

    const source = createSource<Update>({
      async supply(batch, signal) {
        const updates = await api.getUpdates(
          {
            offset,
            limit: Math.max(1, Math.min(100, batch)),
            timeout: proven === 0 ? 0 : Math.floor(timing.longPoll / 1000),
            allowed_updates: wanted,
          },
          signal,
        );
        // A poller that was left behind must not deliver what its successor gets as well.
        if (!current) throw new Error('superseded');
        const last = updates.at(-1);
        if (last) offset = last.update_id + 1;
        lastPoll = clock();
        proven++;
        progress();
        heard(proven);
        return updates;
      },
    });
    const sink = createConcurrentSink<Update>({ consume: track }, async (error) => options.onError(error));
    const runner = createRunner(source, sink);
    const stalled = new Promise<unknown>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const arm = () => {
        clearTimeout(timer);
        if (current) timer = setTimeout(() => resolve(new Stall()), timing.stall);
      };
      progress = arm;
      arm();
    });

    runner.start();
    const ended = Promise.resolve(runner.task()).then(
      () => null,
      (error: unknown) => error,
    );
    const outcome = await untilStop(Promise.race([ended, stalled]));
    current = false;
    progress();
    if (runner.isRunning() && !(await within(timing.stopGrace, Promise.resolve(runner.stop()))))
      log.warn('a poller did not end and was left behind');
    return outcome;
  }

  /** After a conflict only a whole long poll proves that nobody else polls. */
  function heard(proven: number): void {
    network.reset();
    boot.reset();
    stalls = 0;
    if (state === 'conflict' && proven < 2) return;
    conflict.reset();
    enter('polling', null);
  }

  function track(update: Update): Promise<void> {
    const handled = options.handle(update);
    const done = handled.catch(() => undefined).then(() => void handling.delete(done));
    handling.add(done);
    return handled;
  }

  async function handlersDone(): Promise<void> {
    while (handling.size > 0) await Promise.all(handling);
  }

  return {
    firstContact,
    lastPollAt: () => lastPoll,
    unauthorized: () => enter('unauthorized', reason('telegram-unauthorized')),
    start() {
      running ??= live().catch((error: unknown) => log.error({ err: error }, 'polling ended'));
    },
    async stop() {
      stopping.abort();
      letGo();
      await running;
      await handlersDone();
      enter('off', null);
    },
  };
}

/** No poll completed for too long, and nothing said why. */
class Stall extends Error {}

function logState(log: Logger, state: TelegramView['state'], why: Reason | null): void {
  const said = { state, reason: why };
  switch (state) {
    case 'polling':
      log.info(said, 'Telegram is heard');
      return;
    case 'conflict':
      log.error(said, "another program polls with this bot's token: stop it, or give the manager a bot of its own");
      return;
    case 'unauthorized':
      log.error(said, "Telegram refuses the bot's token: take a valid one from @BotFather");
      return;
    case 'unreachable':
      log.warn(said, 'Telegram is out of reach; supervision goes on, alerts wait');
      return;
    case 'connecting':
    case 'off':
      log.debug(said, 'Telegram');
  }
}

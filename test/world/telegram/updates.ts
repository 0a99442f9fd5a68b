import { ApiError } from './api-error.ts';

/** An update as delivered: its id and exactly one payload. */
export interface Update {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

export interface PollRequest {
  readonly offset: number;
  readonly limit: number;
  /** Seconds, 0..50. */
  readonly timeout: number;
}

interface WaitingPoll {
  readonly limit: number;
  readonly end: (outcome: Update[] | ApiError) => void;
}

/** What the server says to the poll that was there first. */
const otherPoll = 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';
const webhookActive =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
/** Conflicts after the first are told this late (ms), so that two bots do not race in a hot loop. */
const conflictPause = 3000;
/** Sent to a bot that never said what it wants: everything but these. */
const onlyOnRequest = new Set(['chat_member', 'message_reaction', 'message_reaction_count']);

/** The bot's queue: updates wait here until a later offset confirms them. Real time throughout. */
export class Updates {
  /** Far from 0, so that a bot that counts by itself fails. */
  #nextId = 801_204_113;
  #queue: Update[] = [];
  #allowed: ReadonlySet<string> | null = null;
  #waiting: WaitingPoll | null = null;
  #webhook = '';
  #nextConflictAt = 0;
  #last = { offset: Number.NaN, at: 0 };
  #inFlight = 0;
  readonly #onChange: () => void;

  /** `onChange` is called whenever something is queued or confirmed, and when a long poll starts or ends to wait. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Long polls that wait at this moment, those told to hang not among them. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Updates not yet confirmed. */
  get pending(): readonly Update[] {
    return this.#queue;
  }

  get webhook(): string {
    return this.#webhook;
  }

  /** Queues an update of `kind`, unless the bot does not want that kind. */
  push(kind: string, payload: unknown): void {
    const wanted = this.#allowed ? this.#allowed.has(kind) : !onlyOnRequest.has(kind);
    if (!wanted) return;
    this.#queue.push({ update_id: this.#nextId++, [kind]: payload });
    const poll = this.#waiting;
    if (poll) poll.end(this.#queue.slice(0, poll.limit));
    this.#onChange();
  }

  /** An empty list means the default again; undefined keeps what was said before. */
  allow(kinds: readonly string[] | undefined): void {
    if (kinds) this.#allowed = kinds.length === 0 ? null : new Set(kinds);
  }

  /** Answers at once when something waits; else holds until something comes, time is up, or another poll comes. */
  poll(request: PollRequest, gone: AbortSignal): Promise<Update[]> {
    if (this.#webhook !== '') return this.#conflict(webhookActive);
    let { limit, timeout } = request;
    const now = Date.now();
    // The server's brakes for a bot that asks again and again: see process_get_updates_query in telegram-bot-api.
    if (request.offset === this.#last.offset && timeout < 3 && now < this.#last.at + 3000) timeout = 3;
    if (request.offset === this.#last.offset && now < this.#last.at + 500) limit = 1;
    this.#last = { offset: request.offset, at: now };

    this.#confirm(request.offset);
    if (this.#queue.length > 0 || timeout === 0) return Promise.resolve(this.#queue.slice(0, limit));

    this.#endWaiting(otherPoll);
    return this.#hold(limit, timeout, gone);
  }

  #confirm(offset: number): void {
    const before = this.#queue.length;
    if (offset < 0) this.#queue = this.#queue.slice(offset);
    else if (offset > 0) this.#queue = this.#queue.filter((update) => update.update_id >= offset);
    if (this.#queue.length !== before) this.#onChange();
  }

  setWebhook(url: string): void {
    if (url !== '') this.#endWaiting('Conflict: terminated by setWebhook request');
    this.#webhook = url;
  }

  drop(): void {
    this.#queue = [];
  }

  #hold(limit: number, seconds: number, gone: AbortSignal): Promise<Update[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => poll.end([]), seconds * 1000);
      const leave = (): void => poll.end([]);
      let over = false;
      const poll: WaitingPoll = {
        limit,
        end: (outcome) => {
          if (over) return;
          over = true;
          clearTimeout(timer);
          gone.removeEventListener('abort', leave);
          if (this.#waiting === poll) this.#waiting = null;
          this.#count(-1);
          if (outcome instanceof ApiError) reject(outcome);
          else resolve(outcome);
        },
      };
      gone.addEventListener('abort', leave);
      this.#waiting = poll;
      this.#count(1);
    });
  }

  #count(change: 1 | -1): void {
    this.#inFlight += change;
    this.#onChange();
  }

  #endWaiting(description: string): void {
    const poll = this.#waiting;
    if (!poll) return;
    this.#waiting = null;
    this.#pace(() => poll.end(new ApiError(409, description)));
  }

  #conflict(description: string): Promise<never> {
    return new Promise((_, reject) => this.#pace(() => reject(new ApiError(409, description))));
  }

  #pace(tell: () => void): void {
    const now = Date.now();
    if (now >= this.#nextConflictAt) {
      this.#nextConflictAt = now + conflictPause;
      tell();
    } else {
      setTimeout(tell, conflictPause).unref();
    }
  }
}

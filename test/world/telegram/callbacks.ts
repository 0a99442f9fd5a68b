import { badRequest } from './api-error.ts';

/** What the person who pressed gets to see. */
export interface CallbackAnswer {
  readonly text: string;
  readonly show_alert: boolean;
  readonly url: string;
}

interface OpenQuery {
  readonly askedAt: number;
  readonly tell: (answer: CallbackAnswer | null) => void;
  readonly timer: NodeJS.Timeout;
}

/** The server's limit for the text of an answer, in code points. */
const maxAnswer = 200;
const expired = 'query is too old and response timeout expired or query ID is invalid';

/** Presses that wait for their answer. */
export class Callbacks {
  readonly #open = new Map<string, OpenQuery>();
  readonly #now: () => number;
  readonly #lifetime: number;
  #next = 4_382_071_900_000_000_000n;

  /** `lifetime` in ms, by the world's clock. */
  constructor(now: () => number, lifetime: number) {
    this.#now = now;
    this.#lifetime = lifetime;
  }

  /** A press: its query id, and what the client will show (null: the spinner just stops, nobody answered). */
  open(): { id: string; answer: Promise<CallbackAnswer | null> } {
    this.#next += 1_000_003n;
    const id = String(this.#next);
    const answer = new Promise<CallbackAnswer | null>((tell) => {
      const timer = setTimeout(() => tell(null), this.#lifetime);
      timer.unref();
      this.#open.set(id, { askedAt: this.#now(), tell, timer });
    });
    return { id, answer };
  }

  answer(id: string, answer: CallbackAnswer): void {
    const query = this.#open.get(id);
    if (!query || this.#now() - query.askedAt > this.#lifetime) throw badRequest(expired);
    if ([...answer.text].length > maxAnswer) throw badRequest('MESSAGE_TOO_LONG');
    // A second answer is accepted and shown to nobody.
    clearTimeout(query.timer);
    query.tell(answer);
  }

  /** Stops every spinner. */
  close(): void {
    for (const query of this.#open.values()) {
      clearTimeout(query.timer);
      query.tell(null);
    }
    this.#open.clear();
  }
}

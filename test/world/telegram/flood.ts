import { tooManyRequests } from './api-error.ts';

/** One bucket: `perSecond` flows in, `burst` fits. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Limits {
  readonly privateChat: Rate;
  readonly group: Rate;
  readonly groupEdits: Rate;
  readonly overall: Rate;
}

/** The Bot FAQ's guidance ("~1 per second and chat with bursts, 20 per minute and group, ~30 per second in all"). */
export const realLimits: Limits = {
  privateChat: { perSecond: 1, burst: 20 },
  group: { perSecond: 20 / 60, burst: 20 },
  groupEdits: { perSecond: 20 / 60, burst: 20 },
  overall: { perSecond: 30, burst: 30 },
};

/** Token buckets in front of everything that puts or changes a message. */
export class Flood {
  readonly #limits: Limits | null;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { level: number; at: number }>();

  constructor(limits: Limits | null, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes one from each bucket that applies, or refuses with the time until all of them have one. */
  pass(chatId: number, what: 'send' | 'edit'): void {
    if (!this.#limits) return;
    const { privateChat, group, groupEdits, overall } = this.#limits;
    const buckets: [string, Rate][] = [['overall', overall]];
    if (chatId < 0) buckets.push([`${what} ${chatId}`, what === 'send' ? group : groupEdits]);
    else if (what === 'send') buckets.push([`send ${chatId}`, privateChat]);

    const levels = buckets.map(([name, rate]) => ({ rate, bucket: this.#filled(name, rate) }));
    const wait = Math.max(...levels.map(({ rate, bucket }) => (1 - bucket.level) / rate.perSecond));
    if (wait > 0) throw tooManyRequests(Math.ceil(wait));
    for (const { bucket } of levels) bucket.level -= 1;
  }

  #filled(name: string, rate: Rate): { level: number; at: number } {
    const now = this.#now();
    const bucket = this.#buckets.get(name) ?? { level: rate.burst, at: now };
    bucket.level = Math.min(rate.burst, bucket.level + ((now - bucket.at) / 1000) * rate.perSecond);
    bucket.at = now;
    this.#buckets.set(name, bucket);
    return bucket;
  }
}

import { canEdit } from './channel.ts';

/**
 * How fast a chat may be written to. Telegram's own limits are unspecified; its FAQ names about 1 message a second per
 * chat with short bursts, 20 a minute in a group, 30 a second over all. We stay below, so that 429 is the exception.
 */
const PRIVATE = { burst: 5, perSecond: 1 };
const GROUP = { burst: 3, perSecond: 20 / 60 };
const ALL = { burst: 25, perSecond: 25 };
/** Mail and webhooks: nothing there can be edited, so what comes together has to go together. */
const OTHER = { burst: 2, perSecond: 1 / 30 };

interface Bucket {
  tokens: number;
  at: number;
}

/** Tokens for calls: `wait` says how long (ms) until the next one may go, `take` spends them. */
export function createPace() {
  const buckets = new Map<string, Bucket>();
  const all: Bucket = { tokens: ALL.burst, at: 0 };

  function fill(bucket: Bucket, rate: { burst: number; perSecond: number }, now: number): void {
    bucket.tokens = Math.min(rate.burst, bucket.tokens + ((now - bucket.at) / 1000) * rate.perSecond);
    bucket.at = now;
  }

  function bucketOf(chat: string): { bucket: Bucket; rate: typeof PRIVATE } {
    // Telegram's ids of groups and channels are negative.
    const telegram = chat.startsWith('-') ? GROUP : PRIVATE;
    const rate = canEdit(chat) ? telegram : OTHER;
    const bucket = buckets.get(chat) ?? { tokens: rate.burst, at: 0 };
    buckets.set(chat, bucket);
    return { bucket, rate };
  }

  return {
    wait(chat: string, now: number): number {
      const { bucket, rate } = bucketOf(chat);
      fill(bucket, rate, now);
      fill(all, ALL, now);
      const own = bucket.tokens >= 1 ? 0 : ((1 - bucket.tokens) / rate.perSecond) * 1000;
      if (!canEdit(chat)) return Math.ceil(own);
      const common = all.tokens >= 1 ? 0 : ((1 - all.tokens) / ALL.perSecond) * 1000;
      return Math.ceil(Math.max(own, common));
    },
    take(chat: string, now: number): void {
      const { bucket, rate } = bucketOf(chat);
      fill(bucket, rate, now);
      fill(all, ALL, now);
      bucket.tokens -= 1;
      if (canEdit(chat)) all.tokens -= 1;
    },
  };
}

export type Pace = ReturnType<typeof createPace>;

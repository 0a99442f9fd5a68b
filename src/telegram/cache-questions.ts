import { randomBytes } from 'node:crypto';

/** Patterns that were offered to be cleared: a pattern is too long for a button. */
export interface Offer {
  readonly store: string;
  readonly patterns: readonly string[];
}

/** More are kept by no team; the oldest go first. */
const most = 100;

/** What was offered and what goes on about clearing caches; in memory, as are all questions. */
export function createCacheQuestions() {
  const offers = new Map<string, Offer>();
  const runs = new Map<string, AbortController>();

  return {
    offer(offer: Offer): string {
      const nonce = newNonce();
      offers.set(nonce, offer);
      for (const old of [...offers.keys()].slice(0, -most)) offers.delete(old);
      return nonce;
    },
    offered: (nonce: string): Offer | null => offers.get(nonce) ?? null,
    /** Something that takes long begins; Stop knows it by its nonce. */
    begin(): { readonly run: string; readonly signal: AbortSignal; end(): void } {
      const run = newNonce();
      const controller = new AbortController();
      runs.set(run, controller);
      return { run, signal: controller.signal, end: () => void runs.delete(run) };
    },
    /** False: it is over already. */
    stop(run: string): boolean {
      const controller = runs.get(run);
      controller?.abort();
      return controller !== undefined;
    },
  };
}

export type CacheQuestions = ReturnType<typeof createCacheQuestions>;

function newNonce(): string {
  return randomBytes(6).toString('base64url');
}

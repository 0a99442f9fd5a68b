import { randomBytes } from 'node:crypto';
import type { CountedKeys } from '../core/stores.ts';
import { confirmationLife } from './confirmations.ts';
import type { Visitor } from './context.ts';

/** Patterns that were offered to be cleared: a pattern is too long for a button. */
export interface Offer {
  readonly store: string;
  readonly patterns: readonly string[];
}

export type CheckedCount =
  | { readonly answer: 'valid'; readonly counted: CountedKeys }
  | { readonly answer: 'foreign'; readonly owner: string }
  | { readonly answer: 'stale' };

/** More are kept by no team; the oldest go first. */
const most = 100;

/** What was offered, asked and begun about clearing caches; in memory, as are all questions. */
export function createCacheQuestions(clock: () => number) {
  const offers = new Map<string, Offer>();
  const open = new Map<string, { readonly counted: CountedKeys; readonly by: Visitor; readonly until: number }>();
  const runs = new Map<string, AbortController>();

  function keep<T>(into: Map<string, T>, key: string, value: T): string {
    into.set(key, value);
    for (const old of [...into.keys()].slice(0, -most)) into.delete(old);
    return key;
  }

  return {
    offer: (offer: Offer): string => keep(offers, newNonce(), offer),
    offered: (nonce: string): Offer | null => offers.get(nonce) ?? null,
    /** The question belongs to one person and dies after a minute. */
    ask: (counted: CountedKeys, by: Visitor): void =>
      void keep(open, counted.id, { counted, by, until: clock() + confirmationLife }),
    check(count: string, by: Visitor): CheckedCount {
      const question = open.get(count);
      if (question === undefined || clock() >= question.until) return { answer: 'stale' };
      if (question.by.id !== by.id) return { answer: 'foreign', owner: question.by.name };
      return { answer: 'valid', counted: question.counted };
    },
    close: (count: string): void => void open.delete(count),
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

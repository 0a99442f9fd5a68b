import { connect } from 'node:net';
import type { CheckResult } from '../core/health.ts';
import { type Anchor, foldLink, isDown, type Link, newLink, ownLinkDown } from '../core/link.ts';
import type { Check } from './check.ts';
import { opened } from './connect.ts';

export interface LinkOptions {
  /** None: the link is never thought to be down. */
  readonly anchors: readonly Anchor[];
  /** When an anchor last answered an earlier manager, epoch ms. */
  readonly memory: { load(): number | null; save(answeredAt: number): void };
  readonly clock: () => number;
}

/** An anchor answers within this or not at all, ms. */
const DEADLINE_MS = 3000;
/** A round is believed for so long, ms: with an answer for a moment only, since it may have broken since. */
const FRESH_MS = { answered: 1000, silent: 5000 };
/** A check that takes longer than this (ms) is likely to fail: the anchors are asked before its deadline. */
const SUSPICIOUS_MS = 2000;
/** What is proven once need not be written down each time, ms. */
const SAVE_EVERY_MS = 24 * 3600_000;

/** Asks anchors only when there is a reason to: a remote check that fails. */
export function createLink({ anchors, memory, clock }: LinkOptions): Link {
  let record = newLink(memory.load());
  let saved = record.answeredAt;
  let round: Promise<boolean> | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<boolean> {
    const answered = await anyAnswers(anchors);
    const now = clock();
    record = foldLink(record, answered, now);
    if (answered && (saved === null || now - saved > SAVE_EVERY_MS)) {
      saved = now;
      memory.save(now);
    }
    askedAt = now;
    round = null;
    return isDown(record);
  }

  return {
    isDown() {
      if (anchors.length === 0) return Promise.resolve(false);
      const fresh = FRESH_MS[record.silent === 0 ? 'answered' : 'silent'];
      if (round === null && Math.abs(clock() - askedAt) < fresh) return Promise.resolve(isDown(record));
      round ??= ask();
      return round;
    },
    view: () => record,
  };
}

/** Whether at least one takes a connection. Nothing is sent. */
async function anyAnswers(anchors: readonly Anchor[]): Promise<boolean> {
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const tries = anchors.map(async (anchor) => {
    const socket = connect(anchor);
    await opened(socket, 'connect', signal);
    socket.destroy();
  });
  try {
    await Promise.any(tries);
    return true;
  } catch {
    return false;
  } finally {
    controller.abort();
    await Promise.allSettled(tries);
  }
}

/** A check of something beyond this host: what it could not reach while the host has no network is not known to be bad. */
export function behindLink<T extends Check>(check: T, link: Link, isRemote: () => boolean = () => true): T {
  return {
    ...check,
    async run(context) {
      if (!isRemote()) return check.run(context);
      let looking: Promise<boolean> | null = null;
      const early = setTimeout(() => {
        looking = link.isDown();
      }, SUSPICIOUS_MS);
      let result: CheckResult;
      try {
        result = await check.run(context);
      } finally {
        clearTimeout(early);
      }
      // What all panels are together is remembered, not asked now.
      const remembered = check.kind === 'panel' && isDown(link.view());
      const failed = result.verdict === 'unhealthy' || result.verdict === 'unknown';
      if (!remembered && !failed) return result;
      if (!remembered && !(await (looking ?? link.isDown()))) return result;
      return { verdict: 'unknown', reason: ownLinkDown, metrics: [] };
    },
  };
}

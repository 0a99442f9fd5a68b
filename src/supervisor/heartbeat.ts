import type { Logger } from 'pino';
import * as z from 'zod';

/** What the decision rests on. */
export interface HeartbeatView {
  readonly now: number;
  /** Epoch ms of the last ping, whatever came of it; null: none yet. */
  readonly pingedAt: number | null;
  readonly loopsTurn: boolean;
  /** Ms by which the latest check is overdue. */
  readonly checksLate: number;
}

export const HEARTBEAT_EVERY_MS = 60_000;
/** Checks may be late by so much (ms): a machine under load is not dead. */
export const CHECKS_LATE_MS = 60_000;
const TIMEOUT_MS = 10_000;

/** Whether to say "all is well" now: silence is the alarm, so nothing is said unless it is true. */
export function heartbeatDue({ now, pingedAt, loopsTurn, checksLate }: HeartbeatView): boolean {
  if (!loopsTurn || checksLate > CHECKS_LATE_MS) return false;
  return pingedAt === null || now - pingedAt >= HEARTBEAT_EVERY_MS;
}

export interface HeartbeatOptions {
  /** Secret. */
  readonly url: string;
  readonly view: () => Pick<HeartbeatView, 'loopsTurn' | 'checksLate'>;
  readonly clock: () => number;
  readonly log: Logger;
}

const causeSchema = z.object({ cause: z.object({ code: z.string() }) });

/** The dead man's switch: calls an address each minute while supervision works. */
export function createHeartbeat({ url, view, clock, log }: HeartbeatOptions) {
  let pingedAt: number | null = null;
  let failing = false;

  async function ping(): Promise<void> {
    const why = await call(url);
    // Said once: the service behind the address has its own way to say that it misses us.
    if (why !== null && !failing) log.warn({ why }, 'the heartbeat was not taken');
    if (why === null && failing) log.info('the heartbeat is taken again');
    failing = why !== null;
  }

  return {
    tick(): void {
      const now = clock();
      if (!heartbeatDue({ now, pingedAt, ...view() })) return;
      pingedAt = now;
      ping().catch((error: unknown) => log.error({ err: error }, 'the heartbeat failed'));
    },
  };
}

/** Null when taken, else why not; the address stays out of it. */
async function call(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok ? null : `status ${response.status}`;
  } catch (error) {
    return causeSchema.safeParse(error).data?.cause.code ?? 'no answer';
  }
}

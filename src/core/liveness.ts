import type { TelegramView } from './snapshot.ts';

/** Whether the manager itself works; what `/healthz` answers from. */
export interface Liveness {
  readonly ok: boolean;
  readonly version: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Loops that did not turn in time, and for how long (ms) they have been silent. Empty when all is well. */
  readonly stalled: readonly { readonly loop: string; readonly silentFor: number }[];
  /** Telegram away is said, but does not make the manager unhealthy: supervision goes on without it. */
  readonly telegram: TelegramView['state'];
}

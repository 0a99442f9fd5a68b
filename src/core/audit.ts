import type { Reason } from './reason.ts';
import type { Actor } from './snapshot.ts';

/** One thing that somebody did or wanted to do. */
export interface AuditEntry {
  /** Epoch ms. */
  readonly at: number;
  readonly by: Actor;
  readonly action: string;
  readonly service: string | null;
  /** Why it was refused or did not work; null: done. */
  readonly refused: Reason | null;
  /** What exactly was done, where the action alone does not say it. */
  readonly note: Reason | null;
}

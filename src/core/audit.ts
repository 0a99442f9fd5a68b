import type { Reason } from './reason.ts';
import type { Actor } from './snapshot.ts';

/** What was done, and to what of the service: `panel-reconnect-node:DE-1` is a node that was reconnected. */
export function partsOfAction(action: string): { readonly word: string; readonly what: string | null } {
  const cut = action.indexOf(':');
  return cut < 0 ? { word: action, what: null } : { word: action.slice(0, cut), what: action.slice(cut + 1) };
}

/** One thing that somebody did or wanted to do. */
export interface AuditEntry {
  /** Epoch ms. */
  readonly at: number;
  readonly by: Actor;
  /** See {@link partsOfAction}. */
  readonly action: string;
  readonly service: string | null;
  /** Why it was refused or did not work; null: done. */
  readonly refused: Reason | null;
  /** What exactly was done, where the action alone does not say it. */
  readonly note: Reason | null;
}

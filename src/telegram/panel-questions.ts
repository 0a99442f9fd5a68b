import { randomBytes } from 'node:crypto';
import type { PanelUser } from '../core/panel.ts';
import type { PanelAction, UserChange } from '../core/panel-control.ts';
import { confirmationLife } from './confirmations.ts';
import type { Visitor } from './context.ts';

/** Something to be done at a panel. */
export type Order =
  | { readonly panel: string; readonly to: 'panel'; readonly action: PanelAction }
  | { readonly panel: string; readonly to: 'user'; readonly user: PanelUser; readonly change: UserChange };

/** A user of a panel that somebody looked for: a name is too long for a button. */
export interface Found {
  readonly panel: string;
  readonly user: PanelUser;
}

export type Checked =
  | { readonly answer: 'valid'; readonly order: Order }
  | { readonly answer: 'foreign'; readonly owner: string }
  | { readonly answer: 'stale' };

/** More is kept by no team; the oldest go first. */
const most = 200;

/** Questions about panels that wait for a Yes, and the users that were found; in memory, as are all questions. */
export function createPanelQuestions(clock: () => number) {
  const open = new Map<string, { readonly order: Order; readonly by: Visitor; readonly until: number }>();
  const found = new Map<string, Found>();

  function keep<T>(into: Map<string, T>, value: T): string {
    const nonce = randomBytes(6).toString('base64url');
    into.set(nonce, value);
    for (const old of [...into.keys()].slice(0, -most)) into.delete(old);
    return nonce;
  }

  return {
    /** The question belongs to one person and dies after a minute. */
    ask: (order: Order, by: Visitor): string => keep(open, { order, by, until: clock() + confirmationLife }),
    check(nonce: string, by: Visitor): Checked {
      const question = open.get(nonce);
      if (question === undefined || clock() >= question.until) return { answer: 'stale' };
      if (question.by.id !== by.id) return { answer: 'foreign', owner: question.by.name };
      return { answer: 'valid', order: question.order };
    },
    close: (nonce: string): void => void open.delete(nonce),
    remember: (user: Found): string => keep(found, user),
    recall: (nonce: string): Found | null => found.get(nonce) ?? null,
  };
}

export type PanelQuestions = ReturnType<typeof createPanelQuestions>;

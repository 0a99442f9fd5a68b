import { randomBytes } from 'node:crypto';
import type { Needs, Verb } from '../core/snapshot.ts';
import type { Visitor } from './context.ts';

/** A question dies after this long (ms): what was meant a minute ago may not be meant now. */
export const confirmationLife = 60_000;

/** More open questions than any team asks; the oldest go first. */
const mostOpen = 100;

export interface Question {
  readonly nonce: string;
  readonly service: string;
  readonly verb: Verb;
  /** What a plain Yes means where something that the service needs is down. */
  readonly needs: Needs;
  readonly by: Visitor;
  /** Epoch ms. */
  readonly until: number;
}

/** What an answer to a question is worth. */
export type Answer =
  | { readonly answer: 'valid'; readonly question: Question }
  | { readonly answer: 'foreign'; readonly owner: string }
  | { readonly answer: 'stale' };

export interface Confirmations {
  /** Asks; the nonce goes into the buttons. */
  ask(service: string, verb: Verb, needs: Needs, by: Visitor): Question;
  /** Whether this person may answer this question now. Does not use it up. */
  check(nonce: string, service: string, by: Visitor): Answer;
  /** The question is answered: nobody can answer it again. */
  close(nonce: string): void;
}

/** Open questions, in memory: one that a restart of the manager forgets is stale, which is what it should be. */
export function createConfirmations(clock: () => number): Confirmations {
  const open = new Map<string, Question>();

  return {
    ask(service, verb, needs, by) {
      const question = {
        nonce: randomBytes(6).toString('base64url'),
        service,
        verb,
        needs,
        by,
        until: clock() + confirmationLife,
      };
      open.set(question.nonce, question);
      for (const nonce of [...open.keys()].slice(0, -mostOpen)) open.delete(nonce);
      return question;
    },
    check(nonce, service, by) {
      const question = open.get(nonce);
      if (question === undefined || question.service !== service) return { answer: 'stale' };
      if (question.by.id !== by.id) return { answer: 'foreign', owner: question.by.name };
      if (clock() >= question.until) {
        open.delete(nonce);
        return { answer: 'stale' };
      }
      return { answer: 'valid', question };
    },
    close: (nonce) => void open.delete(nonce),
  };
}

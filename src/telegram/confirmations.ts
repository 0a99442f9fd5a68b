import { randomBytes } from 'node:crypto';
import type { Visitor } from './context.ts';

/** A question dies after this long (ms): what was meant a minute ago may not be meant now. */
export const confirmationLife = 60_000;

/** More questions than any team asks in a minute; the oldest go first. */
const mostKept = 100;

export interface Question<Subject> {
  readonly nonce: string;
  /** What it is about. */
  readonly subject: Subject;
  readonly by: Visitor;
  /** Epoch ms. */
  readonly until: number;
}

/** What an answer to a question is worth. */
export type Answer<Subject> =
  | { readonly answer: 'valid'; readonly question: Question<Subject> }
  | { readonly answer: 'foreign'; readonly owner: string }
  /** Somebody was quicker, or pressed twice. */
  | { readonly answer: 'answered' }
  | { readonly answer: 'stale' };

export interface Confirmations<Subject> {
  /** Asks; the nonce goes into the buttons. */
  ask(subject: Subject, by: Visitor): Question<Subject>;
  /** Whether this person may answer this question now. Does not use it up. */
  check(nonce: string, by: Visitor): Answer<Subject>;
  /** The question is answered: nobody can answer it again. */
  close(nonce: string): void;
}

/** Open questions, in memory: one that a restart of the manager forgets is stale, which is what it should be. */
export function createConfirmations<Subject>(clock: () => number): Confirmations<Subject> {
  const asked = new Map<string, { readonly question: Question<Subject>; answered: boolean }>();

  return {
    ask(subject, by) {
      const nonce = randomBytes(6).toString('base64url');
      const question = { nonce, subject, by, until: clock() + confirmationLife };
      asked.set(nonce, { question, answered: false });
      for (const old of [...asked.keys()].slice(0, -mostKept)) asked.delete(old);
      return question;
    },
    check(nonce, by) {
      const found = asked.get(nonce);
      if (found === undefined) return { answer: 'stale' };
      const { question, answered } = found;
      if (question.by.id !== by.id) return { answer: 'foreign', owner: question.by.name };
      if (answered) return { answer: 'answered' };
      if (clock() >= question.until) return { answer: 'stale' };
      return { answer: 'valid', question };
    },
    close(nonce) {
      const found = asked.get(nonce);
      if (found !== undefined) found.answered = true;
    },
  };
}

import { t } from '../i18n.ts';
import { answer } from './answer.ts';
import type { Confirmations, Question } from './confirmations.ts';
import type { ChatContext } from './context.ts';

/**
 * The question, if this person may answer it now; else says why not, and null. `stale`: what is shown in place of a
 * dead one.
 */
export async function owned<Subject>(
  ctx: ChatContext,
  questions: Confirmations<Subject>,
  nonce: string,
  stale: () => Promise<void>,
): Promise<Question<Subject> | null> {
  const checked = questions.check(nonce, ctx.visitor);
  if (checked.answer === 'valid') return checked.question;
  if (checked.answer === 'foreign')
    await answer(ctx, t(ctx.language, 'chat-question-foreign', { owner: checked.owner }), true);
  // What is being done about it stands in its place already.
  else if ((await answer(ctx, t(ctx.language, 'chat-question-stale'))) && checked.answer === 'stale') await stale();
  return null;
}

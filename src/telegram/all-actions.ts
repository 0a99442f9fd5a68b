import { InlineKeyboard } from 'grammy';
import type { Verb } from '../core/snapshot.ts';
import { t } from '../i18n.ts';
import { answer } from './answer.ts';
import { encode } from './callback-data.ts';
import { createConfirmations } from './confirmations.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { classify, reasonOf } from './errors.ts';
import { mayAct } from './may-act.ts';
import { owned } from './owned.ts';
import { persist } from './persist.ts';
import { allProgress, allQuestion, allResult, concernedBy, type Ended } from './screens/all.ts';
import { keyOf, replace, type Show } from './screens/show.ts';

/** How often (ms) the message says how far it is: Telegram counts edits. */
const PROGRESS_EVERY_MS = 2000;

export interface AllActions {
  ask(ctx: ChatContext, verb: Verb): Promise<void>;
  confirm(ctx: ChatContext, nonce: string): Promise<void>;
  cancel(ctx: ChatContext, nonce: string): Promise<void>;
}

/** Start, stop, restart of all services at once: who may, the question before it, how far it is, how it went. */
export function createAllActions(desk: Desk, show: Show): AllActions {
  const questions = createConfirmations<Verb>(desk.clock);
  const showAll = (ctx: ChatContext) => show.here(ctx, { at: 'all' });

  async function ask(ctx: ChatContext, verb: Verb): Promise<void> {
    if (!(await mayAct(ctx, desk.log))) return;
    const concerned = concernedBy(desk.control.snapshot().services, verb);
    if (concerned.length === 0) {
      await answer(ctx, t(ctx.language, `chat-all-none-${verb}`), true);
      return;
    }
    if (!(await answer(ctx))) return;
    const { nonce, by } = questions.ask(verb, ctx.visitor);
    const buttons = new InlineKeyboard()
      .text(t(ctx.language, `button-all-yes-${verb}`), encode({ kind: 'all-yes', nonce }))
      .text(t(ctx.language, 'button-cancel'), encode({ kind: 'all-no', nonce }));
    await replace(ctx, null, allQuestion(ctx.language, verb, concerned, by.name), buttons);
  }

  const mine = (ctx: ChatContext, nonce: string) => owned(ctx, questions, nonce, () => showAll(ctx));

  async function confirm(ctx: ChatContext, nonce: string): Promise<void> {
    const question = await mine(ctx, nonce);
    if (question === null || !(await mayAct(ctx, desk.log)) || !(await answer(ctx))) return;
    questions.close(nonce);
    desk.jobs.run(
      carryOut(ctx, question.subject).catch((error: unknown) => {
        const failure = classify(error);
        const what = failure === null ? { err: error } : { reason: reasonOf(failure) };
        desk.log.error({ ...what, verb: question.subject }, 'the end of an operation on all services was not shown');
      }),
    );
  }

  async function cancel(ctx: ChatContext, nonce: string): Promise<void> {
    if ((await mine(ctx, nonce)) === null || !(await answer(ctx, t(ctx.language, 'chat-cancelled')))) return;
    questions.close(nonce);
    await showAll(ctx);
  }

  async function carryOut(ctx: ChatContext, verb: Verb): Promise<void> {
    const { language, visitor } = ctx;
    const key = keyOf(ctx);
    const begun = desk.clock();
    const total = concernedBy(desk.control.snapshot().services, verb).length;
    const ended: Ended[] = [];
    let shownAt = begun;
    /** That it is under way is worth a try; only how it ended is worth several. */
    const progress = () =>
      replace(ctx, key, allProgress(language, verb, Math.min(ended.length, total), total, visitor.name), null).catch(
        () => undefined,
      );
    // In turn, so that an older word never stands over a newer one.
    let told = progress();
    const by = { kind: 'telegram', id: String(visitor.id), name: visitor.name } as const;
    await desk.control.actAll(verb, by, (service, result) => {
      ended.push({ service, result });
      if (desk.clock() - shownAt < PROGRESS_EVERY_MS) return;
      shownAt = desk.clock();
      told = told.then(progress);
    });
    await told;
    const { services } = desk.control.snapshot();
    const how = { took: desk.clock() - begun, by: visitor.name };
    const buttons = new InlineKeyboard().text(t(language, 'button-menu'), encode({ kind: 'home' }));
    await persist(() => replace(ctx, key, allResult(language, verb, ended, services, how), buttons), desk.stopping);
  }

  return { ask, confirm, cancel };
}

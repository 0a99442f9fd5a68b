import type { ReloadChoices, ReloadPlan } from '../core/reload.ts';
import { may } from '../core/role.ts';
import { html, t } from '../i18n.ts';
import { answer } from './answer.ts';
import { createConfirmations } from './confirmations.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { classify, reasonOf } from './errors.ts';
import { owned } from './owned.ts';
import { persist } from './persist.ts';
import { mistakesScreen, nothingScreen, outcomeScreen, planScreen, type ReloadScreen } from './screens/reload.ts';
import { keyOf, replace, type Show } from './screens/show.ts';

export interface ReloadActions {
  /** Reads the configuration and shows what would change; changes nothing. */
  look(ctx: ChatContext): Promise<void>;
  /** Draws the question again with other choices. */
  choose(ctx: ChatContext, nonce: string, choices: ReloadChoices): Promise<void>;
  confirm(ctx: ChatContext, nonce: string, choices: ReloadChoices): Promise<void>;
  cancel(ctx: ChatContext, nonce: string): Promise<void>;
}

/** Reading the configuration again from the chat: for owners, shown first, then confirmed. */
export function createReloadActions(desk: Desk, show: Show): ReloadActions {
  const questions = createConfirmations<ReloadPlan>(desk.clock);
  const draw = (ctx: ChatContext, { text, buttons }: ReloadScreen) => replace(ctx, null, text, buttons);
  const leave = (ctx: ChatContext) => show.here(ctx, { at: 'settings' });

  async function mayOwn(ctx: ChatContext): Promise<boolean> {
    if (may(ctx.visitor.role, 'own')) return true;
    desk.log.info({ by: ctx.visitor }, 'refused: only an owner reloads the configuration');
    await answer(ctx, t(ctx.language, 'chat-reload-owners'), true);
    return false;
  }

  async function look(ctx: ChatContext): Promise<void> {
    if (!(await mayOwn(ctx)) || !(await answer(ctx))) return;
    const looked = desk.reload.look();
    if (!looked.ok) return await draw(ctx, mistakesScreen(ctx.language, looked.mistakes));
    const { plan } = looked;
    if (plan.services.length + plan.sections.length === 0)
      return await draw(ctx, nothingScreen(ctx.language, plan.warnings));
    const { nonce, by } = questions.ask(plan, ctx.visitor);
    await draw(ctx, planScreen(ctx.language, plan, { restart: false, stopRemoved: false }, { nonce, by: by.name }));
  }

  async function mine(ctx: ChatContext, nonce: string) {
    return (await mayOwn(ctx)) ? await owned(ctx, questions, nonce, () => leave(ctx)) : null;
  }

  async function choose(ctx: ChatContext, nonce: string, choices: ReloadChoices): Promise<void> {
    const question = await mine(ctx, nonce);
    if (question === null || !(await answer(ctx))) return;
    await draw(ctx, planScreen(ctx.language, question.subject, choices, { nonce, by: question.by.name }));
  }

  async function confirm(ctx: ChatContext, nonce: string, choices: ReloadChoices): Promise<void> {
    const question = await mine(ctx, nonce);
    if (question === null || !(await answer(ctx))) return;
    questions.close(nonce);
    desk.jobs.run(
      carryOut(ctx, question.subject, choices).catch((error: unknown) => {
        const failure = classify(error);
        const what = failure === null ? { err: error } : { reason: reasonOf(failure) };
        desk.log.error(what, 'the end of a reload was not shown');
      }),
    );
  }

  async function carryOut(ctx: ChatContext, plan: ReloadPlan, choices: ReloadChoices): Promise<void> {
    const { language, visitor } = ctx;
    const key = keyOf(ctx);
    const begun = replace(ctx, key, `⏳ ${html(language, 'chat-reload-doing', { by: visitor.name })}`, null).catch(
      () => undefined,
    );
    const by = { kind: 'telegram', id: String(visitor.id), name: visitor.name } as const;
    const result = await desk.reload.apply(plan.id, choices, by);
    await begun;
    const { text, buttons } = outcomeScreen(language, result);
    await persist(() => replace(ctx, key, text, buttons), desk.stopping);
  }

  async function cancel(ctx: ChatContext, nonce: string): Promise<void> {
    if ((await mine(ctx, nonce)) === null || !(await answer(ctx, t(ctx.language, 'chat-cancelled')))) return;
    questions.close(nonce);
    await leave(ctx);
  }

  return { look, choose, confirm, cancel };
}

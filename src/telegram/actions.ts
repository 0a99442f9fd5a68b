import { InlineKeyboard } from 'grammy';
import { missingNeeds, neededBy } from '../core/needs.ts';
import type { ActionResult, Needs, Operation, ServiceView, Verb } from '../core/snapshot.ts';
import { html, sayReason, t } from '../i18n.ts';
import { answer } from './answer.ts';
import { encode } from './callback-data.ts';
import { createConfirmations } from './confirmations.ts';
import type { ChatContext } from './context.ts';
import { type Desk, findService } from './desk.ts';
import { classify, reasonOf } from './errors.ts';
import type { Job, MessageKey } from './jobs.ts';
import { mayAct } from './may-act.ts';
import { owned } from './owned.ts';
import { persist } from './persist.ts';
import { sayDuration, sayTime, shorten } from './say.ts';
import { questionText } from './screens/service.ts';
import { sayState } from './screens/service-line.ts';
import { asHtml, buttonText, keyOf, runningHeader, type Show } from './screens/show.ts';

export interface Actions {
  /** A verb was pressed: on a service's screen (`here`), or under an alert, which stays as it is (`anew`). */
  press(ctx: ChatContext, service: string, verb: Verb, where: 'here' | 'anew'): Promise<void>;
  /** `first`: what the service needs is started before it. */
  confirm(ctx: ChatContext, nonce: string, service: string, how: 'yes' | 'first'): Promise<void>;
  cancel(ctx: ChatContext, nonce: string, service: string): Promise<void>;
}

/** What is to be done to a service, which can be done now. */
interface Wish {
  readonly view: ServiceView;
  readonly verb: Verb;
}

/** What was asked before it is done; `needs`: what a plain Yes means where something that it needs is down. */
interface Asked {
  readonly service: string;
  readonly verb: Verb;
  readonly needs: Needs;
}

/** What a service is called on a button. */
const longestTitle = 30;

/** Start, stop, restart: who may, whether it makes sense now, the question before it, and the result after it. */
export function createActions(desk: Desk, show: Show): Actions {
  const questions = createConfirmations<Asked>(desk.clock);

  /** The verb that does what was meant, if it makes sense now; else says why not, and null. */
  async function allowed(ctx: ChatContext, service: string, verb: Verb): Promise<Wish | null> {
    const { language } = ctx;
    const refuse = async (text: string) => {
      const fresh = await answer(ctx, text, true);
      if (fresh && keyOf(ctx) !== null && isScreen(ctx)) await showService(ctx, service);
      return null;
    };
    if (!(await mayAct(ctx, desk.log, { service, verb }))) return null;
    const view = findService(desk, service);
    if (view === null) return await refuse(t(language, 'chat-no-such', { name: service }));
    if (view.operation !== null) return await refuse(sayBusy(ctx, view.title, view.operation));
    // Whoever restarts what is down wants it up.
    const meant = verb === 'restart' && !view.can.includes(verb) && view.can.includes('start') ? 'start' : verb;
    if (view.can.includes(meant)) return { view, verb: meant };
    const state = sayState(language, view, desk.clock());
    return await refuse(t(language, `chat-not-now-${meant}`, { title: view.title, state }));
  }

  function sayBusy({ language, timezone }: ChatContext, title: string, { verb, by, since }: Operation): string {
    const now = desk.clock();
    const time = sayTime(language, since, now, timezone);
    return t(language, `chat-busy-${verb}`, { title, by: by.name, time, for: sayDuration(language, now - since) });
  }

  const showService = (ctx: ChatContext, service: string) => show.here(ctx, { at: 'service', service, page: 0 });

  async function press(ctx: ChatContext, service: string, verb: Verb, where: 'here' | 'anew'): Promise<void> {
    const found = await allowed(ctx, service, verb);
    if (found === null || !(await answer(ctx))) return;
    const { services } = desk.control.snapshot();
    const missing = found.verb === 'stop' ? [] : missingNeeds(found.view, services);
    if (found.verb === 'start' && missing.length === 0) {
      run(ctx, found, 'ask', where === 'here' ? keyOf(ctx) : null);
      return;
    }
    const needs = missing.length === 0 ? 'ask' : 'ignore';
    const { nonce, by } = questions.ask({ service, verb: found.verb, needs }, ctx.visitor);
    const around = { missing, dependants: found.verb === 'start' ? [] : neededBy(found.view, services) };
    const text = questionText(ctx.language, found.view, found.verb, around, desk.clock(), by.name);
    const options = { ...asHtml, reply_markup: answersTo(ctx, found, missing, nonce) };
    const asked =
      where === 'here' &&
      (await ctx.editMessageText(text, options).then(
        () => true,
        (error: unknown) => {
          if (classify(error)?.kind !== 'message-gone') throw error;
          return false;
        },
      ));
    if (!asked) await ctx.reply(text, options);
  }

  function answersTo(ctx: ChatContext, { view, verb }: Wish, missing: readonly ServiceView[], nonce: string) {
    const keyboard = new InlineKeyboard();
    const service = view.name;
    if (verb === 'stop' || missing.length === 0)
      keyboard.text(buttonText(ctx, `confirm-${verb}`), encode({ kind: 'yes', nonce, service }));
    else {
      const [first] = missing;
      const label =
        missing.length === 1 && first !== undefined
          ? t(ctx.language, 'button-first-start', { title: shorten(first.title, longestTitle) })
          : buttonText(ctx, 'first-start-all');
      if (missing.every(comesUp)) keyboard.text(label, encode({ kind: 'first', nonce, service })).row();
      keyboard.text(buttonText(ctx, `anyway-${verb}`), encode({ kind: 'yes', nonce, service }));
    }
    return keyboard.text(buttonText(ctx, 'cancel'), encode({ kind: 'no', nonce, service }));
  }

  /** Whether this person may answer this question; else says why not. Shows the service in place of a dead question. */
  async function mine(ctx: ChatContext, nonce: string, service: string) {
    const question = await owned(ctx, questions, nonce, () => showService(ctx, service));
    if (question === null || question.subject.service === service) return question;
    await answer(ctx, t(ctx.language, 'chat-question-stale'));
    return null;
  }

  async function confirm(ctx: ChatContext, nonce: string, service: string, how: 'yes' | 'first'): Promise<void> {
    const question = await mine(ctx, nonce, service);
    if (question === null) return;
    const found = await allowed(ctx, service, question.subject.verb);
    if (found === null || !(await answer(ctx))) return;
    questions.close(nonce);
    run(ctx, found, how === 'first' ? 'first' : question.subject.needs, keyOf(ctx));
  }

  async function cancel(ctx: ChatContext, nonce: string, service: string): Promise<void> {
    if ((await mine(ctx, nonce, service)) === null || !(await answer(ctx, t(ctx.language, 'chat-cancelled')))) return;
    questions.close(nonce);
    await showService(ctx, service);
  }

  /** Begins the operation and returns: the chat must not wait for it. `key` null: it gets a message of its own. */
  function run(ctx: ChatContext, { view, verb }: Wish, needs: Needs, key: MessageKey | null): void {
    const { visitor } = ctx;
    const job: Job = { service: view.name, verb, by: visitor.name };
    const by = { kind: 'telegram', id: String(visitor.id), name: visitor.name } as const;
    const acting = desk.control.act(view.name, verb, by, needs);
    if (key !== null) desk.jobs.show(key, job);
    desk.jobs.run(
      follow(ctx, job, key, acting).catch((error: unknown) => {
        const failure = classify(error);
        const what = failure === null ? { err: error } : { reason: reasonOf(failure) };
        desk.log.error({ ...what, service: view.name, verb }, 'the end of an operation was not shown');
      }),
    );
  }

  async function follow(
    ctx: ChatContext,
    job: Job,
    shown: MessageKey | null,
    acting: Promise<ActionResult>,
  ): Promise<void> {
    const place = { at: 'service', service: job.service, page: 0 } as const;
    const header = runningHeader(ctx, job, desk);
    let key = shown;
    // That it runs is worth a try; only that it ended is worth several.
    const begun = (
      key === null
        ? show.anew(ctx, place, header).then((sent) => {
            key = sent;
            desk.jobs.show(sent, job);
          })
        : show.into(ctx, key, place, header)
    ).catch((error: unknown) => {
      if (classify(error) === null) throw error;
    });
    // Both are waited for even when one fails, so that no rejection is left without anybody to hear it.
    try {
      const [result] = await Promise.all([acting, begun]);
      const text = resultHeader(ctx, result, job);
      await persist(async () => {
        const waited = key !== null && desk.jobs.at(key) === job;
        if (key === null || !waited || !(await show.into(ctx, key, place, text))) await show.anew(ctx, place, text);
      }, desk.stopping);
    } finally {
      if (key !== null) desk.jobs.leave(key, job);
    }
  }

  function resultHeader(ctx: ChatContext, result: ActionResult, { verb, by }: Job): string {
    const took = sayDuration(ctx.language, result.took);
    if (!result.ok) {
      const why = sayReason(ctx.language, result.reason);
      return `❌ ${html(ctx.language, `chat-failed-${verb}`, { why, took, by })}`;
    }
    const done = `✅ ${html(ctx.language, `chat-done-${verb}`, { took, by })}`;
    return result.note === null
      ? done
      : `${done}\n${html(ctx.language, 'chat-note', { note: sayReason(ctx.language, result.note) })}`;
  }

  return { press, confirm, cancel };
}

/** Whether it can be started, or is being started already. */
function comesUp(view: ServiceView): boolean {
  return view.can.includes('start') || view.state === 'starting' || view.operation?.verb === 'start';
}

/** Whether the pressed message is a screen of ours that can be redrawn; an alert stays as it is. */
function isScreen(ctx: ChatContext): boolean {
  return ctx.callbackQuery?.data?.startsWith('act:') === false;
}

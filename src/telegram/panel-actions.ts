import { InlineKeyboard } from 'grammy';
import type { PanelActions, UserChange } from '../core/panel-control.ts';
import type { PanelState } from '../core/panel-view.ts';
import type { Reason } from '../core/reason.ts';
import { may } from '../core/role.ts';
import type { ActionResult } from '../core/snapshot.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../i18n.ts';
import { actorOf } from './alert-actions.ts';
import { answer } from './answer.ts';
import { type CallbackData, encode } from './callback-data.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { classify, reasonOf } from './errors.ts';
import { mayAct } from './may-act.ts';
import { handleOf } from './panel-handle.ts';
import type { Order } from './panel-questions.ts';
import { persist } from './persist.ts';
import { sayDuration } from './say.ts';
import { asHtml, keyOf } from './screens/show.ts';

/** What is done at panels: who may, the question with what it does to people, and how it went. */
export function createPanelActs(desk: Desk) {
  const { panels, panelQuestions: questions } = desk;

  /** What carries it out; else says why nothing does, and null. */
  async function allowed(ctx: ChatContext, order: Order): Promise<PanelActions | null> {
    if (!(await mayAct(ctx, desk.log, { panel: order.panel }))) return null;
    const actions = panels.actions(order.panel);
    if (actions === null) await answer(ctx, t(ctx.language, 'chat-panel-gone'), true);
    return actions;
  }

  /** `anew`: in a message of its own, since what was pressed stays as it is. */
  async function ask(ctx: ChatContext, order: Order, anew = false): Promise<void> {
    const actions = await allowed(ctx, order);
    if (actions === null || !(await answer(ctx))) return;
    const nonce = questions.ask(order, ctx.visitor);
    const consequence = consequenceOf(actions, order);
    const name = panels.state(order.panel)?.name ?? order.panel;
    const text = [
      `❓ <b>${html(ctx.language, 'chat-panel-ask', { action: sayAction(ctx.language, order), name })}</b>`,
      escapeHtml(sayReason(ctx.language, consequence)),
      html(ctx.language, 'chat-panel-owner', { by: ctx.visitor.name }),
    ].join('\n');
    const buttons = new InlineKeyboard()
      .text(t(ctx.language, 'button-panel-yes'), encode({ kind: 'panel-yes', nonce }))
      .text(t(ctx.language, 'button-cancel'), encode({ kind: 'panel-no', nonce }));
    const options = { ...asHtml, reply_markup: buttons };
    await (anew ? ctx.reply(text, options) : ctx.editMessageText(text, options));
  }

  /** The order of a question that this person may answer now; else says why not, and null. */
  async function owned(ctx: ChatContext, nonce: string): Promise<Order | null> {
    const checked = questions.check(nonce, ctx.visitor);
    if (checked.answer === 'valid') return checked.order;
    const text =
      checked.answer === 'foreign'
        ? t(ctx.language, 'chat-question-foreign', { owner: checked.owner })
        : t(ctx.language, 'chat-question-stale');
    await answer(ctx, text, true);
    return null;
  }

  async function confirm(ctx: ChatContext, nonce: string): Promise<void> {
    const order = await owned(ctx, nonce);
    const actions = order === null ? null : await allowed(ctx, order);
    if (order === null || actions === null || !(await answer(ctx))) return;
    questions.close(nonce);
    desk.jobs.run(
      carryOut(ctx, order, actions).catch((error: unknown) => {
        const failure = classify(error);
        const what = failure === null ? { err: error } : { reason: reasonOf(failure) };
        desk.log.error({ ...what, panel: order.panel }, 'the end of an action at a panel was not shown');
      }),
    );
  }

  /** Null: not his to cancel. Else what to show in place of the question. */
  async function cancel(ctx: ChatContext, nonce: string): Promise<Order | null> {
    const order = await owned(ctx, nonce);
    if (order === null || !(await answer(ctx, t(ctx.language, 'chat-cancelled')))) return null;
    questions.close(nonce);
    return order;
  }

  function nodeName(order: Order): string | null {
    if (order.to === 'user' || !('node' in order.action)) return null;
    const { node } = order.action;
    return panels.state(order.panel)?.nodes.find(({ id }) => id === node)?.name ?? node;
  }

  async function carryOut(ctx: ChatContext, order: Order, actions: PanelActions): Promise<void> {
    const { language, visitor } = ctx;
    const key = keyOf(ctx);
    const name = panels.state(order.panel)?.name ?? order.panel;
    const args = { action: sayAction(language, order), name, by: visitor.name };
    /** That it is under way is worth a try; only how it ended is worth several. */
    const progress = (code: string) => say(`⏳ ${html(language, code, args)}`, null).catch(() => undefined);
    const say = async (text: string, buttons: InlineKeyboard | null) => {
      const options = { ...asHtml, ...(buttons === null ? {} : { reply_markup: buttons }) };
      if (key === null) return void (await ctx.reply(text, options));
      try {
        await ctx.api.editMessageText(key.chat, key.message, text, options);
      } catch (error) {
        const failure = classify(error);
        if (failure?.kind === 'message-gone') await ctx.reply(text, options);
        else if (failure?.kind !== 'not-modified') throw error;
      }
    };
    // In turn, so that an older word never stands over a newer one.
    let told = progress('chat-panel-sent');
    const accepted = () => {
      told = told.then(() => progress('chat-panel-accepted'));
    };
    const result =
      order.to === 'panel'
        ? await actions.act(order.action, accepted)
        : await actions.changeUser(order.user.name, order.change);
    desk.auditPanel(actorOf(visitor), auditOf(order, nodeName(order)), order.panel, result.ok ? null : result.reason);
    await told;
    const back: CallbackData =
      order.to === 'panel' && 'node' in order.action
        ? { kind: 'node', panel: handleOf(order.panel), node: order.action.node, page: 0 }
        : { kind: 'panel', panel: handleOf(order.panel), page: 0 };
    const again: CallbackData = order.to === 'user' ? { kind: 'user', found: questions.remember(order) } : back;
    const buttons = new InlineKeyboard().text(t(language, 'button-back'), encode(again));
    await persist(() => say(resultText(ctx, result, args), buttons), desk.stopping);
  }

  function resultText({ language }: ChatContext, result: ActionResult, args: Record<string, string>): string {
    const took = sayDuration(language, result.took);
    const said: Reason | null = result.ok ? result.note : result.reason;
    return [
      result.ok
        ? `✅ ${html(language, 'chat-panel-done', { ...args, took })}`
        : `❌ ${html(language, 'chat-panel-failed', { ...args, took })}`,
      ...(said === null ? [] : [escapeHtml(sayReason(language, said))]),
    ].join('\n');
  }

  /** Whether it was done: only owners decide what the manager does by itself. */
  async function switchReconnects(ctx: ChatContext, { id }: PanelState, on: boolean): Promise<boolean> {
    if (!may(ctx.visitor.role, 'own')) {
      await answer(ctx, t(ctx.language, 'chat-panel-owners-only'), true);
      return false;
    }
    if (!(await answer(ctx, t(ctx.language, on ? 'chat-reconnects-on' : 'chat-reconnects-off')))) return false;
    panels.setAutoReconnect(id, on);
    desk.auditPanel(actorOf(ctx.visitor), `panel-reconnects-${on ? 'on' : 'off'}`, id, null);
    return true;
  }

  return { ask, confirm, cancel, switchReconnects };
}

export type PanelActs = ReturnType<typeof createPanelActs>;

function consequenceOf(actions: PanelActions, order: Order): Reason {
  return order.to === 'panel' ? actions.consequence(order.action) : actions.userConsequence(order.user, order.change);
}

function sayAction(language: Language, order: Order): string {
  return t(language, 'chat-panel-action', { action: actionOf(order) });
}

/** As the texts name it. */
function actionOf(order: Order): string {
  return order.to === 'panel' ? order.action.action : `user-${order.change.change}`;
}

/** With whom or what it was done to. */
function auditOf(order: Order, node: string | null): string {
  const what = order.to === 'user' ? order.user.name : node;
  return what === null ? `panel-${actionOf(order)}` : `panel-${actionOf(order)}:${what}`;
}

/** What a button means. */
export function changeOf(word: string): UserChange {
  if (word === 'enable' || word === 'disable' || word === 'reset-traffic') return { change: word };
  return { change: 'extend', days: Number(word.slice('extend-'.length)) };
}

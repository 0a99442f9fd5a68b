import { Composer } from 'grammy';
import type { PanelAction } from '../../core/panel-control.ts';
import type { PanelState } from '../../core/panel-view.ts';
import { escapeHtml, sayReason, t } from '../../i18n.ts';
import { actorOf } from '../alert-actions.ts';
import { answer } from '../answer.ts';
import { type CallbackData, decode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import type { Desk } from '../desk.ts';
import { editOrSend } from '../edit-or-send.ts';
import { changeOf, type PanelActs } from '../panel-actions.ts';
import { handleOf } from '../panel-handle.ts';
import { userScreen } from '../screens/panel-user.ts';
import { nodeScreen, type PanelScreen, panelScreen, panelsScreen } from '../screens/panels.ts';
import { asHtml, keyOf } from '../screens/show.ts';
import { splitHtml } from '../split.ts';

/** `/marzban`, and everything that can be reached from there. */
export function panelScreens(desk: Desk, acts: PanelActs): Composer<ChatContext> {
  const { panels, panelQuestions: questions, clock } = desk;
  const composer = new Composer<ChatContext>();
  const stateOf = (handle: string): PanelState | null =>
    panels.states().find((state) => handleOf(state.id) === handle) ?? null;

  async function show(ctx: ChatContext, { text, buttons }: PanelScreen, anew = false): Promise<void> {
    const options = { ...asHtml, reply_markup: buttons };
    await editOrSend(ctx, anew ? null : keyOf(ctx), splitHtml(text)[0] ?? '…', options);
  }

  /** The panel, or the list where it is not there any more. */
  async function showPanel(ctx: ChatContext, handle: string, page: number, anew = false): Promise<void> {
    const state = stateOf(handle);
    await show(ctx, state === null ? panelsScreen(ctx, panels) : panelScreen(ctx, state, page, panels), anew);
  }

  async function showNode(ctx: ChatContext, handle: string, id: string, page: number): Promise<void> {
    const state = stateOf(handle);
    const node = state?.nodes.find((each) => each.id === id);
    if (state === null || node === undefined) await showPanel(ctx, handle, page);
    else await show(ctx, nodeScreen(ctx, state, node, page, clock()));
  }

  /** The user as the panel knows them now. */
  async function showUser(ctx: ChatContext, nonce: string): Promise<void> {
    const known = questions.recall(nonce);
    const state = known === null ? null : panels.state(known.panel);
    if (known === null || state === null) return await show(ctx, panelsScreen(ctx, panels));
    const asked = await panels.actions(known.panel)?.findUsers(known.user.name, 1);
    const user = asked?.ok ? (asked.value.find(({ name }) => name === known.user.name) ?? known.user) : known.user;
    const found = questions.remember({ panel: known.panel, user });
    const screen = userScreen(ctx.language, ctx.visitor.role, { state, user, found }, clock(), ctx.timezone);
    const failed = asked !== undefined && !asked.ok ? asked.error.reason : null;
    const warned = failed === null ? '' : `⚠️ ${escapeHtml(sayReason(ctx.language, failed))}\n`;
    await show(ctx, { ...screen, text: warned + screen.text });
  }

  composer.command('marzban', (ctx) => show(ctx, panelsScreen(ctx, panels)));

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    if (data === null || !(await handle(ctx, data))) await next();
  });

  /** False: not a button of panels. */
  async function handle(ctx: ChatContext, data: CallbackData): Promise<boolean> {
    switch (data.kind) {
      case 'panels':
        if (await answer(ctx)) await show(ctx, panelsScreen(ctx, panels));
        return true;
      case 'show-panel':
        if (await answer(ctx)) await showPanel(ctx, data.panel, 0, true);
        return true;
      case 'panel':
        if (await answer(ctx)) await showPanel(ctx, data.panel, data.page);
        return true;
      case 'node':
        if (await answer(ctx)) await showNode(ctx, data.panel, data.node, data.page);
        return true;
      case 'user':
        if (await answer(ctx)) await showUser(ctx, data.found);
        return true;
      case 'find-user': {
        const state = stateOf(data.panel);
        if (!(await answer(ctx))) return true;
        if (state === null) await showPanel(ctx, data.panel, 0);
        else {
          await ctx.conversation.exit('find-user');
          await ctx.conversation.enter('find-user', state.id, ctx.language, ctx.visitor.role, ctx.timezone);
        }
        return true;
      }
      case 'node-do':
      case 'core-do':
      case 'host-do': {
        const panel = stateOf(data.panel)?.id ?? '';
        await acts.ask(ctx, { panel, to: 'panel', action: actionOf(ctx, data) });
        return true;
      }
      case 'panel-fix': {
        const panel = stateOf(data.panel)?.id ?? '';
        const action = { action: 'restart-panel', by: actorOf(ctx.visitor) } as const;
        await acts.ask(ctx, { panel, to: 'panel', action }, true);
        return true;
      }
      case 'reconnects': {
        const state = stateOf(data.panel);
        if (state !== null && !(await acts.switchReconnects(ctx, state, data.as === 'on'))) return true;
        await showPanel(ctx, data.panel, 0);
        return true;
      }
      case 'user-do': {
        const known = questions.recall(data.found);
        if (known === null) await answer(ctx, t(ctx.language, 'chat-question-stale'), true);
        else await acts.ask(ctx, { ...known, to: 'user', change: changeOf(data.change) });
        return true;
      }
      case 'panel-yes':
        await acts.confirm(ctx, data.nonce);
        return true;
      case 'panel-no': {
        const order = await acts.cancel(ctx, data.nonce);
        if (order === null) return true;
        const back = handleOf(order.panel);
        if (order.to === 'user') await showUser(ctx, questions.remember(order));
        else if ('node' in order.action) await showNode(ctx, back, order.action.node, 0);
        else await showPanel(ctx, back, 0);
        return true;
      }
      default:
        return false;
    }
  }

  return composer;
}

type ActionData = Extract<CallbackData, { readonly kind: 'node-do' | 'core-do' | 'host-do' }>;

function actionOf(ctx: ChatContext, data: ActionData): PanelAction {
  if (data.kind === 'node-do') return { action: data.action, node: data.node };
  return data.kind === 'core-do' ? { action: 'restart-core' } : { action: 'restart-panel', by: actorOf(ctx.visitor) };
}

import { Composer } from 'grammy';
import type { PanelState } from '../core/panel-view.ts';
import type { Range } from '../core/picture.ts';
import { t } from '../i18n.ts';
import { answer } from './answer.ts';
import { decode } from './callback-data.ts';
import type { ChatContext } from './context.ts';
import type { Desk } from './desk.ts';
import { handleOf } from './panel-handle.ts';
import { createPictureMessages, type Framed } from './picture-message.ts';
import { type PanelChartView, panelChartButtons, panelChartCaption } from './screens/panel-chart.ts';

const firstRange: Range = '24h';

/** Pictures of panels and nodes: from their screens, and from one to the other. */
export function panelCharts(desk: Desk): Composer<ChatContext> {
  const { panels, panelPictures: pictures } = desk;
  const messages = createPictureMessages(desk);
  const composer = new Composer<ChatContext>();

  async function frame({ language, timezone }: ChatContext, state: PanelState, view: PanelChartView): Promise<Framed> {
    const look = { language, timezone, range: view.range };
    const picture = await (view.of === 'panel'
      ? pictures.panel(look, state, panels.balance(), view.plot)
      : pictures.node(look, state, view.node, view.plot));
    const caption = panelChartCaption(language, state, view);
    return { picture, caption, buttons: panelChartButtons(language, state, view) };
  }

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    const isOurs =
      data?.kind === 'panel-chart' ||
      data?.kind === 'node-chart' ||
      data?.kind === 'panel-plot' ||
      data?.kind === 'node-plot';
    if (!isOurs) return await next();
    const state = panels.states().find(({ id }) => handleOf(id) === data.panel);
    const node = 'node' in data ? state?.nodes.find(({ id }) => id === data.node) : null;
    if (state === undefined || node === undefined) {
      await answer(ctx, t(ctx.language, 'chat-panel-gone'), true);
      return;
    }
    switch (data.kind) {
      case 'panel-chart':
      case 'node-chart': {
        const range = firstRange;
        const view: PanelChartView =
          node === null ? { of: 'panel', plot: 'users', range } : { of: 'node', node, plot: 'traffic', range };
        if (await answer(ctx)) messages.send(ctx, () => frame(ctx, state, view));
        return;
      }
      case 'panel-plot':
        return await messages.turn(ctx, () => frame(ctx, state, { of: 'panel', plot: data.plot, range: data.range }));
      case 'node-plot':
        if (node === null) return;
        return await messages.turn(ctx, () =>
          frame(ctx, state, { of: 'node', node, plot: data.plot, range: data.range }),
        );
    }
  });

  return composer;
}

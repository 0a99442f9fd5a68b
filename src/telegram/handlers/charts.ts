import { Composer } from 'grammy';
import { rangeNames } from '../../core/picture.ts';
import { escapeHtml, html, t } from '../../i18n.ts';
import { answer } from '../answer.ts';
import { decode } from '../callback-data.ts';
import type { ChartActions } from '../chart-actions.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, namedService } from '../desk.ts';
import { shorten } from '../say.ts';
import { firstDashboardRange, firstRange, usual } from '../screens/chart.ts';
import { asHtml } from '../screens/show.ts';
import { splitHtml } from '../split.ts';

/** `/metrics [service] [range]`, and the buttons under pictures. */
export function charts(desk: Desk, actions: ChartActions): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  composer.command('metrics', async (ctx) => {
    const words = ctx.match.trim().split(/\s+/).filter(Boolean);
    const range = rangeNames.find((each) => each === words.at(-1)?.toLowerCase());
    const wanted = (range === undefined ? words : words.slice(0, -1)).join(' ');
    if (wanted === '') {
      actions.send(ctx, { service: null, which: usual, range: range ?? firstDashboardRange });
      return;
    }
    const { services } = desk.control.snapshot();
    const view = namedService(services, wanted);
    if (view !== null) {
      actions.send(ctx, { service: view.name, which: usual, range: range ?? firstRange });
      return;
    }
    const known = services.map(({ name }) => `<code>${escapeHtml(name)}</code>`).join(', ');
    const text = `${html(ctx.language, 'chat-no-such', { name: shorten(wanted, 50) })}\n${t(ctx.language, 'chat-metrics-usage')}\n${known}`;
    await ctx.reply(splitHtml(text)[0] ?? '…', asHtml);
  });

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    switch (data?.kind) {
      case 'chart':
        if (await answer(ctx)) actions.send(ctx, { service: data.service, which: usual, range: firstRange });
        return;
      case 'plot': {
        const service = data.target === '*' ? null : data.target;
        return await actions.turn(ctx, { service, which: data.which, range: data.range });
      }
      case 'numbers':
        if (data.target !== '*') return await actions.offer(ctx, data.target, data.range, data.page);
        return await next();
      default:
        return await next();
    }
  });

  return composer;
}

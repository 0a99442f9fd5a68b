import { MOST_CELLS, type Picture } from '../core/picture.ts';
import { answer } from './answer.ts';
import type { ChatContext } from './context.ts';
import { type Desk, findService } from './desk.ts';
import { classify } from './errors.ts';
import { createPictureMessages, type Framed } from './picture-message.ts';
import { type ChartView, captionOf, chartButtons, linesOf, numberButtons, pageOf, usual } from './screens/chart.ts';

/** Pictures in the chat. Each is drawn beside the chat's other work, which does not wait for it. */
export interface ChartActions {
  /** Sends a picture as a new message. */
  send(ctx: ChatContext, view: ChartView): void;
  /** Turns the message whose button was pressed into this picture. */
  turn(ctx: ChatContext, view: ChartView): Promise<void>;
  /** Offers the other numbers of a service under the same picture. */
  offer(ctx: ChatContext, service: string, range: ChartView['range'], page: number): Promise<void>;
}

export function createChartActions(desk: Desk): ChartActions {
  const { history, pictures } = desk;
  const messages = createPictureMessages(desk);

  const servicesNow = () => desk.control.snapshot().services;

  function draw({ language, timezone }: ChatContext, view: ChartView): Promise<Picture> {
    const { service, which, range } = view;
    const page = service === null ? pageOf(which) : null;
    if (page !== null) return pictures.dashboard({ language, timezone, range, page });
    return pictures.chart({ language, timezone, range, lines: linesOf(view, history, servicesNow()) });
  }

  /** A service that was taken out of the configuration since, or a page that there is no more: all of them. */
  function known(view: ChartView): ChartView {
    const gone = view.service !== null && findService(desk, view.service) === null;
    const page = view.service === null ? (pageOf(view.which) ?? 0) : 0;
    const empty = page > 0 && page * MOST_CELLS >= servicesNow().length;
    return gone || empty ? { ...view, service: null, which: usual } : view;
  }

  async function frame(ctx: ChatContext, wanted: ChartView): Promise<Framed> {
    const view = known(wanted);
    const picture = await draw(ctx, view);
    const services = servicesNow();
    const caption = captionOf(ctx.language, view, services, history);
    return { picture, caption, buttons: chartButtons(ctx.language, view, services, history) };
  }

  return {
    send: (ctx, view) => messages.send(ctx, () => frame(ctx, view)),
    turn: (ctx, view) => messages.turn(ctx, () => frame(ctx, view)),
    async offer(ctx, service, range, page) {
      if (!(await answer(ctx))) return;
      try {
        await ctx.editMessageReplyMarkup({ reply_markup: numberButtons(ctx.language, service, range, page, history) });
      } catch (error) {
        if (classify(error)?.kind !== 'not-modified') throw error;
      }
    },
  };
}

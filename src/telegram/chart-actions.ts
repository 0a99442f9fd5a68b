import { InputFile, InputMediaBuilder } from 'grammy';
import type { Picture } from '../core/picture.ts';
import { escapeHtml, sayReason } from '../i18n.ts';
import { answer } from './answer.ts';
import type { ChatContext } from './context.ts';
import { type Desk, findService } from './desk.ts';
import { classify, reasonOf } from './errors.ts';
import { type ChartView, captionOf, chartButtons, linesOf, numberButtons, usual } from './screens/chart.ts';
import { asHtml, keyOf } from './screens/show.ts';

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
  const { history, pictures, jobs, log } = desk;

  const servicesNow = () => desk.control.snapshot().services;

  function draw({ language }: ChatContext, view: ChartView): Promise<Picture> {
    const { service, which, range } = view;
    if (service === null && which === usual) return pictures.dashboard({ language, range });
    return pictures.chart({ language, range, lines: linesOf(view, history, servicesNow()) });
  }

  /** A service that was taken out of the configuration since: all of them. */
  function known(view: ChartView): ChartView {
    const gone = view.service !== null && findService(desk, view.service) === null;
    return gone ? { ...view, service: null, which: usual } : view;
  }

  function dress(ctx: ChatContext, view: ChartView, picture: Picture) {
    const services = servicesNow();
    const caption = captionOf(ctx.language, view, services);
    const why = picture.ok ? null : `⚠️ ${escapeHtml(sayReason(ctx.language, picture.reason))}`;
    const buttons = chartButtons(ctx.language, view, services, history);
    return { text: why === null ? caption : `${caption}\n${why}`, buttons };
  }

  async function sendNow(ctx: ChatContext, wanted: ChartView): Promise<void> {
    const view = known(wanted);
    // Only says that something is coming.
    ctx.replyWithChatAction('upload_photo').catch((error: unknown) => log.debug({ err: error }, 'no chat action'));
    const picture = await draw(ctx, view);
    const { text, buttons } = dress(ctx, view, picture);
    if (picture.ok) {
      const photo = new InputFile(picture.png, 'chart.png');
      await ctx.replyWithPhoto(photo, { caption: text, parse_mode: 'HTML', reply_markup: buttons });
    } else await ctx.reply(text, { ...asHtml, reply_markup: buttons });
  }

  async function turnNow(ctx: ChatContext, wanted: ChartView): Promise<void> {
    const key = keyOf(ctx);
    const view = known(wanted);
    if (key === null) return await sendNow(ctx, view);
    ctx.replyWithChatAction('upload_photo').catch((error: unknown) => log.debug({ err: error }, 'no chat action'));
    const picture = await draw(ctx, view);
    const { text, buttons } = dress(ctx, view, picture);
    const { api } = ctx;
    const options = { parse_mode: 'HTML', reply_markup: buttons } as const;
    const edited = picture.ok
      ? api.editMessageMedia(
          key.chat,
          key.message,
          InputMediaBuilder.photo(new InputFile(picture.png, 'chart.png'), { caption: text, parse_mode: 'HTML' }),
          { reply_markup: buttons },
        )
      : ctx.callbackQuery?.message?.photo === undefined
        ? api.editMessageText(key.chat, key.message, text, options)
        : api.editMessageCaption(key.chat, key.message, { ...options, caption: text });
    try {
      await edited;
    } catch (error) {
      const failure = classify(error);
      if (failure?.kind === 'message-gone') return await sendNow(ctx, view);
      if (failure?.kind !== 'not-modified') throw error;
    }
  }

  /** After the handler nobody is there to catch: what Telegram refused is logged, what is a mistake of ours too. */
  async function guarded(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      const failure = classify(error);
      if (failure === null) throw error;
      log.warn({ reason: reasonOf(failure) }, 'a picture did not get through');
    }
  }

  return {
    send: (ctx, view) => jobs.run(guarded(sendNow(ctx, view))),
    async turn(ctx, view) {
      if (await answer(ctx)) jobs.run(guarded(turnNow(ctx, view)));
    },
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

import { InlineKeyboard, InputFile } from 'grammy';
import { html, t } from '../i18n.ts';
import { encode } from './callback-data.ts';
import type { ChatContext } from './context.ts';
import { type Desk, titlesOf } from './desk.ts';
import { classify, reasonOf } from './errors.ts';
import { digestText } from './screens/digest.ts';
import { asHtml } from './screens/show.ts';
import { splitHtml } from './split.ts';
import { maxCaption } from './transport.ts';

/** What is told on demand: the day up to now. */
const SPAN_MS = 24 * 3600_000;

/** Sends the digest of the last day as a new message, beside the chat's other work. */
export function createDigestActions(desk: Desk): (ctx: ChatContext) => void {
  async function sendNow(ctx: ChatContext): Promise<void> {
    const { language, timezone } = ctx;
    const now = desk.clock();
    // Only says that something is coming.
    ctx.replyWithChatAction('upload_photo').catch((error: unknown) => desk.log.debug({ err: error }, 'no chat action'));
    const titleOf = titlesOf(desk.control.snapshot().services);
    const digest = desk.digests.report({ from: now - SPAN_MS, to: now });
    const text = digestText(language, digest, titleOf, now, timezone);
    const buttons = new InlineKeyboard()
      .text(t(language, 'button-alerts'), encode({ kind: 'show-alerts' }))
      .text(t(language, 'button-menu'), encode({ kind: 'menu' }));
    const png = await desk.digests.picture(language, timezone);
    const photo = png === null ? null : new InputFile(png, 'summary.png');
    if (photo !== null && splitHtml(text, maxCaption).length === 1) {
      await ctx.replyWithPhoto(photo, { caption: text, parse_mode: 'HTML', reply_markup: buttons });
      return;
    }
    const parts = splitHtml(text);
    for (const [index, part] of parts.entries())
      await ctx.reply(part, { ...asHtml, ...(index === parts.length - 1 && { reply_markup: buttons }) });
    if (photo !== null) await ctx.replyWithPhoto(photo, { caption: html(language, 'chart-dashboard') });
  }

  return (ctx) =>
    desk.jobs.run(
      sendNow(ctx).catch((error: unknown) => {
        const failure = classify(error);
        if (failure === null) throw error;
        desk.log.warn({ reason: reasonOf(failure) }, 'a digest did not get through');
      }),
    );
}

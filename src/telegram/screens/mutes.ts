import { InlineKeyboard } from 'grammy';
import { covers, type Mute } from '../../core/mute.ts';
import { may } from '../../core/role.ts';
import { html, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, findService, titlesOf } from '../desk.ts';
import { endText } from './alert-buttons.ts';
import { asOf } from './list.ts';
import { muteLines } from './mute-line.ts';

/** More than these end by themselves or from their service's screen. */
const mostButtons = 6;

/** What is muted, with buttons that begin and end it: of one service, or (null) of everything. */
export function mutesScreen(ctx: ChatContext, desk: Desk, wanted: string | null) {
  const { language } = ctx;
  const view = findService(desk, wanted);
  const service = view?.name ?? null;
  const now = desk.clock();
  const all = desk.alerting.mutes();
  const mutes = service === null ? all : all.filter((mute) => covers(mute, service, null, now));
  const titleOf = titlesOf(desk.control.snapshot().services);
  const lines = muteLines(language, mutes, titleOf, now, ctx.timezone);
  const text = [
    `<b>${view === null ? html(language, 'chat-mutes') : html(language, 'chat-mutes-of', { title: view.title })}</b>`,
    ...(lines.length === 0 ? [html(language, 'chat-mutes-none')] : lines),
    '',
    html(language, 'chat-mutes-explained'),
    asOf(language, now, ctx.timezone),
  ].join('\n');
  return { text, buttons: keyboardOf(ctx, service, mutes, titleOf) };
}

function keyboardOf(
  { language, visitor }: ChatContext,
  service: string | null,
  mutes: readonly Mute[],
  titleOf: (name: string) => string,
): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  const target = service ?? '*';
  const back = service === null ? ({ kind: 'home' } as const) : ({ kind: 'open', service } as const);
  if (may(visitor.role, 'act')) {
    for (const mute of mutes.slice(0, mostButtons))
      keyboard.text(endText(language, mute, titleOf), encode({ kind: 'lift', mute: mute.id, target })).row();
    for (const [index, length] of (['half-hour', 'two-hours', 'morning', 'day'] as const).entries()) {
      keyboard.text(t(language, `button-mute-${length}`), encode({ kind: 'hush', as: 'mute', length, target }));
      if (index % 2 === 1) keyboard.row();
    }
    for (const length of ['half-hour', 'two-hours', 'day'] as const)
      keyboard.text(
        t(language, `button-maintenance-${length}`),
        encode({ kind: 'hush', as: 'maintenance', length, target }),
      );
    keyboard.row();
  }
  return keyboard
    .text(t(language, 'button-refresh'), encode({ kind: 'mutes', target }))
    .text(t(language, 'button-back'), encode(back));
}

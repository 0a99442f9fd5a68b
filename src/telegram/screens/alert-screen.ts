import { InlineKeyboard } from 'grammy';
import { t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import type { Desk } from '../desk.ts';
import { noticesOf } from '../notice.ts';
import { incidentAlert } from './alert.ts';

/** One alert, opened from the list: as its message looks now, with the same buttons. Null: there is no such alert. */
export function alertScreen(ctx: ChatContext, desk: Desk, id: number, page: number) {
  const incident = desk.alerting.get(id);
  const notice = incident === null ? undefined : noticesOf(desk, [incident])[0];
  if (notice === undefined) return null;
  const { text, buttons } = incidentAlert(ctx.language, notice, ctx.timezone, ctx.visitor.role);
  const keyboard = new InlineKeyboard();
  for (const row of buttons) {
    for (const button of row) keyboard.text(button.text, button.data);
    keyboard.row();
  }
  return { text, buttons: keyboard.text(t(ctx.language, 'button-back'), encode({ kind: 'alerts', page })) };
}

import { InlineKeyboard } from 'grammy';
import type { PanelUser } from '../../core/panel.ts';
import type { PanelState } from '../../core/panel-view.ts';
import { may, type Role } from '../../core/role.ts';
import { escapeHtml, html, type Language, t } from '../../i18n.ts';
import { encode, userChanges } from '../callback-data.ts';
import { handleOf } from '../panel-handle.ts';
import { sayMetric, sayUntil } from '../say.ts';
import type { PanelScreen } from './panels.ts';

/** A user of a panel: what the shop's support is asked about, and no secret. `found`: how the buttons name them. */
export function userScreen(
  language: Language,
  role: Role,
  { state, user, found }: { readonly state: PanelState; readonly user: PanelUser; readonly found: string },
  now: number,
  timezone: string,
): PanelScreen {
  const when = (at: number | null) =>
    at === null ? t(language, 'chat-user-never') : sayUntil(language, at, now, timezone);
  const bytes = (value: number) => sayMetric(language, { name: 'traffic', value, unit: 'bytes' });
  const buttons = new InlineKeyboard();
  const off = user.rawStatus === 'disabled';
  const sensible = userChanges.filter((change) => change !== (off ? 'disable' : 'enable'));
  for (const [index, change] of (may(role, 'act') ? sensible : []).entries()) {
    buttons.text(t(language, `button-user-${change}`), encode({ kind: 'user-do', change, found }));
    if (index === 1) buttons.row();
  }
  buttons
    .row()
    .text(t(language, 'button-refresh'), encode({ kind: 'user', found }))
    .text(t(language, 'button-back'), encode({ kind: 'panel', panel: handleOf(state.id), page: 0 }));
  const limit = user.limitBytes === null ? t(language, 'chat-user-endless') : bytes(user.limitBytes);
  const lines = [
    `<b>${escapeHtml(user.name)}</b> · ${escapeHtml(state.name)}`,
    html(language, 'chat-user-status', { status: user.rawStatus }),
    html(language, 'chat-user-expires', { at: when(user.expiresAt) }),
    html(language, 'chat-user-traffic', { used: bytes(user.usedBytes), limit }),
    html(language, 'chat-user-online', { at: when(user.onlineAt) }),
  ];
  return { text: lines.join('\n'), buttons };
}

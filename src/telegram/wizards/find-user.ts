import type { Conversation } from '@grammyjs/conversations';
import { type Context, InlineKeyboard } from 'grammy';
import type { Role } from '../../core/role.ts';
import { html, type Language, sayReason, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import type { Desk } from '../desk.ts';
import { handleOf } from '../panel-handle.ts';
import { shorten } from '../say.ts';
import { userScreen } from '../screens/panel-user.ts';
import { asHtml } from '../screens/show.ts';
import { typed } from './typed.ts';

/** More would not be looked through on a phone. */
const MOST = 8;
const longestName = 64;

type Answer = { readonly text: string; readonly keyboard: readonly (readonly { text: string; data: string }[])[] };

/** Asks for a user's name and shows who that is, or who it may be. Everything that is no answer goes on. */
export function findUserWizard(desk: Desk) {
  return async function findUser(
    conversation: Conversation<ChatContext, Context>,
    ctx: Context,
    panel: string,
    language: Language,
    role: Role,
    timezone: string,
  ): Promise<void> {
    const question = { text: t(language, 'chat-user-ask'), left: t(language, 'chat-user-left') };
    const answer = await typed(conversation, ctx, language, question);
    if (answer === null) return;
    const { reply, text } = answer;
    const found = await conversation.external(() =>
      find(desk, panel, text.trim().slice(0, longestName), { language, role, timezone }),
    );
    const buttons = InlineKeyboard.from(
      found.keyboard.map((row) => row.map(({ text, data }) => InlineKeyboard.text(text, data))),
    );
    await reply.reply(found.text, { ...asHtml, reply_markup: buttons });
  };
}

/** What to show, as plain data: the conversation keeps it. */
async function find(
  desk: Desk,
  panel: string,
  name: string,
  { language, role, timezone }: { readonly language: Language; readonly role: Role; readonly timezone: string },
): Promise<Answer> {
  const { panels, panelQuestions: questions, clock } = desk;
  const back = [{ text: t(language, 'button-back'), data: encode({ kind: 'panel', panel: handleOf(panel), page: 0 }) }];
  const state = panels.state(panel);
  const actions = panels.actions(panel);
  if (state === null || actions === null) return { text: t(language, 'chat-panel-gone'), keyboard: [back] };
  const asked = await actions.findUsers(name, MOST);
  if (!asked.ok) {
    const why = sayReason(language, asked.error.reason);
    return { text: html(language, 'chat-user-unasked', { why }), keyboard: [back] };
  }
  const [first, ...others] = asked.value;
  if (first === undefined) return { text: html(language, 'chat-user-none', { name }), keyboard: [back] };
  if (others.length > 0) {
    const rows = asked.value.map((user) => [
      { text: shorten(user.name, 40), data: encode({ kind: 'user', found: questions.remember({ panel, user }) }) },
    ]);
    return { text: html(language, 'chat-user-several', { name }), keyboard: [...rows, back] };
  }
  const found = questions.remember({ panel, user: first });
  const { text, buttons } = userScreen(language, role, { state, user: first, found }, clock(), timezone);
  const keyboard = buttons.inline_keyboard.map((row) =>
    row.map((button) => ({ text: button.text, data: 'callback_data' in button ? button.callback_data : '' })),
  );
  return { text, keyboard };
}

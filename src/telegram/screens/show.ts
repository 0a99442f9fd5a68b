import type { Menu } from '@grammyjs/menu';
import type { InlineKeyboard } from 'grammy';
import { html, t } from '../../i18n.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, findService } from '../desk.ts';
import { classify } from '../errors.ts';
import type { Job, MessageKey } from '../jobs.ts';
import { splitHtml } from '../split.ts';
import { alertScreen } from './alert-screen.ts';
import { alertsScreen } from './alerts.ts';
import { allScreen } from './all.ts';
import { auditScreen } from './audit.ts';
import { listText } from './list.ts';
import { readLog } from './log-reading.ts';
import { fewLines, logsText } from './logs.ts';
import type { Menus } from './menus.ts';
import { mutesScreen } from './mutes.ts';
import type { Place } from './place.ts';
import { serviceText } from './service.ts';
import { settingsText } from './settings.ts';

/** What all texts of ours are sent with. */
export const asHtml = { parse_mode: 'HTML', link_preview_options: { is_disabled: true } } as const;

export interface Show {
  /** Turns the message whose button was pressed into this screen; where there is none, sends it. */
  here(ctx: ChatContext, place: Place, header?: string): Promise<void>;
  /** Sends the screen as a new message. */
  anew(ctx: ChatContext, place: Place, header?: string): Promise<MessageKey>;
  /** Turns a known message into this screen. False: the message is gone. */
  into(ctx: ChatContext, key: MessageKey, place: Place, header?: string): Promise<boolean>;
}

interface Drawn {
  readonly text: string;
  readonly buttons: Menu<ChatContext> | InlineKeyboard;
}

/** Draws the screens: which text and which buttons belong to a place. `header`: HTML above a service's screen. */
export function createShow(desk: Desk, menus: () => Menus): Show {
  async function draw(ctx: ChatContext, place: Place, header: string | null): Promise<Drawn> {
    const { language } = ctx;
    ctx.place = place;
    switch (place.at) {
      case 'list': {
        const text = listText(language, desk.control.snapshot(), place.page, ctx.timezone);
        return { text: header === null ? text : `${header}\n\n${text}`, buttons: menus().list };
      }
      case 'settings':
        return { text: settingsText(ctx, desk), buttons: menus().settings };
      case 'all':
        return allScreen(ctx, desk);
      case 'alerts':
        return alertsScreen(ctx, desk, place.page);
      case 'alert':
        return alertScreen(ctx, desk, place.incident, place.page) ?? alertsScreen(ctx, desk, place.page);
      case 'audit':
        return auditScreen(ctx, desk, place.page);
      case 'mutes':
        return mutesScreen(ctx, desk, place.service);
      case 'service':
      case 'logs':
        return await drawService(ctx, place, header);
    }
  }

  async function drawService(
    ctx: ChatContext,
    place: Extract<Place, { at: 'service' | 'logs' }>,
    header: string | null,
  ): Promise<Drawn> {
    const { language } = ctx;
    const view = findService(desk, place.service);
    // Taken out of the configuration since the button was drawn.
    if (view === null)
      return await draw(ctx, { at: 'list', page: 0 }, html(language, 'chat-no-such', { name: place.service }));
    if (place.at === 'service') {
      const shown = header === null ? view : { ...view, operation: null };
      const mutes = desk.alerting.mutes();
      return {
        text: serviceText(language, shown, mutes, desk.clock(), ctx.timezone, header),
        buttons: menus().service,
      };
    }
    const lines = await readLog(desk, view.name, fewLines);
    if (lines === null)
      return { text: html(language, 'chat-logs-unread', { title: view.title }), buttons: menus().logs };
    const excerpt = { title: view.title, lines, pattern: null, messages: 1, now: desk.clock() };
    return { text: logsText(language, excerpt, ctx.timezone), buttons: menus().logs };
  }

  const show: Show = {
    async here(ctx, place, header) {
      const key = keyOf(ctx);
      if (key === null) {
        await show.anew(ctx, place, header);
        return;
      }
      const job = desk.jobs.at(key);
      const same = job !== null && place.at === 'service' && place.service === job.service;
      if (job !== null && !same) desk.jobs.leave(key);
      const shown = header ?? (same ? runningHeader(ctx, job, desk) : undefined);
      if (!(await show.into(ctx, key, place, shown))) await show.anew(ctx, place, shown);
    },

    async anew(ctx, place, header) {
      const { text, buttons } = await draw(ctx, place, header ?? null);
      const sent = await ctx.reply(oneMessage(text), { ...asHtml, reply_markup: buttons });
      return { chat: sent.chat.id, message: sent.message_id };
    },

    async into(ctx, key, place, header) {
      const { text, buttons } = await draw(ctx, place, header ?? null);
      const options = { ...asHtml, reply_markup: buttons };
      try {
        await ctx.api.editMessageText(key.chat, key.message, oneMessage(text), options);
      } catch (error) {
        const failure = classify(error);
        if (failure?.kind === 'message-gone') return false;
        if (failure?.kind !== 'not-modified') throw error;
      }
      return true;
    },
  };
  return show;
}

/** Screens are made to fit; whatever does not is cut rather than refused by Telegram. */
function oneMessage(text: string): string {
  return splitHtml(text)[0] ?? '…';
}

/** The message whose button was pressed. */
export function keyOf(ctx: ChatContext): MessageKey | null {
  const message = ctx.callbackQuery?.message;
  return message ? { chat: message.chat.id, message: message.message_id } : null;
}

/** Turns a known message (null: the one whose button was pressed) into this, or sends it where there is none. */
export async function replace(
  ctx: ChatContext,
  key: MessageKey | null,
  text: string,
  buttons: InlineKeyboard | null,
): Promise<void> {
  const options = { ...asHtml, ...(buttons === null ? {} : { reply_markup: buttons }) };
  const there = key ?? keyOf(ctx);
  if (there !== null)
    try {
      await ctx.api.editMessageText(there.chat, there.message, oneMessage(text), options);
      return;
    } catch (error) {
      const failure = classify(error);
      if (failure?.kind === 'not-modified') return;
      if (failure?.kind !== 'message-gone') throw error;
    }
  await ctx.reply(oneMessage(text), options);
}

export function runningHeader(ctx: ChatContext, job: Job, desk: Desk): string {
  const title = findService(desk, job.service)?.title ?? job.service;
  return `⏳ ${html(ctx.language, `chat-doing-${job.verb}`, { title, by: job.by })}`;
}

export function buttonText(ctx: ChatContext, key: string): string {
  return t(ctx.language, `button-${key}`);
}

import { Composer, InlineKeyboard } from 'grammy';
import { may } from '../../core/role.ts';
import { html, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, namedService, titlesOf } from '../desk.ts';
import { shorten } from '../say.ts';
import { endText } from '../screens/alert-buttons.ts';
import { statusText } from '../screens/list.ts';
import { readLog } from '../screens/log-reading.ts';
import { fewLines, logsText, matching, mostLines, searchDepth } from '../screens/logs.ts';
import type { Menus } from '../screens/menus.ts';
import { asHtml, buttonText, type Show } from '../screens/show.ts';
import { splitHtml } from '../split.ts';

/** `/logs` fills at most so many messages; what does not fit is left out from the start. */
const logMessages = 3;
/** `/status` has so many buttons that end a mute; `/mute` has them all. */
const mostUnmutes = 3;

/** What one can type. Everything else can be reached by taps from the menu. */
export function commands(desk: Desk, show: Show, menus: Menus): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  // The list of commands may have failed while the admin had not opened the chat yet.
  composer.on('message', async (ctx, next) => {
    if (ctx.chat.type === 'private') desk.jobs.run(desk.commandLists.update(ctx.visitor.id, ctx.language));
    await next();
  });

  composer.command(['start', 'menu'], (ctx) => show.anew(ctx, { at: 'list', page: 0 }).then(() => undefined));

  composer.command(['status', 'services', 'health'], (ctx) =>
    sendLong(ctx, statusText(ctx.language, desk.control.snapshot(), ctx.timezone), statusKeyboard(ctx, desk)),
  );

  composer.command('help', (ctx) => sendLong(ctx, t(ctx.language, 'chat-help'), menuKeyboard(ctx)));

  composer.command('settings', (ctx) => show.anew(ctx, { at: 'settings' }).then(() => undefined));

  composer.command('logs', async (ctx) => {
    const { services } = desk.control.snapshot();
    const [wanted, ...rest] = ctx.match.trim().split(/\s+/);
    const view = wanted ? namedService(services, wanted) : null;
    if (view === null) {
      const known = services.map(({ name }) => `<code>${name}</code>`).join(', ');
      const text = wanted
        ? html(ctx.language, 'chat-no-such', { name: shorten(wanted, 50) })
        : t(ctx.language, 'chat-logs-usage');
      await sendLong(ctx, `${text}\n${known}`, menuKeyboard(ctx));
      return;
    }
    const count = /^\d{1,9}$/.test(rest[0] ?? '') ? Number(rest.shift()) : fewLines;
    const pattern = rest.length > 0 ? rest.join(' ') : null;
    const most = Math.min(mostLines, Math.max(1, count));
    const lines = await readLog(desk, view.name, pattern === null ? most : searchDepth);
    if (lines === null) {
      await sendLong(ctx, html(ctx.language, 'chat-logs-unread', { title: view.title }), menuKeyboard(ctx));
      return;
    }
    const shown = (pattern === null ? lines : matching(lines, pattern)).slice(-most);
    const excerpt = { title: view.title, lines: shown, pattern, messages: logMessages, now: desk.clock() };
    ctx.place = { at: 'logs', service: view.name, page: 0 };
    await sendLong(ctx, logsText(ctx.language, excerpt, ctx.timezone), menus.logs);
  });

  return composer;
}

type Markup = NonNullable<NonNullable<Parameters<ChatContext['reply']>[1]>['reply_markup']>;

/** Sends a text of any length; the buttons stand under its end. */
async function sendLong(ctx: ChatContext, text: string, buttons: Markup): Promise<void> {
  const parts = splitHtml(text);
  for (const [index, part] of parts.entries())
    await ctx.reply(part, { ...asHtml, ...(index === parts.length - 1 && { reply_markup: buttons }) });
}

function menuKeyboard(ctx: ChatContext): InlineKeyboard {
  return new InlineKeyboard().text(buttonText(ctx, 'menu'), encode({ kind: 'menu' }));
}

/** What is muted can be ended right there; of many, the first to end by themselves can wait. */
function statusKeyboard(ctx: ChatContext, desk: Desk): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  const titleOf = titlesOf(desk.control.snapshot().services);
  for (const mute of may(ctx.visitor.role, 'act') ? desk.alerting.mutes().slice(-mostUnmutes) : [])
    keyboard.text(endText(ctx.language, mute, titleOf), encode({ kind: 'lift', mute: mute.id, target: '*' })).row();
  if (desk.panels.states().length > 0) keyboard.text(buttonText(ctx, 'panels'), encode({ kind: 'panels' })).row();
  return keyboard
    .text(buttonText(ctx, 'alerts'), encode({ kind: 'alerts', page: 0 }))
    .text(buttonText(ctx, 'menu'), encode({ kind: 'menu' }));
}

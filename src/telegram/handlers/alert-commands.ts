import { Composer, InlineKeyboard } from 'grammy';
import { type Mute, sameScope } from '../../core/mute.ts';
import { may } from '../../core/role.ts';
import type { ServiceView } from '../../core/snapshot.ts';
import { readTimeSpan } from '../../core/time-span.ts';
import { escapeHtml, html, sayReason, t } from '../../i18n.ts';
import { actorOf, scopeOf } from '../alert-actions.ts';
import { encode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, namedService, titlesOf } from '../desk.ts';
import { shorten } from '../say.ts';
import { endLabel } from '../screens/alert-buttons.ts';
import { muteLine } from '../screens/mute-line.ts';
import { asHtml, type Show } from '../screens/show.ts';
import { splitHtml } from '../split.ts';

/** `/mute shop 30m`: the word for every service, in both languages. */
const everything: readonly string[] = ['all', 'все', 'всё'];

/** What one can type about alerts. */
export function alertCommands(desk: Desk, show: Show): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();

  composer.command('alerts', (ctx) => show.anew(ctx, { at: 'alerts', page: 0 }).then(() => undefined));

  composer.command('audit', async (ctx) => {
    if (may(ctx.visitor.role, 'own')) await show.anew(ctx, { at: 'audit', page: 0 });
    else await ctx.reply(t(ctx.language, 'chat-owners-only'));
  });

  composer.command('mute', (ctx) => hush(ctx, 'mute', ctx.match));
  composer.command('maintenance', (ctx) => hush(ctx, 'maintenance', ctx.match));

  async function hush(ctx: ChatContext, kind: Mute['kind'], typed: string): Promise<void> {
    const { language, visitor } = ctx;
    const words = typed.trim().split(/\s+/).filter(Boolean);
    const [wanted] = words;
    if (wanted === undefined) {
      await show.anew(ctx, { at: 'mutes', service: null, page: 0 });
      return;
    }
    const { services } = desk.control.snapshot();
    const all = everything.includes(wanted.toLowerCase());
    const named = all ? null : longestName(services, words);
    if (!all && named === null) {
      const known = ['all', ...services.map(({ name }) => name)].map((name) => `<code>${escapeHtml(name)}</code>`);
      const text = `${html(language, 'chat-no-such', { name: shorten(wanted, 50) })}\n${usage(ctx, kind)}\n${known.join(', ')}`;
      await ctx.reply(splitHtml(text)[0] ?? '…', asHtml);
      return;
    }
    const rest = words.slice(named?.words ?? 1);
    const service = named?.name ?? null;
    if (rest.length === 0) {
      await show.anew(ctx, { at: 'mutes', service, page: 0 });
      return;
    }
    const span = readTimeSpan(rest.join(''));
    if (span === null) {
      await ctx.reply(usage(ctx, kind), asHtml);
      return;
    }
    if (!may(visitor.role, 'act')) {
      desk.log.info({ by: visitor, kind, service }, 'refused: a viewer may only look');
      await ctx.reply(t(language, 'chat-viewer'));
      return;
    }
    const now = desk.clock();
    const result = desk.alerting.mute(kind, [scopeOf(service)], now + span, actorOf(visitor));
    if (result.ok) await tell(ctx, kind, service);
    else await ctx.reply(`${html(language, 'chat-not-muted', { why: sayReason(language, result.reason) })}`, asHtml);
  }

  /** Says what is muted now, with the button that ends it. */
  async function tell(ctx: ChatContext, kind: Mute['kind'], service: string | null): Promise<void> {
    const begun = desk.alerting.mutes().find((mute) => mute.kind === kind && sameScope(mute.scope, scopeOf(service)));
    if (begun === undefined) return;
    const { services } = desk.control.snapshot();
    const keyboard = new InlineKeyboard().text(
      t(ctx.language, endLabel(begun)),
      encode({ kind: 'lift', mute: begun.id, target: service ?? '*' }),
    );
    const text = muteLine(ctx.language, begun, titlesOf(services), desk.clock(), ctx.timezone);
    await ctx.reply(text, { ...asHtml, reply_markup: keyboard });
  }

  return composer;
}

/** The service that the first words name; a title may be several. */
function longestName(services: readonly ServiceView[], words: readonly string[]) {
  for (let count = words.length; count > 0; count--) {
    const view = namedService(services, words.slice(0, count).join(' '));
    if (view !== null) return { name: view.name, words: count };
  }
  return null;
}

function usage(ctx: ChatContext, kind: Mute['kind']): string {
  return t(ctx.language, `chat-usage-${kind}`);
}

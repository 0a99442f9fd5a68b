import { Composer } from 'grammy';
import type { StoreRef } from '../../core/stores.ts';
import { escapeHtml, sayReason, t } from '../../i18n.ts';
import { answer } from '../answer.ts';
import type { CacheActions } from '../cache-actions.ts';
import type { CacheQuestions } from '../cache-questions.ts';
import { type CallbackData, decode, encode } from '../callback-data.ts';
import type { ChartActions } from '../chart-actions.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, namedService } from '../desk.ts';
import type { Glances } from '../glances.ts';
import { handleOf } from '../panel-handle.ts';
import { shorten } from '../say.ts';
import { firstRange } from '../screens/chart.ts';
import { type DatabasePart, databaseScreen } from '../screens/database.ts';
import { type RedisPart, redisScreen, signOf } from '../screens/redis.ts';
import { shopScreen } from '../screens/shop.ts';
import { asHtml } from '../screens/show.ts';
import { noAnswerScreen, type StoreScreen, storesScreen } from '../screens/stores.ts';

/** What the Clear button offers; the rest can be typed. */
const OFFERED = 8;
/** Who wants to clear waits no longer than this for the patterns, ms: a pattern can be typed without them. */
const PATTERNS_WITHIN = 3000;

/** Leads to the screens of Redis, PostgreSQL and the shop; a single store is shown at once, of several one is chosen. */
export function createStoreScreens(desk: Desk, glances: Glances) {
  const { stores } = desk;

  async function lookRedis(ctx: ChatContext, refs: readonly StoreRef[], part: RedisPart): Promise<StoreScreen> {
    const { language, visitor, timezone } = ctx;
    const [ref] = refs;
    if (ref === undefined || refs.length > 1) return storesScreen(language, 'redis', refs);
    const found = await stores.redis(ref.id);
    return found.ok
      ? redisScreen(language, visitor.role, { ref, details: found.value, part }, timezone)
      : noAnswerScreen(
          language,
          ref.title,
          found.reason,
          { kind: 'redis', part, store: handleOf(ref.id) },
          ref.service,
        );
  }

  async function lookDatabase({ language, timezone }: ChatContext, refs: readonly StoreRef[], part: DatabasePart) {
    const [ref] = refs;
    if (ref === undefined || refs.length > 1) return storesScreen(language, 'db', refs);
    const found = await stores.database(ref.id);
    return found.ok
      ? databaseScreen(language, { ref, details: found.value, part }, timezone)
      : noAnswerScreen(language, ref.title, found.reason, { kind: 'db', part, store: handleOf(ref.id) }, ref.service);
  }

  async function lookShop({ language }: ChatContext): Promise<StoreScreen> {
    const found = await stores.shop(0);
    return found.ok
      ? shopScreen(language, found.value)
      : noAnswerScreen(language, t(language, 'chat-shop'), found.reason, { kind: 'shop' }, null);
  }

  const redis = (ctx: ChatContext, refs: readonly StoreRef[], part: RedisPart = 'overview') =>
    glances.show(ctx, () => lookRedis(ctx, refs, part));
  const database = (ctx: ChatContext, refs: readonly StoreRef[], part: DatabasePart = 'overview') =>
    glances.show(ctx, () => lookDatabase(ctx, refs, part));
  /** Those that are meant; all of them where there is none of that kind (any more). */
  const those = (refs: readonly StoreRef[], isMeant: (ref: StoreRef) => boolean) => {
    const found = refs.filter(isMeant);
    return found.length === 0 ? refs : found;
  };
  const of = (service: string | null) => (ref: StoreRef) => service === null || ref.service === service;
  const at = (handle: string) => (ref: StoreRef) => handleOf(ref.id) === handle;

  return {
    redis: (ctx: ChatContext, service: string | null) => redis(ctx, those(stores.redises(), of(service))),
    database: (ctx: ChatContext, service: string | null) => database(ctx, those(stores.databases(), of(service))),
    redisPart: (ctx: ChatContext, handle: string, part: RedisPart) =>
      redis(ctx, those(stores.redises(), at(handle)), part),
    databasePart: (ctx: ChatContext, handle: string, part: DatabasePart) =>
      database(ctx, those(stores.databases(), at(handle)), part),
    shop: (ctx: ChatContext) => glances.show(ctx, () => lookShop(ctx)),
  };
}

export interface StoreHandlers {
  readonly desk: Desk;
  readonly screens: ReturnType<typeof createStoreScreens>;
  readonly charts: ChartActions;
  readonly acts: CacheActions;
  readonly questions: CacheQuestions;
}

/** `/cache`, `/db`, `/users`, and everything that can be reached from there. */
export function storeScreens({ desk, screens, charts, acts, questions }: StoreHandlers): Composer<ChatContext> {
  const { stores } = desk;
  const composer = new Composer<ChatContext>();
  const named = (typed: string) =>
    typed.trim() === '' ? null : (namedService(desk.control.snapshot().services, typed.trim())?.name ?? null);

  composer.command('cache', (ctx) => screens.redis(ctx, named(ctx.match)));
  composer.command('db', (ctx) => screens.database(ctx, named(ctx.match)));
  composer.command('users', (ctx) => screens.shop(ctx));

  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    if (data === null || !(await handle(ctx, data))) await next();
  });

  /** False: not a button of these screens. */
  async function handle(ctx: ChatContext, data: CallbackData): Promise<boolean> {
    switch (data.kind) {
      case 'redises':
        if (await answer(ctx)) screens.redis(ctx, null);
        return true;
      case 'redis':
        if (await answer(ctx)) screens.redisPart(ctx, data.store, data.part);
        return true;
      case 'databases':
        if (await answer(ctx)) screens.database(ctx, null);
        return true;
      case 'db':
        if (await answer(ctx)) screens.databasePart(ctx, data.store, data.part);
        return true;
      case 'shop':
        if (await answer(ctx)) screens.shop(ctx);
        return true;
      case 'draw':
        if (await answer(ctx)) charts.send(ctx, { service: data.service, which: data.which, range: firstRange });
        return true;
      case 'clear':
        if ((await acts.allowed(ctx)) && (await answer(ctx))) await offer(ctx, data.store);
        return true;
      case 'clear-pick':
        if (await acts.allowed(ctx)) await pick(ctx, data.offer, data.row);
        return true;
      case 'clear-yes':
        await acts.confirm(ctx, data.nonce);
        return true;
      case 'clear-type': {
        const question = await acts.asked(ctx, data.nonce);
        if (question === null || !(await acts.allowed(ctx)) || !(await answer(ctx))) return true;
        await ctx.conversation.exit('type-count');
        await ctx.conversation.enter('type-count', { nonce: question.nonce, subject: question.subject }, ctx.language);
        return true;
      }
      case 'clear-no':
        await acts.cancel(ctx, data.nonce);
        return true;
      case 'clear-stop':
        await acts.stop(ctx, data.run);
        return true;
      default:
        return false;
    }
  }

  /** Asks what to clear, with the patterns that are there to choose from. */
  async function offer(ctx: ChatContext, handle: string): Promise<void> {
    const ref = stores.redises().find(({ id }) => handleOf(id) === handle);
    if (ref === undefined) return screens.redis(ctx, null);
    const sample = await stores.caches.patterns(ref.id, AbortSignal.timeout(PATTERNS_WITHIN));
    if (!sample.ok) {
      await ctx.reply(`❌ ${escapeHtml(sayReason(ctx.language, sample.reason))}`, asHtml);
      return;
    }
    const shown = sample.value.patterns.slice(0, OFFERED);
    const nonce = questions.offer({ store: ref.id, patterns: shown.map(({ pattern }) => pattern) });
    const offered = shown.map(({ pattern, keys }, row) => ({
      label: t(ctx.language, 'button-pattern', { pattern: shorten(pattern, 30), keys, sign: signOf(sample.value) }),
      data: encode({ kind: 'clear-pick', offer: nonce, row }),
    }));
    await ctx.conversation.exit('clear-cache');
    await ctx.conversation.enter('clear-cache', ref, offered, ctx.language);
  }

  async function pick(ctx: ChatContext, nonce: string, row: number): Promise<void> {
    const known = questions.offered(nonce);
    const ref = stores.redises().find(({ id }) => id === known?.store);
    const pattern = known?.patterns[row];
    if (ref === undefined || pattern === undefined) {
      await answer(ctx, t(ctx.language, 'chat-question-stale'), true);
      return;
    }
    if (!(await answer(ctx))) return;
    await ctx.conversation.exit('clear-cache');
    acts.count(ctx, ref, pattern);
  }

  return composer;
}

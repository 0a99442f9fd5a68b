import { InlineKeyboard } from 'grammy';
import { type Reason, reason } from '../core/reason.ts';
import { may } from '../core/role.ts';
import type { Actor } from '../core/snapshot.ts';
import type { ClearResult, CountedKeys, OnProgress, StoreRef } from '../core/stores.ts';
import { escapeHtml, html, type Language, sayReason, t } from '../i18n.ts';
import { answer } from './answer.ts';
import { inBackground } from './background.ts';
import type { CacheQuestions } from './cache-questions.ts';
import { type CallbackData, encode } from './callback-data.ts';
import { createConfirmations, type Question } from './confirmations.ts';
import type { ChatContext, Visitor } from './context.ts';
import type { Desk } from './desk.ts';
import { editOrSend } from './edit-or-send.ts';
import { mayAct } from './may-act.ts';
import { owned } from './owned.ts';
import { handleOf } from './panel-handle.ts';
import { persist } from './persist.ts';
import { createProgress } from './progress.ts';
import { sayDuration, shorten } from './say.ts';
import { asHtml, keyOf } from './screens/show.ts';
import { sayPercent } from './screens/stores.ts';

/** A question whether what was counted is to go. */
export type Asked = Pick<Question<CountedKeys>, 'nonce' | 'subject'>;

/** Clearing a cache, from the pattern to the result: who may, the count, the question, the progress. */
export interface CacheActions {
  /** Whether this person may clear a cache; else says why not. */
  allowed(ctx: ChatContext): Promise<boolean>;
  /** Counts what a pattern covers and asks. In the message whose button was pressed, else in a new one. */
  count(ctx: ChatContext, store: StoreRef, pattern: string): void;
  /** The answers to the question; `typed`: the count as an owner typed it. */
  confirm(ctx: ChatContext, nonce: string): Promise<void>;
  confirmTyped(ctx: ChatContext, question: Asked, typed: number): void;
  cancel(ctx: ChatContext, nonce: string): Promise<void>;
  /** The question that this person may answer now; else says why not, and null. */
  asked(ctx: ChatContext, nonce: string): Promise<Asked | null>;
  stop(ctx: ChatContext, run: string): Promise<void>;
}

const LONGEST_PATTERN = 60;
const LONGEST_EXAMPLE = 50;

export function createCacheActions(desk: Desk, questions: CacheQuestions): CacheActions {
  const { caches } = desk.stores;
  const confirmations = createConfirmations<CountedKeys>(desk.clock);

  const allowed = (ctx: ChatContext) => mayAct(ctx, desk.log);

  /**
   * Does something long in one message, that of the pressed button or a new one: says how far it is, has a button that
   * stops it, and ends with what `work` makes of it.
   */
  function atWork(
    ctx: ChatContext,
    sayStep: (done: string, of: string) => string,
    work: (signal: AbortSignal, step: OnProgress) => Promise<Said>,
  ): void {
    const { language, api } = ctx;
    inBackground(desk, 'the end of clearing a cache', async () => {
      const { run, signal, end } = questions.begin();
      const stopping = new InlineKeyboard().text(t(language, 'button-clear-stop'), encode({ kind: 'clear-stop', run }));
      const number = (value: number) => t(language, 'say-count', { n: value });
      try {
        const key = await editOrSend(ctx, keyOf(ctx), sayStep('0', '…'), { ...asHtml, reply_markup: stopping });
        const progress = createProgress(desk, (done, of) =>
          api.editMessageText(key.chat, key.message, sayStep(number(done), number(of)), {
            ...asHtml,
            reply_markup: stopping,
          }),
        );
        const said = await work(AbortSignal.any([signal, desk.stopping]), progress.step);
        await progress.done();
        const options = { ...asHtml, reply_markup: said.buttons };
        await persist(async () => void (await editOrSend(ctx, key, said.text, options)), desk.stopping);
      } finally {
        end();
      }
    });
  }

  function count(ctx: ChatContext, store: StoreRef, pattern: string): void {
    const { language, visitor } = ctx;
    const args = { pattern: shorten(pattern, LONGEST_PATTERN), title: store.title };
    const sayStep = (done: string, of: string) => `⏳ ${html(language, 'chat-cache-counting', { ...args, done, of })}`;
    atWork(ctx, sayStep, async (signal, step) => {
      const counted = await caches.count(store.id, pattern, actorOf(visitor), signal, step);
      if (signal.aborted) return said(language, store, `⏹ ${html(language, 'chat-cache-not-counted', args)}`);
      if (!counted.ok) return refused(language, store, counted.reason);
      if (counted.value.matching === 0) return said(language, store, html(language, 'chat-cache-nothing', args));
      return await ask(language, visitor, counted.value);
    });
  }

  async function ask(language: Language, visitor: Visitor, counted: CountedKeys): Promise<Said> {
    const { id, store, pattern, matching, total, percent, examples, needsCount } = counted;
    if (needsCount && !may(visitor.role, 'own')) {
      // Refused where everything is, so that it is audited.
      const result = await caches.clear(id, { by: actorOf(visitor), confirmedCount: null, ...unheard });
      return refused(language, store, result.ok ? reason('cache-count-gone') : result.reason);
    }
    const { nonce } = confirmations.ask(counted, visitor);
    const share = sayPercent(language, percent);
    const text = [
      `❓ <b>${html(language, 'chat-cache-ask', { matching, title: store.title })}</b>`,
      html(language, 'chat-cache-covers', { pattern: shorten(pattern, LONGEST_PATTERN), total, share }),
      ...examples.map((key) => `  <code>${escapeHtml(shorten(key, LONGEST_EXAMPLE))}</code>`),
      ...(needsCount ? [`⚠️ ${html(language, 'chat-cache-most')}`] : []),
      html(language, 'chat-panel-owner', { by: visitor.name }),
    ].join('\n');
    const buttons = new InlineKeyboard();
    if (needsCount) buttons.text(t(language, 'button-clear-type'), encode({ kind: 'clear-type', nonce }));
    else buttons.text(t(language, 'button-clear-yes', { matching }), encode({ kind: 'clear-yes', nonce }));
    buttons.text(t(language, 'button-cancel'), encode({ kind: 'clear-no', nonce }));
    return { text, buttons };
  }

  function clear(ctx: ChatContext, { nonce, subject }: Asked, confirmedCount: number | null): void {
    const { language, visitor } = ctx;
    const { id, store, matching } = subject;
    const args = { pattern: shorten(subject.pattern, LONGEST_PATTERN), title: store.title };
    confirmations.close(nonce);
    const sayStep = (done: string, of: string) => `⏳ ${html(language, 'chat-cache-clearing', { ...args, done, of })}`;
    atWork(ctx, sayStep, async (signal, onProgress) => {
      const result = await caches.clear(id, { by: actorOf(visitor), confirmedCount, signal, onProgress });
      return said(language, store, resultText(language, result, { ...args, matching, by: visitor.name }));
    });
  }

  const asked = (ctx: ChatContext, nonce: string) =>
    owned(ctx, confirmations, nonce, async () => {
      const buttons = new InlineKeyboard().text(t(ctx.language, 'button-redis'), encode({ kind: 'redises' }));
      await ctx.editMessageText(html(ctx.language, 'chat-cache-left'), { ...asHtml, reply_markup: buttons });
    });

  return {
    allowed,
    count,
    asked,
    async confirm(ctx, nonce) {
      const question = await asked(ctx, nonce);
      if (question !== null && (await allowed(ctx)) && (await answer(ctx))) clear(ctx, question, null);
    },
    confirmTyped(ctx, question, typed) {
      if (may(ctx.visitor.role, 'own')) clear(ctx, question, typed);
    },
    async cancel(ctx, nonce) {
      const question = await asked(ctx, nonce);
      if (question === null || !(await answer(ctx, t(ctx.language, 'chat-cancelled')))) return;
      confirmations.close(nonce);
      const { text, buttons } = said(ctx.language, question.subject.store, html(ctx.language, 'chat-cache-left'));
      await ctx.editMessageText(text, { ...asHtml, reply_markup: buttons });
    },
    async stop(ctx, run) {
      if (!(await allowed(ctx))) return;
      const stopped = questions.stop(run);
      await answer(ctx, t(ctx.language, stopped ? 'chat-cache-stopping' : 'chat-cache-over'));
    },
  };
}

interface Said {
  readonly text: string;
  readonly buttons: InlineKeyboard;
}

/** For what is sure to be refused. */
const unheard = { signal: AbortSignal.abort(), onProgress: () => undefined } as const;

function actorOf(visitor: Visitor): Actor {
  return { kind: 'telegram', id: String(visitor.id), name: visitor.name };
}

function said(language: Language, { id }: StoreRef, text: string): Said {
  const store = handleOf(id);
  const back: CallbackData = { kind: 'redis', part: 'overview', store };
  const buttons = new InlineKeyboard()
    .text(t(language, 'button-clear-again'), encode({ kind: 'clear', store }))
    .text(t(language, 'button-back'), encode(back));
  return { text, buttons };
}

function refused(language: Language, store: StoreRef, why: Reason): Said {
  return said(language, store, `❌ ${escapeHtml(sayReason(language, why))}`);
}

function resultText(
  language: Language,
  result: ClearResult,
  args: Readonly<Record<'pattern' | 'title' | 'by', string>> & { readonly matching: number },
): string {
  const { removed } = result;
  const took = sayDuration(language, result.took);
  if (!result.ok)
    return `❌ ${html(language, 'chat-cache-failed', { ...args, removed, took, why: sayReason(language, result.reason) })}`;
  return result.stopped
    ? `⏹ ${html(language, 'chat-cache-stopped', { ...args, removed, took })}`
    : `✅ ${html(language, 'chat-cache-cleared', { ...args, removed, took })}`;
}

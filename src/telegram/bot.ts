import { conversations, createConversation } from '@grammyjs/conversations';
import { sequentialize } from '@grammyjs/runner';
import { Api, Bot } from 'grammy';
import { t } from '../i18n.ts';
import { createAccess } from './access.ts';
import { createActions } from './actions.ts';
import { createAlertActions } from './alert-actions.ts';
import { createAllActions } from './all-actions.ts';
import { within } from './backoff.ts';
import { createCacheActions } from './cache-actions.ts';
import { createCacheQuestions } from './cache-questions.ts';
import { encode } from './callback-data.ts';
import { createChartActions } from './chart-actions.ts';
import { createClient } from './client.ts';
import { createCommandLists } from './commands.ts';
import type { ChatContext } from './context.ts';
import { type Desk, titlesOf } from './desk.ts';
import { createDigestActions } from './digest-actions.ts';
import { createErrorHandler } from './error-handler.ts';
import { createGlances } from './glances.ts';
import { alertButtons } from './handlers/alert-buttons.ts';
import { alertCommands } from './handlers/alert-commands.ts';
import { ownButtons } from './handlers/buttons.ts';
import { charts } from './handlers/charts.ts';
import { commands } from './handlers/commands.ts';
import { everythingElse } from './handlers/everything-else.ts';
import { panelScreens } from './handlers/panels.ts';
import { createStoreScreens, storeScreens } from './handlers/stores.ts';
import { createTopScreen, topButtons } from './handlers/top.ts';
import { wideButtons } from './handlers/wide-buttons.ts';
import { createJobs } from './jobs.ts';
import { createPanelActs } from './panel-actions.ts';
import { panelCharts } from './panel-charts.ts';
import { createPanelQuestions } from './panel-questions.ts';
import { patience } from './patience.ts';
import { createPolling } from './polling.ts';
import { createPreferenceBook } from './preference-book.ts';
import { createReloadActions } from './reload-actions.ts';
import { lateLines } from './screens/alert.ts';
import { alertOf, recoveryOf } from './screens/alert-group.ts';
import { firstDashboardRange, firstRange, usual } from './screens/chart.ts';
import { digestText } from './screens/digest.ts';
import { createMenus, type Menus } from './screens/menus.ts';
import { panelsScreen } from './screens/panels.ts';
import { asHtml, createShow } from './screens/show.ts';
import { splitHtml } from './split.ts';
import type { Telegram, TelegramOptions } from './telegram.ts';
import { defaultTiming } from './timing.ts';
import { createTransport } from './transport.ts';
import { clearCacheWizard, typeCountWizard } from './wizards/clear-cache.ts';
import { findUserWizard } from './wizards/find-user.ts';
import { questionMemory } from './wizards/memory.ts';
import { searchPatience, searchWizard } from './wizards/search.ts';

export type { Admin, IncidentNotice, Rendered, Telegram, TelegramOptions } from './telegram.ts';

/** Rebuilds in a row that did not help; each took three poll windows. */
const STALLS_UNTIL_STUCK = 3;

/** The manager's side of Telegram: what admins see and do there, and the way alerts take to them. */
export function createTelegram(options: TelegramOptions): Telegram {
  const { token, control, alerting, settings, clock, version, admins } = options;
  const log = options.log.child({ part: 'telegram' });
  const timing = { ...defaultTiming, ...options.timing };
  const stopping = new AbortController();

  // Polling, sending and talking each have their own Api: what is right for one (long waits, retries) is wrong for another.
  const pollClient = createClient(options, timing.pollRequest);
  const { options: client } = createClient(options, timing.request);
  const bot = new Bot<ChatContext>(token, { client });
  bot.api.config.use(patience(stopping.signal));

  const access = createAccess({ ...options, log });
  const commandLists = createCommandLists(bot.api, settings, log);
  const jobs = createJobs(log);
  const desk: Desk = {
    ...{ control, alerting, clock, version, log, access, commandLists, jobs, reload: options.reload },
    incidentsIn: options.incidentsIn,
    panels: options.panels,
    stores: options.stores,
    top: options.top,
    panelQuestions: createPanelQuestions(clock),
    auditPanel: options.auditPanel,
    history: options.history,
    pictures: options.pictures,
    panelPictures: options.panelPictures,
    digests: options.digests,
    preferences: createPreferenceBook(options),
    stopping: stopping.signal,
  };
  const show = createShow(desk, () => menus);
  const actions = createActions(desk, show);
  const allActions = createAllActions(desk, show);
  const reloadActions = createReloadActions(desk, show);
  const alertActions = createAlertActions(desk, show);
  const chartActions = createChartActions(desk);
  const glances = createGlances(desk);
  const stores = createStoreScreens(desk, glances);
  const top = createTopScreen(desk, glances);
  const cacheQuestions = createCacheQuestions();
  const cacheActions = createCacheActions(desk, cacheQuestions);
  const sendDigest = createDigestActions(desk);
  const menus: Menus = createMenus(desk, {
    show: show.here,
    act: (ctx, service, verb) => actions.press(ctx, service, verb, 'here'),
    unmute: alertActions.unmuteScope,
    reload: reloadActions.look,
    chart: (ctx, service) =>
      chartActions.send(ctx, { service, which: usual, range: service === null ? firstDashboardRange : firstRange }),
    digest: sendDigest,
    async panels(ctx) {
      const { text, buttons } = panelsScreen(ctx, desk.panels);
      await ctx.reply(splitHtml(text)[0] ?? '…', { ...asHtml, reply_markup: buttons });
    },
    redis: stores.redis,
    database: stores.database,
    shop: stores.shop,
    top,
    async search(ctx, service) {
      await ctx.conversation.exit('search');
      await ctx.conversation.enter('search', service, ctx.language, ctx.timezone);
    },
  });

  bot.use(sequentialize((ctx) => String(ctx.chatId ?? ctx.from?.id ?? '')));
  bot.use(access.gate);
  bot.on('callback_query', (ctx, next) => {
    glances.leave(ctx);
    return next();
  });
  bot.use(conversations({ storage: questionMemory() }));
  const asking = { parallel: true, maxMillisecondsToWait: searchPatience } as const;
  bot.use(createConversation(searchWizard(desk), { ...asking, id: 'search' }));
  bot.use(createConversation(findUserWizard(desk), { ...asking, id: 'find-user' }));
  bot.use(createConversation(clearCacheWizard(cacheActions), { ...asking, id: 'clear-cache' }));
  bot.use(createConversation(typeCountWizard(cacheActions), { ...asking, id: 'type-count' }));
  bot.use(menus.list);
  bot.use(commands(desk, show, menus));
  bot.use(alertCommands(desk, show));
  bot.command('digest', (ctx) => sendDigest(ctx));
  bot.use(ownButtons(show, actions));
  bot.use(wideButtons(show, allActions, reloadActions));
  bot.use(alertButtons(show, alertActions));
  bot.use(charts(desk, chartActions));
  bot.use(panelCharts(desk));
  bot.use(panelScreens(desk, createPanelActs(desk)));
  bot.use(storeScreens({ desk, screens: stores, charts: chartActions, acts: cacheActions, questions: cacheQuestions }));
  bot.use(topButtons(top));
  bot.use(everythingElse(show));
  const onError = createErrorHandler(desk);
  bot.catch(onError);

  const probe = new Api(token, client);
  const polling = createPolling({
    api: new Api(token, pollClient.options),
    ...{ timing, clock, log, onError, onState: options.onState },
    handle: (update) => bot.handleUpdate(update),
    onStall(times) {
      if (times >= STALLS_UNTIL_STUCK) jobs.run(tellIfStuck());
    },
    onContact(me) {
      bot.botInfo = me;
      jobs.run(offerCommands());
    },
  });

  /** Telegram answers everything but polls: what is broken is in here, and only a new process is surely without it. */
  async function tellIfStuck(): Promise<void> {
    const answers = await probe.getMe().then(
      () => true,
      () => false,
    );
    if (answers && !stopping.signal.aborted) options.onStuck();
  }

  async function offerCommands(): Promise<void> {
    await commandLists.hideFromStrangers();
    for (const { id } of admins) await commandLists.update(id, access.languageOf(id));
  }

  let stopped: Promise<void> | null = null;
  async function stop(): Promise<void> {
    stopping.abort();
    const done = await within(timing.handlerGrace, Promise.all([polling.stop(), jobs.idle()]));
    if (!done) log.warn('what the chat was still doing was left behind');
    pollClient.hangUp();
  }

  return {
    start: polling.start,
    firstContact: polling.firstContact,
    transport: createTransport({ api: new Api(token, client), clock, onUnauthorized: polling.unauthorized }),
    renderIncidents: (language, notices, role, where) => alertOf(language, notices, where, role),
    renderRecovery: recoveryOf,
    renderDigest(language, digest, late, timezone) {
      const titleOf = titlesOf(control.snapshot().services);
      const text = digestText(language, digest, titleOf, clock(), timezone);
      const buttons = [{ text: t(language, 'button-alerts'), data: encode({ kind: 'show-alerts' }) }];
      return { text: [text, ...lateLines(language, late)].join('\n'), buttons: [buttons] };
    },
    languageOf: access.languageOf,
    timezoneOf: access.timezoneOf,
    stop: () => (stopped ??= stop()),
    lastPollAt: polling.lastPollAt,
  };
}

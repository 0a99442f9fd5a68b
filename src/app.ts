import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { createTop } from './checks/host-top.ts';
import { ControlSocketError, createControlServer, refuseIfTaken } from './cli/control-server.ts';
import { socketName } from './cli/protocol.ts';
import { createStoreAnswers } from './cli/store-protocol.ts';
import { diffConfig } from './config/diff.ts';
import type { Config } from './config/schema.ts';
import { panelService } from './core/incident.ts';
import { type Reason, reason } from './core/reason.ts';
import type { Reload } from './core/reload.ts';
import type { TelegramView } from './core/snapshot.ts';
import type { HostTop } from './core/top.ts';
import { createLogRounds } from './drivers/log-rounds.ts';
import { bootId } from './drivers/proctree.ts';
import { straysIn } from './drivers/stray.ts';
import type { Logger } from './logger.ts';
import { createAnnouncer } from './outbox/announce.ts';
import type { OutboxTable } from './store/outbox.ts';
import { createAlerting } from './supervisor/alerting.ts';
import { createCheckLoop } from './supervisor/check-loop.ts';
import { createControl } from './supervisor/control.ts';
import { createDelivery } from './supervisor/delivery.ts';
import { createHeartbeat } from './supervisor/heartbeat.ts';
import { createHistoryWatch } from './supervisor/history-watch.ts';
import { createHold } from './supervisor/hold.ts';
import { createLedger } from './supervisor/ledger.ts';
import { createLife } from './supervisor/life.ts';
import type { Managed } from './supervisor/managed.ts';
import { createMonitor } from './supervisor/monitor.ts';
import { createReload, type Reading } from './supervisor/reload.ts';
import { createScheduler } from './supervisor/scheduler.ts';
import { createSchedules } from './supervisor/schedules.ts';
import { createStandings } from './supervisor/standings.ts';
import { createWindows } from './supervisor/windows.ts';
import type { Timing } from './telegram/timing.ts';
import { allRecipients, handsOver, otherChannels, recipientsOf } from './wiring/channels.ts';
import type { Chat } from './wiring/chat.ts';
import { createDigestsOfApp } from './wiring/digests.ts';
import { startHttp } from './wiring/http.ts';
import { createLinkOfApp } from './wiring/link.ts';
import { createLiveness } from './wiring/liveness.ts';
import { createPanelsOfApp } from './wiring/panels.ts';
import { createPicturesOfApp } from './wiring/pictures.ts';
import { createBuilder } from './wiring/services.ts';
import { createStores } from './wiring/stores.ts';
import { openTables } from './wiring/tables.ts';

export interface AppOptions {
  readonly log: Logger;
  readonly version: string;
  /** Reads the configuration again, for a reload. */
  readonly read: () => Reading;
  /** Epoch ms. */
  readonly clock?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
  /** How patient the chat's poller is; only tests change it. */
  readonly timing?: Partial<Timing>;
}

export interface App {
  /** Resolves with the process's exit code when the app ends by itself or was stopped. */
  readonly exited: Promise<number>;
  /** Where the HTTP endpoint listens; null: none, or its port is taken. */
  readonly httpPort: number | null;
  readonly reload: Reload;
  /** Lets go of everything; services keep running. Idempotent. */
  stop(why: string): Promise<void>;
}

/** Exit codes of `orbit run`. */
const EXIT_OK = 0;
const EXIT_CANNOT_START = 1;
export const EXIT_WRONG_TOKEN = 2;
/** The poller is stuck: the service manager is asked for a new process (EX_TEMPFAIL of sysexits.h). */
const EXIT_STUCK = 75;

/** A restart for the poller's sake that did not help does not help more often. */
const STUCK_AT_MOST_EVERY_MS = 3600_000;
const STUCK_KEY = 'manager:stuck';

/** What is on its way to Telegram gets this long at the end; the rest waits for the next manager. */
const LAST_WORDS_MS = 3000;

/** Builds every part, wires it, starts it. Start and stop order stand here and nowhere else. */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { log, version, clock = Date.now, random = Math.random } = options;
  const startedAt = clock();

  const controlPath = join(config.data_dir, socketName);
  await refuseIfTaken(controlPath);
  const tables = openTables(config, clock, log);
  const { store, settings, audit, mutes, samples } = tables;

  const link = createLinkOfApp({
    ...{ config, settings, clock },
    services: () => reload.config().services,
    panels: () => panels.fleet.states(),
  });
  const { build, rebuild } = createBuilder({
    ...{ config, settings, table: tables.services, guard: link.guard, clock, random },
    panels: () => panels.fleet,
    isConfigured: (name) => services.has(name),
  });
  const services = new Map<string, Managed>();
  for (const service of config.services) services.set(service.name, await build(service));

  const recipients = () => allRecipients(config, settings, () => delivery.takenOver());
  const owners = config.admins.filter((admin) => admin.role === 'owner').map((admin) => String(admin.id));
  const announcer = createAnnouncer(tables.outbox, recipients, clock, store.attempt);
  const ledger = createLedger({
    store,
    table: tables.incidents,
    makeRoom: tables.reserve.giveUp,
    announce: announcer.change,
    announced: () => chat?.outbox.added(),
    needs: (name) => services.get(name)?.config.depends_on ?? [],
    rules: () => ({ ...reload.config().monitoring.alerts, channels: handsOver(config) }),
    clock,
    log,
  });
  const panels = createPanelsOfApp({
    ...{ config, store, ledger, samples, settings, audit, clock, random, log },
    services: () => reload.config().services,
    restart: (service, by) => control.act(service, 'restart', by),
    isOffline: link.isOffline,
  });
  const alerting = createAlerting({
    ...{ store, ledger, mutes, audit, clock },
    incidents: tables.incidents,
    serviceExists: (name) => services.has(name),
    reconsider: () => chat?.outbox.reconsider(),
  });
  const hold = createHold({ services, mutes: mutes.active, clock });
  const monitor = createMonitor({
    services,
    serviceTable: tables.services,
    samples,
    ledger,
    holdsStart: hold.on,
    clock,
    random,
    log,
  });
  /** Loaded when the services have been seen to; what is to be told meanwhile waits in the outbox's table. */
  let chat: Chat | null = null;
  const telegramView = (): TelegramView => chat?.view() ?? notYetOpen(tables.outbox, startedAt);

  const control = createControl({
    services,
    monitor,
    ledger,
    audit,
    mutes: mutes.active,
    hold,
    telegram: telegramView,
    host: hostname(),
    version,
    clock,
    log,
  });

  const standings = createStandings({
    ...{ table: tables.stretches, services, mutes: mutes.active, clock, log },
  });

  const reload = createReload({
    ...{ config, services, build, rebuild, monitor, control, ledger, audit, clock, log },
    read: options.read,
    diff: diffConfig,
  });

  const { pictures, panelPictures } = createPicturesOfApp({
    ...{ config, history: samples.history, clock, log },
    services: () => control.snapshot().services,
  });
  const stores = createStores({
    ...{ services, audit, clock },
    shopUrl: config.shop.database_url,
    timezone: config.monitoring.timezone,
  });
  const top: HostTop = {
    isOn: (name) => services.get(name)?.config.checks.some(({ type }) => type === 'host') ?? false,
    measure: createTop({ services: () => control.snapshot().services, clock }),
  };
  const { digests, ...digestClock } = createDigestsOfApp({
    ...{ store, settings, incidents: tables.incidents, standings, pictures, announcer, clock, log },
    config: () => reload.config(),
    history: samples.history,
    snapshot: control.snapshot,
    mutes: mutes.active,
    announced: () => chat?.outbox.added(),
  });
  /** What is worth knowing and no incident, silently. */
  function tellAdmins(what: Reason): void {
    const chats = recipientsOf(config, settings).filter(({ tier }) => tier === 'first');
    announcer.text(
      chats.map(({ chat }) => chat),
      what,
      true,
    );
    chat?.outbox.kick();
  }

  const delivery = createDelivery({
    ...{ ledger, clock, soundingSince: (before) => chat?.outbox.soundingSince(before) ?? null, telegram: telegramView },
    canTakeOver: otherChannels(config).length > 0,
    handOver: announcer.handOver,
    tellOnTelegram: tellAdmins,
  });
  const linkWatch = link.watch(ledger);
  const historyWatch = createHistoryWatch(samples, ledger);
  const life = createLife({ ...{ settings, ledger, clock }, boot: bootId(), bootedAt: clock() - uptime() * 1000 });
  const { heartbeat_url } = config.monitoring;
  const heartbeat =
    heartbeat_url === null
      ? null
      : createHeartbeat({
          url: heartbeat_url,
          view: () => ({ loopsTurn: liveness().ok, checksLate: checks.late() }),
          ...{ clock, log },
        });

  const checks = createCheckLoop({ services, observeHealth: monitor.observeHealth, clock, log });
  const schedules = createSchedules({
    ...{ services, audit, clock, log, act: control.act, mutes: mutes.active },
    timezone: config.monitoring.timezone,
    tell: tellAdmins,
  });
  const windows = createWindows({
    windows: () => reload.config().monitoring.maintenance,
    ...{ plan: alerting.plan, settings, clock, log },
    timezone: config.monitoring.timezone,
  });
  const logRounds = createLogRounds({
    ...{ services: () => [...services.values()].map((service) => service.config), clock, log },
    pidOf: (name) => services.get(name)?.record.run?.pid ?? null,
    dataDir: config.data_dir,
  });
  const loops = [
    // What is planned for this moment holds before anything is done.
    ...[windows, monitor, checks, panels, schedules, logRounds, ledger, alerting, delivery, linkWatch],
    ...(heartbeat === null ? [] : [heartbeat]),
    ...[life, samples, historyWatch, standings, digestClock, tables],
  ];
  const scheduler = createScheduler(
    loops.map((loop) => () => loop.tick()),
    clock,
    log,
  );

  const controlServer = createControlServer({
    path: controlPath,
    control,
    alerting,
    reload,
    panels: panels.fleet,
    stores: createStoreAnswers(stores),
    top: top.measure,
    history: samples.history,
    clock,
    log,
  });
  let http: Awaited<ReturnType<typeof startHttp>> | null = null;

  let finish: (code: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    finish = resolve;
  });
  let stopping: Promise<void> | null = null;

  async function shutDown(why: string, code: number): Promise<void> {
    log.info({ why }, 'the manager stops; services keep running');
    // First, so that it is on its way while the rest ends.
    if (code === EXIT_OK) life.leave(why);
    await scheduler.stop();
    await logRounds.stop();
    await chat?.telegram.stop();
    await pictures.close();
    await Promise.all([monitor.settle(), panels.stop()]);
    await chat?.outbox.stop(LAST_WORDS_MS);
    await Promise.all([http?.server.close(), controlServer.close()]);
    await Promise.all([...services.values()].map((service) => service.driver.close()));
    await Promise.all([...services.values()].flatMap((service) => service.checks.map(({ check }) => check.close())));
    samples.flush();
    standings.flush();
    life.end(code === EXIT_STUCK ? 'poller' : 'stopped');
    store.close();
    finish(code);
  }

  function stop(why: string, code: number): Promise<void> {
    stopping ??= shutDown(why, code);
    return stopping;
  }

  /** Ends for a new process; what was tried a moment ago is not tried again. */
  async function leaveStuck(): Promise<void> {
    const last = Number(settings.get(STUCK_KEY) ?? 0);
    if (clock() - last < STUCK_AT_MOST_EVERY_MS) return;
    settings.set(STUCK_KEY, String(clock()));
    log.error('updates from Telegram do not come although it answers; leaving for a new process');
    await stop('poller stuck', EXIT_STUCK);
  }

  try {
    // The socket is also the lock of the data folder: no service is looked at before it is ours.
    await controlServer.listen();
  } catch (error) {
    if (!(error instanceof ControlSocketError)) throw error;
    log.fatal({ reason: error.reason }, 'the control socket cannot be had');
    await stop('no control socket', EXIT_CANNOT_START);
    throw error;
  }

  const wasAway = life.begin();
  windows.tick();
  await monitor.begin();
  if (wasAway === null) log.info('the manager starts');
  else {
    log.warn({ reason: wasAway }, 'the manager starts again');
    announcer.text(
      config.admins.map(({ id }) => String(id)),
      wasAway,
      true,
    );
  }
  for (const { name, pid } of straysIn(join(config.data_dir, 'run'), (each) => services.has(each))) {
    log.warn({ service: name, pid }, 'runs, but is not in the configuration');
    tellAdmins(reason('stray', { name, pid: String(pid) }));
  }
  const { openChat } = await import('./wiring/chat.ts');
  const opened = await openChat({
    ...{ config, control, alerting, reload, settings, ledger, announcer, recipients, owners, stores, top, digests },
    ...{ pictures, panelPictures, version, clock, log },
    table: tables.outbox,
    incidents: tables.incidents,
    mutes: mutes.active,
    panels: panels.fleet,
    history: samples.history,
    auditPanel: (by, action, panel, refused) => audit.add(clock(), by, action, panelService(panel), refused),
    onStuck: () => void leaveStuck(),
    ...(options.timing !== undefined && { timing: options.timing }),
  });
  chat = opened;
  const { telegram, outbox } = opened;
  const { liveness, readiness } = createLiveness({
    ...{ version, startedAt, scheduler, outbox, clock },
    telegram: () => opened.view().state,
  });
  if (config.http !== null)
    http = await startHttp(
      config.http,
      { liveness, readiness, log, clock },
      {
        ...{ control, alerting, stores, panels: panels.fleet, history: samples.history, clock },
        panelNumbers: panels.numbers,
        timezone: config.monitoring.timezone,
      },
    );
  await scheduler.start();
  telegram.start();
  outbox.kick();
  telegram.firstContact
    .then((answer) => (answer === 'unauthorized' ? stop('Telegram refused the token', EXIT_WRONG_TOKEN) : undefined))
    .catch((error: unknown) => log.error({ err: error }, 'first contact failed'));
  log.info({ services: [...services.keys()], version }, 'the manager runs');

  return { exited, httpPort: http?.port ?? null, reload, stop: (why) => stop(why, EXIT_OK) };
}

/** What is known of Telegram before the chat is there. */
function notYetOpen(table: OutboxTable, since: number): TelegramView {
  const { waiting, oldest } = table.waitingForTelegram();
  const told = { waiting, oldestWaiting: oldest, lastDelivered: null, dropped: 0, dead: table.deadLetters() };
  return { state: 'connecting', since, reason: null, ...told };
}

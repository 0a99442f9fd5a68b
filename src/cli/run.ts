import type { App } from '../app.ts';
import { reason } from '../core/reason.ts';
import { giveBackAfterStart } from '../heap.ts';
import { sayReason, sayRemark } from '../i18n.ts';
import { createLogger, type Logger } from '../logger.ts';
import { readConfiguration } from './config-check.ts';
import { ControlSocketError } from './control-server.ts';
import { exitCodes } from './outcome.ts';
import { hasTerminal, type Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

/** How long (ms) a stopped manager may linger. */
const leakLimit = 2_000;
/** How long (ms) the start may go on when the manager has been told to stop. */
const startLimit = 3_000;

/** `orbit run`: the manager, until it ends or is told to. Services are left running either way. */
export async function runManager(terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const loaded = readConfiguration(env);
  if (!loaded.ok) {
    for (const mistake of loaded.errors) terminal.err(sayRemark(terminal.language, mistake));
    return exitCodes.usage;
  }
  const { config, warnings } = loaded;
  const log = createLogger(config.logging);
  process.on('uncaughtException', (err, origin) => dieOfBug(log, err, origin));
  for (const warning of warnings) log.warn({ key: warning.key }, sayRemark('en', warning));

  // A reload asked for while everything is being started must not end the manager; the file is as fresh as can be.
  const tooEarly = (): void => log.info('SIGHUP during the start: the configuration has just been read');
  if (!hasTerminal()) process.on('SIGHUP', tooEarly);
  const started = stopOnSignals(log);
  const { EXIT_WRONG_TOKEN, startApp } = await import('../app.ts');
  let app: App;
  try {
    app = await startApp(config, { log, version: readVersion(), read: () => readConfiguration(env) });
  } catch (error) {
    if (!(error instanceof ControlSocketError)) throw error;
    terminal.err(sayReason(terminal.language, error.reason));
    return exitCodes.failed;
  }
  giveBackAfterStart();
  started(app);
  reloadOnHangup(app, log);
  process.off('SIGHUP', tooEarly);
  const code = await app.exited;
  if (code === EXIT_WRONG_TOKEN) terminal.err(sayReason(terminal.language, reason('token-refused')));
  // Whatever keeps the process alive from here on is a leak, and must not keep an operator waiting.
  setTimeout(() => {
    log.warn('something was left open; leaving anyway');
    process.exit(code);
  }, leakLimit).unref();
  return code;
}

/**
 * The first signal stops in order, the second at once: whoever presses Ctrl-C twice means it. One that comes while
 * everything is being started waits for that, but not for long. Returns how to tell that it is.
 */
function stopOnSignals(log: Logger): (app: App) => void {
  let app: App | null = null;
  let asked: NodeJS.Signals | null = null;
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ] as const) {
    const leave = (): never => process.exit(128 + number);
    process.on(signal, () => {
      if (asked !== null) leave();
      asked = signal;
      if (app !== null) void app.stop(signal);
      else {
        log.info({ signal }, 'told to stop during the start');
        setTimeout(() => app ?? leave(), startLimit).unref();
      }
    });
  }
  return (running) => {
    app = running;
    if (asked !== null) void app.stop(asked);
  };
}

/**
 * What `systemctl reload` sends: what changed is in the log, nothing that runs is stopped or restarted. A terminal that
 * is closed sends the same signal, and means the end.
 */
function reloadOnHangup(app: App, log: Logger): void {
  const terminal = hasTerminal();
  const by = { kind: 'cli', id: 'SIGHUP', name: 'SIGHUP' } as const;
  process.on('SIGHUP', () => {
    if (terminal && !hasTerminal()) {
      void app.stop('SIGHUP');
      return;
    }
    const look = app.reload.look();
    if (!look.ok) {
      for (const mistake of look.mistakes) log.error({ key: mistake.key }, sayRemark('en', mistake));
      return;
    }
    const { id, services, sections, warnings } = look.plan;
    for (const warning of warnings) log.warn({ key: warning.key }, sayRemark('en', warning));
    log.info({ services, sections }, 'what changed in the configuration');
    app.reload
      .apply(id, { restart: false, stopRemoved: false }, by)
      .catch((err: unknown) => log.error({ err }, 'the configuration could not be reloaded'));
  });
}

/** After a bug nothing is sure any more: say it, and let the service manager start us anew. Services keep running. */
function dieOfBug(log: Logger, err: Error, origin: NodeJS.UncaughtExceptionOrigin): never {
  log.fatal({ err, origin }, 'bug: the manager ends; services keep running');
  // Writes what the log still holds.
  process.exit(exitCodes.bug);
}

import { userInfo } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { type Range, rangeNames } from '../core/picture.ts';
import type { Verb } from '../core/snapshot.ts';
import { sayRemark } from '../i18n.ts';
import { addAlertCommands } from './alert-commands.ts';
import { type ControlClient, createControlClient } from './client.ts';
import { type Commands, type Json, wholeNumber } from './commands.ts';
import { findInData } from './data-path.ts';
import { exitCodes } from './outcome.ts';
import { maxLogLines, socketName } from './protocol.ts';
import { addStoreCommands } from './store-commands.ts';
import type { Terminal } from './terminal.ts';
import { addUpkeepCommands } from './upkeep-commands.ts';
import { readVersion } from './version.ts';

interface Acting extends Json {
  readonly all?: true;
  readonly withDependencies?: true;
  readonly force?: true;
}

/**
 * Reads the arguments and does what they say; gives the exit code. What a command needs is imported by that command:
 * `orbit status` has to answer at once, also on a machine in trouble.
 */
export async function runProgram(args: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const { say } = terminal;
  let exitCode: number = exitCodes.ok;

  const orbit = new Command('orbit')
    .description(say('cli-help'))
    .version(readVersion(), '-V, --version', say('cli-help-version'))
    .helpOption('-h, --help', say('cli-help-help'))
    .helpCommand(false)
    .configureHelp({ styleTitle: (title) => say(`cli-${title.replace(':', '').toLowerCase()}-title`) })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  const json = say('cli-help-json');
  const connect = (): ControlClient => {
    const { path, errors } = findInData(env, socketName);
    for (const error of errors) terminal.err(sayRemark(terminal.language, error));
    return createControlClient(path, typedBy(env));
  };
  const leave = (code: number): void => {
    exitCode = code;
  };
  const commands: Commands = { orbit, terminal, env, connect, leave };

  orbit
    .command('run')
    .description(say('cli-help-run'))
    .action(async () => {
      const { runManager } = await import('./run.ts');
      exitCode = await runManager(terminal, env);
    });

  orbit
    .command('status')
    .description(say('cli-help-status'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { showStatus } = await import('./status.ts');
      exitCode = await showStatus(connect(), terminal, options.json === true);
    });

  orbit
    .command('health')
    .description(say('cli-help-health'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { showHealth } = await import('./health.ts');
      exitCode = await showHealth(connect(), terminal, options.json === true);
    });

  orbit
    .command('metrics')
    .description(say('cli-help-metrics'))
    .argument('[service]', say('cli-help-service'))
    .addOption(new Option('--range <range>', say('cli-help-range')).choices(rangeNames).default('24h'))
    .option('--json', json)
    .action(async (service: string | undefined, options: Json & { readonly range: Range }) => {
      const { showMetrics } = await import('./metrics.ts');
      exitCode = await showMetrics(connect(), terminal, service ?? null, options.range, options.json === true);
    });

  for (const verb of ['start', 'stop', 'restart'] satisfies Verb[]) {
    const command = orbit
      .command(verb)
      .description(say(`cli-help-${verb}`))
      .argument('[service]', say('cli-help-service'))
      .option('--all', say(`cli-help-all-${verb}`));
    if (verb !== 'stop')
      command
        .option('--with-dependencies', say('cli-help-with-dependencies'))
        .addOption(new Option('--force', say('cli-help-force')).conflicts('withDependencies'));
    command.option('--json', json).action(async (service: string | undefined, options: Acting) => {
      const { all, withDependencies, force } = options;
      if ((service === undefined) === (all === undefined)) command.error(say(`cli-${verb}-what`));
      const { actOn, actOnAll } = await import('./actions.ts');
      const needs = withDependencies ? 'first' : force ? 'ignore' : 'ask';
      exitCode =
        service === undefined
          ? await actOnAll(connect(), terminal, verb, options.json === true)
          : await actOn(connect(), terminal, service, { verb, needs }, options.json === true);
    });
  }

  const lines = wholeNumber(say('cli-lines-range', { max: maxLogLines }), 1, maxLogLines);
  orbit
    .command('logs')
    .description(say('cli-help-logs'))
    .argument('<service>', say('cli-help-service'))
    .option('-n, --lines <n>', say('cli-help-lines', { max: maxLogLines }), lines, 50)
    .option('--json', json)
    .action(async (service: string, options: Json & { readonly lines: number }) => {
      const { showLogs } = await import('./logs.ts');
      exitCode = await showLogs(connect(), terminal, service, options.lines, options.json === true);
    });

  addAlertCommands(commands);
  addStoreCommands(commands);

  const marzban = orbit.command('marzban').description(say('cli-help-marzban'));

  marzban
    .command('list')
    .description(say('cli-help-marzban-list'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { listAllPanels } = await import('./panels.ts');
      exitCode = await listAllPanels(connect(), terminal, options.json === true);
    });

  marzban
    .command('check')
    .description(say('cli-help-marzban-check'))
    .argument('<id>', say('cli-help-panel'))
    .option('--json', json)
    .action(async (id: string, options: Json) => {
      const { checkOnePanel } = await import('./panels.ts');
      exitCode = await checkOnePanel(connect(), terminal, id, options.json === true);
    });

  addUpkeepCommands(commands);

  const config = orbit.command('config').description(say('cli-help-config'));

  config
    .command('reload')
    .description(say('cli-help-config-reload'))
    .option('-y, --yes', say('cli-help-yes'))
    .option('--restart', say('cli-help-reload-restart'))
    .option('--stop-removed', say('cli-help-stop-removed'))
    .option('--json', json)
    .action(async (options: Json & { readonly yes?: true; readonly restart?: true; readonly stopRemoved?: true }) => {
      const { reloadConfig } = await import('./config-reload.ts');
      const { yes = false, restart = false, stopRemoved = false } = options;
      exitCode = await reloadConfig(connect(), terminal, { yes, restart, stopRemoved, json: options.json === true });
    });

  config
    .command('check')
    .description(say('cli-help-config-check'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { checkConfig } = await import('./config-check.ts');
      exitCode = await checkConfig(terminal, env, options.json === true);
    });

  try {
    await orbit.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has already said it; help that was asked for is no mistake.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  return exitCode;
}

/** Who the audit names: under sudo, the person rather than root. */
function typedBy(env: NodeJS.ProcessEnv): string {
  const name = env.SUDO_USER || nameOfUser();
  return name.slice(0, 64);
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no entry in passwd.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

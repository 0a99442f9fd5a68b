import type { Command } from 'commander';
import { sayRemark } from '../i18n.ts';
import { storeName } from '../store/store-name.ts';
import { findInData } from './data-path.ts';
import type { Terminal } from './terminal.ts';

interface Json {
  readonly json?: true;
}

/** The commands about the manager itself, which need none that runs; `leave` takes each one's exit code. */
export function addUpkeepCommands(
  orbit: Command,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  leave: (code: number) => void,
): void {
  const { say } = terminal;
  const json = say('cli-help-json');

  orbit
    .command('backup')
    .description(say('cli-help-backup'))
    .argument('[file]', say('cli-help-backup-file'))
    .option('--json', json)
    .action(async (file: string | undefined, options: Json) => {
      const { makeBackup } = await import('./backup.ts');
      const { path, errors } = findInData(env, storeName);
      for (const error of errors) terminal.err(sayRemark(terminal.language, error));
      leave(makeBackup(terminal, path, file ?? null, new Date(), options.json === true));
    });
}
